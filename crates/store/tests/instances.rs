//! Lists and counts over what the engine has committed; logs; the audit chain; idempotency keys.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{AT, Fixture, audit, fresh};
use heddle_engine::storage::conformance::make::{Maker, head, node};
use heddle_engine::storage::{IdempotencyRow, IncidentRow, LogRow, NodeRow, TallyRow, Unit};
use heddle_model::ids::{InstanceId, WorkflowId, WorkspaceId};
use heddle_model::limits::TALLY_MS;
use heddle_store::query::{AuditRow, Claim, InstanceFilter, LogFilter};

on_both!(
    lists_are_filtered_and_paged,
    values_are_told_apart_by_type,
    counts_leave_tests_out,
    node_counts_tell_failures_first,
    open_instances_are_those_not_ended,
    logs_are_filtered_and_paged,
    the_audit_chain_shows_damage,
    audit_rows_of_many_writers_form_one_chain,
    a_key_is_claimed_once_and_repeats_its_answer,
    a_key_left_behind_is_free_again,
);

/// Ten instances: statuses, versions, keys, incidents, values and live nodes by their number.
async fn ten(it: &Fixture) -> (Maker, Vec<Unit>) {
    let mut maker = Maker::new(&it.store).await;
    let mut units: Vec<Unit> = (0..10).map(|_| maker.start()).collect();
    for (n, unit) in units.iter_mut().enumerate() {
        let created = unit.created.as_mut().unwrap();
        created.business_key = Some(format!("订单-{n}"));
        created.version_number = if n < 5 { 1 } else { 2 };
        if n >= 8 {
            created.workflow = WorkflowId::from_u128(maker.workflow.as_u128() + 1);
        }
        unit.head.as_mut().unwrap().status = if n % 2 == 0 { "RUNNING" } else { "COMPLETED" };
        unit.head.as_mut().unwrap().ended_at = (n % 2 == 1).then_some(AT + 9);
        unit.head.as_mut().unwrap().started_at = Some(AT + n as i64);
        unit.search = vec![("amount".into(), n.to_string())];
        if n == 4 {
            unit.head.as_mut().unwrap().incidents = 1;
            unit.incidents = vec![IncidentRow {
                number: 0,
                kind: "error",
                node: None,
                code: "E".to_owned(),
                message: "m".to_owned(),
                opened_at: AT,
                resolved_at: None,
            }];
        }
        if n == 2 {
            unit.nodes = vec![NodeRow { node: "approve".into(), reason: "human", ..node(0) }];
        }
    }
    maker.commit(&it.store, units.clone()).await;
    (maker, units)
}

async fn lists_are_filtered_and_paged(it: &Fixture) {
    let (maker, units) = ten(it).await;
    let place = maker.workspace;
    let number = |id: InstanceId| units.iter().position(|unit| unit.instance == id).unwrap();
    let found = |filter: InstanceFilter| async move {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = it.store.instances(place, &filter, false, 3, after).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            all.extend(page.iter().map(|row| number(row.id)));
        }
        all
    };
    let any = InstanceFilter::default;
    assert_eq!(found(any()).await, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(found(InstanceFilter { statuses: vec!["RUNNING"], ..any() }).await, [8, 6, 4, 2, 0]);
    assert_eq!(
        found(InstanceFilter { statuses: vec!["RUNNING", "COMPLETED"], version: Some(1), ..any() }).await,
        [4, 3, 2, 1, 0]
    );
    assert_eq!(
        found(InstanceFilter { workflow: Some(WorkflowId::from_u128(maker.workflow.as_u128() + 1)), ..any() }).await,
        [9, 8]
    );
    assert_eq!(found(InstanceFilter { node: Some("approve".to_owned()), ..any() }).await, [2]);
    assert_eq!(found(InstanceFilter { incident: Some(true), ..any() }).await, [4]);
    assert_eq!(found(InstanceFilter { incident: Some(false), version: Some(1), ..any() }).await, [3, 2, 1, 0]);
    assert_eq!(found(InstanceFilter { business_key: Some("订单-7".to_owned()), ..any() }).await, [7]);
    assert_eq!(found(InstanceFilter { business_key_prefix: Some("订单-".to_owned()), ..any() }).await.len(), 10);
    assert_eq!(found(InstanceFilter { business_key_prefix: Some("订%".to_owned()), ..any() }).await, [0; 0]);
    assert_eq!(found(InstanceFilter { id: Some(units[3].instance), ..any() }).await, [3]);
    assert_eq!(found(InstanceFilter { started_after: Some(AT + 7), ..any() }).await, [9, 8, 7]);
    assert_eq!(found(InstanceFilter { started_before: Some(AT + 2), ..any() }).await, [1, 0]);
    assert_eq!(found(InstanceFilter { vars: vec![("amount".to_owned(), "6".to_owned())], ..any() }).await, [6]);

    let first = it.store.instances(place, &any(), true, 2, None).await.unwrap();
    assert_eq!(first.iter().map(|row| number(row.id)).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(
        (first[1].status.as_str(), first[1].ended_at, first[1].seq, first[1].priority),
        ("COMPLETED", Some(AT + 9), 2, 5)
    );
    let two =
        it.store.instances_by_ids(place, &[units[5].instance, units[1].instance, maker.instance()]).await.unwrap();
    assert_eq!(two.iter().map(|row| number(row.id)).collect::<Vec<_>>(), [1, 5]);
    let other = WorkspaceId::from_u128(place.as_u128() + 1);
    assert!(it.store.instances(other, &any(), false, 10, None).await.unwrap().is_empty());
    assert!(it.store.instances_by_ids(other, &[units[0].instance]).await.unwrap().is_empty());
    assert!(it.store.instances_by_ids(place, &[]).await.unwrap().is_empty());
}

async fn values_are_told_apart_by_type(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let values = ["1", "\"1\"", "true", "null", "\"长\""];
    let mut units: Vec<Unit> = values.iter().map(|_| maker.start()).collect();
    units.iter_mut().zip(values).for_each(|(unit, value)| unit.search = vec![("v".into(), value.to_owned())]);
    maker.commit(&it.store, units.clone()).await;
    for (unit, value) in units.iter().zip(values) {
        let filter = InstanceFilter { vars: vec![("v".to_owned(), value.to_owned())], ..InstanceFilter::default() };
        let found = it.store.instances(maker.workspace, &filter, true, 10, None).await.unwrap();
        assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [unit.instance], "{value}");
    }
}

async fn counts_leave_tests_out(it: &Fixture) {
    let (mut maker, _) = ten(it).await;
    let mut test = maker.start();
    test.created.as_mut().unwrap().test = true;
    maker.commit(&it.store, vec![test]).await;
    let counts = it.store.instance_counts(maker.workspace, None, None).await.unwrap();
    let of = |workflow: WorkflowId, status: &str| {
        counts
            .iter()
            .find(|row| row.workflow == workflow && row.status == status)
            .map(|row| (row.instances, row.with_incidents))
    };
    assert_eq!(of(maker.workflow, "RUNNING"), Some((4, 1)));
    assert_eq!(of(maker.workflow, "COMPLETED"), Some((4, 0)));
    assert_eq!(counts.iter().map(|row| row.instances).sum::<u64>(), 10);
    let later = it.store.instance_counts(maker.workspace, Some(&[maker.workflow]), Some(AT + 6)).await.unwrap();
    assert_eq!(later.iter().map(|row| row.instances).sum::<u64>(), 2);
    assert!(it.store.instance_counts(maker.workspace, Some(&[]), None).await.unwrap().is_empty());
}

async fn node_counts_tell_failures_first(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let mut unit = maker.start();
    let ended =
        |node: &str, completed, took_ms| TallyRow { workflow: maker.workflow, node: node.into(), completed, took_ms };
    unit.tally = vec![ended("a", true, 10), ended("a", true, 20), ended("b", false, 7)];
    maker.commit(&it.store, vec![unit]).await;
    let counts = it.store.node_counts(maker.workspace, Some(maker.workflow), Some(AT), 10).await.unwrap();
    let read: Vec<_> = counts.iter().map(|row| (row.node.as_str(), row.completed, row.failed, row.mean_ms)).collect();
    assert_eq!(read, [("b", 0, 1, None), ("a", 2, 0, Some(15))]);
    assert!(it.store.node_counts(maker.workspace, None, Some(AT + TALLY_MS), 10).await.unwrap().is_empty());
}

async fn open_instances_are_those_not_ended(it: &Fixture) {
    let (mut maker, units) = ten(it).await;
    let mut failed = maker.step(units[0].instance, 3, 1);
    failed.head.as_mut().unwrap().status = "FAILED";
    let mut paused = maker.step(units[2].instance, 3, 1);
    paused.head.as_mut().unwrap().status = "PAUSED";
    maker.commit(&it.store, vec![failed, paused]).await;
    let open = it.store.open_instances(maker.workspace, maker.workflow, 10).await.unwrap();
    assert_eq!(open, [units[2].instance, units[4].instance, units[6].instance]);
    assert_eq!(it.store.open_instances(maker.workspace, maker.workflow, 1).await.unwrap().len(), 1);
}

async fn logs_are_filtered_and_paged(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let mut unit = maker.start();
    let line = |n: i64| LogRow {
        number: 1,
        node: if n % 2 == 0 { "甲".into() } else { "b".into() },
        level: if n < 3 { "info".into() } else { "error".into() },
        message: format!("Line {n}"),
        at: AT + n,
    };
    unit.logs = (0..6).map(line).collect();
    let instance = unit.instance;
    maker.commit(&it.store, vec![unit]).await;
    let read = |filter: LogFilter, after| async move {
        let lines = it.store.logs(maker.workspace, instance, &filter, 4, after).await.unwrap();
        (lines.iter().map(|line| line.at - AT).collect::<Vec<_>>(), lines.last().map(|line| line.cursor))
    };
    let (first, cursor) = read(LogFilter::default(), None).await;
    assert_eq!(first, [0, 1, 2, 3]);
    assert_eq!(read(LogFilter::default(), cursor).await.0, [4, 5]);
    assert_eq!(read(LogFilter { levels: vec!["error".to_owned()], ..LogFilter::default() }, None).await.0, [3, 4, 5]);
    assert_eq!(read(LogFilter { node: Some("甲".to_owned()), ..LogFilter::default() }, None).await.0, [0, 2, 4]);
    assert_eq!(read(LogFilter { q: Some("line 5".to_owned()), ..LogFilter::default() }, None).await.0, [5]);
}

async fn the_audit_chain_shows_damage(it: &Fixture) {
    let place = Some(WorkspaceId::from_u128(fresh()));
    for n in 0..5 {
        it.store
            .audit_append(AuditRow {
                details: format!("{{\"n\":{n}}}"),
                address: (n % 2 == 0).then(|| "::1".to_owned()),
                ..audit(place, "do")
            })
            .await
            .unwrap();
    }
    assert_eq!(it.store.audit_verify(place).await.unwrap(), (5, None));
    assert_eq!(
        it.store.audit(place, Some(3), 10).await.unwrap().iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        [2, 1]
    );
    damage(it, "UPDATE audit_log SET details = '{\"n\":9}' WHERE number = 3").await;
    let (sound, problem) = it.store.audit_verify(place).await.unwrap();
    assert_eq!((sound, problem.unwrap().number), (2, 3));
    damage(it, "DELETE FROM audit_log WHERE number = 3").await;
    assert_eq!(it.store.audit_verify(place).await.unwrap().1.unwrap().what, "a row is missing before it");
}

/// What somebody with a shell on the database could do.
async fn damage(it: &Fixture, sql: &str) {
    use sea_orm::ConnectionTrait;
    let url =
        it.sqlite.as_ref().map_or_else(|| it.postgres.as_ref().unwrap().url.clone(), heddle_testkit::TempSqlite::url);
    let db = sea_orm::Database::connect(&url).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

async fn audit_rows_of_many_writers_form_one_chain(it: &Fixture) {
    let place = Some(WorkspaceId::from_u128(fresh()));
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let store = it.store.clone();
            tokio::spawn(async move { store.audit_append(audit(place, "do")).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(it.store.audit_verify(place).await.unwrap(), (40, None));
}

async fn a_key_is_claimed_once_and_repeats_its_answer(it: &Fixture) {
    let place = WorkspaceId::from_u128(fresh());
    let claim =
        |hash: u8, now: i64| it.store.idempotency_claim(place, "POST /x k", [hash; 32], now, now + 1_000, now + 100);
    assert_eq!(claim(1, AT).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(1, AT).await.unwrap(), Claim::InProgress);
    assert_eq!(claim(2, AT).await.unwrap(), Claim::Other);
    it.store.idempotency_finish(place, "POST /x k", "{\"id\":1}").await.unwrap();
    assert_eq!(claim(1, AT + 500).await.unwrap(), Claim::Done { response: "{\"id\":1}".to_owned() });
    assert_eq!(claim(2, AT + 500).await.unwrap(), Claim::Other);
    let row = it.store.idempotency(place, "POST /x k").await.unwrap().unwrap();
    assert_eq!(
        row,
        IdempotencyRow {
            key: "POST /x k".to_owned(),
            body_hash: [1; 32],
            response: "{\"id\":1}".to_owned(),
            expires_at: AT + 1_000
        }
    );
    assert_eq!(claim(2, AT + 1_000).await.unwrap(), Claim::Fresh, "expired");

    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let store = it.store.clone();
            tokio::spawn(async move {
                store.idempotency_claim(place, "race", [0; 32], AT, AT + 1_000, AT + 100).await.unwrap()
            })
        })
        .collect();
    let mut fresh = 0;
    for task in tasks {
        fresh += usize::from(task.await.unwrap() == Claim::Fresh);
    }
    assert_eq!(fresh, 1);
}

async fn a_key_left_behind_is_free_again(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let place = maker.workspace;
    let claim = |now: i64| it.store.idempotency_claim(place, "k", [1; 32], now, now + 1_000, now + 100);
    assert_eq!(claim(AT).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(AT + 100).await.unwrap(), Claim::Fresh, "the first claim ran out");
    it.store.idempotency_release(place, "k").await.unwrap();
    assert_eq!(claim(AT + 101).await.unwrap(), Claim::Fresh);
    // The engine's commit finishes a claim that its own request made.
    let mut unit = maker.start();
    unit.head = Some(head(2));
    unit.idempotency = Some(IdempotencyRow {
        key: "k".to_owned(),
        body_hash: [1; 32],
        response: "{}".to_owned(),
        expires_at: AT + 5_000,
    });
    maker.commit(&it.store, vec![unit]).await;
    assert_eq!(claim(AT + 102).await.unwrap(), Claim::Done { response: "{}".to_owned() });
    assert_eq!(it.store.idempotency_prune(AT + 5_000).await.unwrap(), 1);
    assert_eq!(it.store.idempotency(place, "k").await.unwrap(), None);
}
