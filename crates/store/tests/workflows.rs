//! Workflows, versions, the nodes and edges derived from them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{AT, Fixture, audit, fresh, user, version, workspace};
use heddle_engine::storage::Storage;
use heddle_model::ids::{WorkflowId, WorkspaceId};
use heddle_model::value::{Value, json};
use heddle_store::StoreError;
use heddle_store::query::{EdgeDef, NewVersion, NodeDef, WorkflowFilter, WorkflowSort};

on_both!(
    versions_follow_one_another,
    an_edge_to_nowhere_is_refused_whole,
    a_name_is_free_again_after_deletion,
    lists_are_searched_sorted_and_paged,
    another_workspace_sees_nothing,
    large_versions_fit,
    calls_find_versions_by_label_and_no_deleted_workflow,
);

async fn place(it: &Fixture) -> (WorkspaceId, String) {
    let row = workspace(&format!("w{}", fresh()));
    it.store.workspace_insert(row.clone(), audit(None, "workspace.create")).await.unwrap();
    let person = user(&format!("u{}", fresh()), row.id);
    it.store.user_insert(person.clone(), row.id, "developer", audit(None, "user.create")).await.unwrap();
    (row.id, person.id.to_string())
}

fn node(id: &str, ordinal: u32) -> NodeDef {
    NodeDef {
        id: id.to_owned(),
        parent: None,
        name: id.to_owned(),
        node_type: "task".to_owned(),
        ordinal,
        definition: "{}".to_owned(),
    }
}

fn edge(from: &str, to: &str) -> EdgeDef {
    EdgeDef {
        id: format!("{from}->{to}"),
        parent: None,
        from: from.to_owned(),
        to: to.to_owned(),
        condition: None,
        is_default: false,
        ordinal: 0,
    }
}

async fn create(
    it: &Fixture,
    place: WorkspaceId,
    by: &str,
    name: &str,
    change: impl FnOnce(&mut NewVersion),
) -> WorkflowId {
    let id = WorkflowId::from_u128(fresh());
    let mut new = version(place, id, 1, by);
    change(&mut new);
    it.store.workflow_create(place, id, name, new, audit(Some(place), "workflow.create")).await.unwrap();
    id
}

async fn versions_follow_one_another(it: &Fixture) {
    let (place, by) = place(it).await;
    let id = create(it, place, &by, "订单", |new| {
        new.nodes = vec![node("开始", 0), node("结束", 1)];
        new.edges = vec![edge("开始", "结束")];
    })
    .await;
    let second = version(place, id, 2, &by);
    it.store.version_add(place, id, 1, second.clone(), audit(Some(place), "workflow.update")).await.unwrap();
    let late = version(place, id, 2, &by);
    assert_eq!(
        it.store.version_add(place, id, 1, late.clone(), audit(Some(place), "late")).await,
        Err(StoreError::Stale)
    );
    assert_eq!(
        it.store.version_add(place, WorkflowId::from_u128(1), 0, late, audit(Some(place), "gone")).await,
        Err(StoreError::Stale)
    );

    let row = it.store.workflow(place, id).await.unwrap().unwrap();
    assert_eq!(
        (row.name.as_str(), row.latest_number, row.latest_version, row.updated_at),
        ("订单", 2, second.version.id, AT + 2)
    );
    assert!(row.updated_by.as_deref().unwrap().ends_with("先生"));
    assert_eq!(it.store.workflow_by_name(place, "订单").await.unwrap(), Some(row));
    let read = it.store.version(place, id, 2).await.unwrap().unwrap();
    assert_eq!(
        (read.content_hash, read.definition.as_str(), read.label.as_deref()),
        ([2; 32], "{\"number\":2}", Some("\"1.0\""))
    );
    assert!(read.created_by_name.is_some());
    let numbers = |below| async move {
        it.store.versions(place, id, 10, below).await.unwrap().iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None).await, [2, 1]);
    assert_eq!(numbers(Some(2)).await, [1]);
    assert_eq!(it.store.audit(Some(place), None, 10).await.unwrap().len(), 2, "the refused ones left no trace");
}

async fn an_edge_to_nowhere_is_refused_whole(it: &Fixture) {
    let (place, by) = place(it).await;
    let id = WorkflowId::from_u128(fresh());
    let mut new = version(place, id, 1, &by);
    new.nodes = vec![node("a", 0)];
    new.edges = vec![edge("a", "nowhere")];
    assert!(matches!(
        it.store.workflow_create(place, id, "broken", new, audit(None, "a")).await,
        Err(StoreError::Fatal(_))
    ));
    assert_eq!(it.store.workflow(place, id).await.unwrap(), None);
}

async fn a_name_is_free_again_after_deletion(it: &Fixture) {
    let (place, by) = place(it).await;
    let first = create(it, place, &by, "name", |_| ()).await;
    let second = WorkflowId::from_u128(fresh());
    let taken = it.store.workflow_create(place, second, "name", version(place, second, 1, &by), audit(None, "a")).await;
    assert_eq!(taken, Err(StoreError::Taken("name")));
    assert!(it.store.workflow_delete(place, first, AT, audit(Some(place), "workflow.delete")).await.unwrap());
    assert!(!it.store.workflow_delete(place, first, AT, audit(Some(place), "workflow.delete")).await.unwrap());
    assert_eq!(it.store.workflow(place, first).await.unwrap(), None);
    assert!(it.store.version(place, first, 1).await.unwrap().is_some(), "its versions stay");
    create(it, place, &by, "name", |_| ()).await;
}

async fn lists_are_searched_sorted_and_paged(it: &Fixture) {
    let (place, by) = place(it).await;
    let names = ["Ärger", "100% sure_thing", "订单处理", "plain", "PLAIN two"];
    for (at, name) in names.iter().enumerate() {
        create(it, place, &by, name, |new| {
            new.version.created_at = AT + 100 - at as i64;
            new.tags =
                if at % 2 == 0 { vec!["even".to_owned(), "中文".to_owned()] } else { vec!["evening".to_owned()] };
            new.description = Some(format!("Description {at}"));
        })
        .await;
    }
    let found = |filter: WorkflowFilter| async move {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = it.store.workflows(place, &filter, 2, after.take()).await.unwrap();
            let Some((row, key)) = page.last().cloned() else { break };
            after = Some((key, row.id));
            all.extend(page.into_iter().map(|(row, _)| row.name));
        }
        all
    };
    let q = |text: &str| WorkflowFilter { q: Some(text.to_owned()), ..WorkflowFilter::default() };
    assert_eq!(found(q("plain")).await, ["plain", "PLAIN two"]);
    assert_eq!(found(q("ÄRG")).await, ["Ärger"]);
    assert_eq!(found(q("0% sure_")).await, ["100% sure_thing"]);
    assert_eq!(found(q("%")).await, ["100% sure_thing"], "a pattern's sign is a character");
    assert_eq!(found(q("处理")).await, ["订单处理"]);
    assert_eq!(found(q("description 3")).await, ["plain"]);
    let tag = |name: &str| WorkflowFilter { tag: Some(name.to_owned()), ..WorkflowFilter::default() };
    assert_eq!(found(tag("even")).await, ["Ärger", "订单处理", "PLAIN two"]);
    assert_eq!(found(WorkflowFilter::default()).await, names, "changed last first");
    let sorted = |sort| WorkflowFilter { sort, ..WorkflowFilter::default() };
    let by_creation = found(sorted(WorkflowSort::CreatedDesc)).await;
    assert_eq!(by_creation, names.iter().rev().copied().collect::<Vec<_>>());
    let mut by_name = found(sorted(WorkflowSort::Name)).await;
    assert_eq!(by_name.len(), 5);
    by_name.sort();
    let mut all = names.map(str::to_owned);
    all.sort();
    assert_eq!(by_name, all);
}

async fn another_workspace_sees_nothing(it: &Fixture) {
    let (mine, by) = place(it).await;
    let (other, _) = place(it).await;
    let id = create(it, mine, &by, "secret", |_| ()).await;
    assert_eq!(it.store.workflow(other, id).await.unwrap(), None);
    assert_eq!(it.store.workflow_by_name(other, "secret").await.unwrap(), None);
    assert_eq!(it.store.version(other, id, 1).await.unwrap(), None);
    assert!(it.store.versions(other, id, 10, None).await.unwrap().is_empty());
    assert!(it.store.workflows(other, &WorkflowFilter::default(), 10, None).await.unwrap().is_empty());
    assert!(!it.store.workflow_delete(other, id, AT, audit(Some(other), "a")).await.unwrap());
    assert_eq!(
        it.store.version_add(other, id, 1, version(other, id, 2, &by), audit(None, "a")).await,
        Err(StoreError::Stale)
    );
    create(it, other, &by, "secret", |_| ()).await;
}

async fn large_versions_fit(it: &Fixture) {
    let (place, by) = place(it).await;
    create(it, place, &by, "large", |new| {
        new.nodes = (0..5_000).map(|n| node(&format!("n{n}"), n)).collect();
        new.edges = (1..5_000).map(|n| edge(&format!("n{}", n - 1), &format!("n{n}"))).collect();
    })
    .await;
}

async fn calls_find_versions_by_label_and_no_deleted_workflow(it: &Fixture) {
    let (place, by) = place(it).await;
    let labels = [Some("\"stable\""), Some("2"), Some("\"2\""), Some("\"stable\""), None];
    let id = create(it, place, &by, "下单", |new| new.version.label = labels[0].map(str::to_owned)).await;
    for (label, number) in labels.iter().zip(1u32..).skip(1) {
        let mut new = version(place, id, number, &by);
        new.version.label = label.map(str::to_owned);
        it.store.version_add(place, id, number - 1, new, audit(Some(place), "workflow.publish")).await.unwrap();
    }
    let found = async |wanted: Value| {
        let found = it.store.resolve(place, "下单", &wanted).await.unwrap()?;
        assert_eq!(found.workflow, id);
        Some(found.version_number)
    };
    assert_eq!(found(json!("label:stable")).await, Some(4), "the newest with the label");
    assert_eq!(found(json!("label:2")).await, Some(3), "a label may be a text or a number");
    assert_eq!(found(json!("label:null")).await, None);
    assert_eq!((found(json!("latest")).await, found(json!(2)).await), (Some(5), Some(2)));

    assert!(it.store.workflow_delete(place, id, AT, audit(Some(place), "workflow.delete")).await.unwrap());
    assert_eq!((found(json!("latest")).await, found(json!(2)).await), (None, None));
    let again = create(it, place, &by, "下单", |_| ()).await;
    let latest = it.store.resolve(place, "下单", &json!("latest")).await.unwrap().unwrap();
    assert_eq!((latest.workflow, latest.version_number), (again, 1));
}
