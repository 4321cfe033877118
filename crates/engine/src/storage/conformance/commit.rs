//! A batch is written whole, or not at all.

use super::Subject;
use super::make::{AT, Maker, head, job, node};
use crate::storage::{CommitError, IdempotencyRow, IncidentRow, LogRow, NodeRow, Snapshot, Storage, TimerRow, Unit};
use heddle_model::ids::VersionId;
use std::sync::Arc;

async fn head_of(storage: &dyn Storage, unit: &Unit) -> Option<u64> {
    storage.heads(&[unit.instance]).await.unwrap()[0]
}

fn conflict(result: Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Conflict(_)))
}

fn key(name: &str) -> IdempotencyRow {
    IdempotencyRow { key: name.to_owned(), body_hash: [7; 32], response: "{}".to_owned(), expires_at: AT + 1_000_000 }
}

/// Many instances, created and moved on in one batch.
pub async fn writes_a_whole_batch(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let first: Vec<Unit> = (0..50).map(|_| maker.start()).collect();
    let ids: Vec<_> = first.iter().map(|unit| unit.instance).collect();
    maker.commit(&*storage, first).await;
    let mut second: Vec<Unit> = ids.iter().map(|&id| maker.step(id, 3, 4)).collect();
    second.extend((0..10).map(|_| maker.start()));
    let later: Vec<_> = second[50..].iter().map(|unit| unit.instance).collect();
    maker.commit(&*storage, second).await;
    assert_eq!(storage.heads(&ids).await.unwrap(), vec![Some(6); 50]);
    assert_eq!(storage.heads(&later).await.unwrap(), vec![Some(2); 10]);
}

fn full(maker: &mut Maker) -> Unit {
    let mut unit = maker.start();
    unit.nodes = vec![
        node(0),
        NodeRow {
            status: "RUNNING",
            reason: "job",
            ended_at: None,
            output: None,
            error: Some("{}".to_owned()),
            ..node(1)
        },
    ];
    unit.timers =
        vec![TimerRow { workspace: unit.workspace, instance: unit.instance, number: 1, shard: unit.shard, due: AT }];
    unit.jobs = vec![job(&unit, 1, "full")];
    unit.incidents = vec![IncidentRow {
        number: 0,
        kind: "error",
        node: Some("n".into()),
        code: "E".to_owned(),
        message: "金额 wrong".to_owned(),
        opened_at: AT,
        resolved_at: None,
    }];
    unit.search = vec![("金额".into(), "12".to_owned()), ("name".into(), "\"a\"".to_owned())];
    unit.snapshot = Some(Snapshot { seq: 2, checksum: u32::MAX, state: Arc::from([0, 1, 2, 255]) });
    unit.idempotency = Some(key(&format!("start {}", unit.instance)));
    unit.logs = vec![
        LogRow { number: 1, node: "n".into(), level: "info".into(), message: "first".to_owned(), at: AT },
        LogRow { number: 1, node: "n".into(), level: "warn".into(), message: "second".to_owned(), at: AT },
    ];
    unit
}

/// Each kind of row comes back as it was given.
pub async fn keeps_every_row_of_a_unit(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = full(&mut maker);
    maker.commit(&*storage, vec![unit.clone()]).await;
    let (workspace, instance) = (unit.workspace, unit.instance);

    let stored = storage.load(workspace, instance).await.unwrap().unwrap();
    assert_eq!(stored.workflow, maker.workflow);
    assert_eq!(stored.snapshot, unit.snapshot);
    assert_eq!(storage.journal(workspace, instance, 0, 10).await.unwrap(), vec![unit.journal.clone()]);
    assert_eq!(subject.nodes(workspace, instance).await, unit.nodes);
    assert_eq!(subject.incidents(workspace, instance).await, unit.incidents);
    assert_eq!(subject.logs(workspace, instance).await, unit.logs);
    let mut search = subject.search(workspace, instance).await;
    search.sort();
    assert_eq!(search, [("name".to_owned(), "\"a\"".to_owned()), ("金额".to_owned(), "12".to_owned())]);
    assert_eq!(storage.timers(&[unit.shard], AT, 10).await.unwrap(), unit.timers);
    assert_eq!(storage.job(workspace, unit.jobs[0].id).await.unwrap().as_ref(), unit.jobs.first());
}

/// Rows that exist are replaced by what a later unit says of them.
pub async fn updates_rows_where_they_are(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let first = full(&mut maker);
    let (workspace, instance) = (first.workspace, first.instance);
    maker.commit(&*storage, vec![first.clone()]).await;

    let mut second = maker.step(instance, 3, 1);
    second.nodes = vec![NodeRow { attempt: 2, ..node(1) }];
    second.incidents = vec![IncidentRow { resolved_at: Some(AT + 9), ..first.incidents[0].clone() }];
    second.search = vec![("金额".into(), "13".to_owned())];
    second.snapshot = Some(Snapshot { seq: 3, checksum: 4, state: Arc::from([9]) });
    second.head = crate::storage::Head {
        status: "FAILED",
        ended_at: Some(AT + 1),
        error: Some("{\"code\":\"E\"}".to_owned()),
        ..head(3)
    };
    maker.commit(&*storage, vec![second.clone()]).await;

    assert_eq!(subject.nodes(workspace, instance).await, [first.nodes[0].clone(), second.nodes[0].clone()]);
    assert_eq!(subject.incidents(workspace, instance).await, second.incidents);
    let search = subject.search(workspace, instance).await;
    assert!(search.contains(&("金额".to_owned(), "13".to_owned())) && search.len() == 2, "{search:?}");
    assert_eq!(storage.load(workspace, instance).await.unwrap().unwrap().snapshot, second.snapshot);
}

/// The hot row follows an instance to another version, and only that one.
pub async fn moves_an_instance_to_another_version(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let (first, other) = (maker.start(), maker.start());
    maker.commit(&*storage, vec![first.clone(), other.clone()]).await;
    let (mut moved, plain) = (maker.step(first.instance, 3, 1), maker.step(other.instance, 3, 1));
    let version = VersionId::from_u128(first.instance.as_u128());
    moved.version = Some((version, 2));
    maker.commit(&*storage, vec![moved.clone(), plain]).await;
    let of = async |unit: &Unit| storage.load(unit.workspace, unit.instance).await.unwrap().unwrap().version;
    assert_eq!(of(&first).await, version);
    assert_eq!(Some(of(&other).await), other.created.as_ref().map(|created| created.version));
    assert_eq!((head_of(&*storage, &moved).await, head_of(&*storage, &other).await), (Some(3), Some(3)));
    let mut late = maker.step(first.instance, 3, 1);
    late.version = Some((VersionId::from_u128(7), 3));
    assert!(conflict(storage.commit(&maker.batch(vec![late])).await), "not from where it was before");
    assert_eq!(of(&first).await, version);
}

/// The same events are not written twice: what happens when a batch is sent again after an unknown outcome.
pub async fn refuses_an_event_number_twice(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = maker.start();
    maker.commit(&*storage, vec![unit.clone()]).await;
    let again = maker.step(unit.instance, 2, 1);
    assert!(conflict(storage.commit(&maker.batch(vec![again])).await));
    let next = maker.step(unit.instance, 3, 1);
    let batch = maker.batch(vec![next]);
    storage.commit(&batch).await.unwrap();
    assert!(conflict(storage.commit(&batch).await), "the very same batch");
    assert_eq!(head_of(&*storage, &unit).await, Some(3));
}

/// Events follow one another without a gap, and only after a start.
pub async fn refuses_a_gap_of_events(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = maker.start();
    maker.commit(&*storage, vec![unit.clone()]).await;
    let gap = maker.step(unit.instance, 4, 1);
    assert!(conflict(storage.commit(&maker.batch(vec![gap])).await));
    let unknown = maker.instance();
    let without_start = maker.step(unknown, 1, 1);
    assert!(conflict(storage.commit(&maker.batch(vec![without_start])).await));
    assert_eq!(storage.heads(&[unit.instance, unknown]).await.unwrap(), [Some(2), None]);
}

/// An instance is created once.
pub async fn refuses_an_instance_twice(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = maker.start();
    maker.commit(&*storage, vec![unit.clone()]).await;
    assert!(conflict(storage.commit(&maker.batch(vec![unit])).await));
}

/// A key is claimed once.
pub async fn refuses_a_taken_idempotency_key(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let name = format!("once {}", maker.workspace);
    let (mut first, mut second) = (maker.start(), maker.start());
    first.idempotency = Some(key(&name));
    second.idempotency = Some(key(&name));
    maker.commit(&*storage, vec![first]).await;
    assert!(conflict(storage.commit(&maker.batch(vec![second.clone()])).await));
    assert_eq!(head_of(&*storage, &second).await, None);
}

/// Only one open instance of a workflow has a unique business key; when it has ended the key is free.
pub async fn refuses_an_open_business_key_twice(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let keyed = |unit: Unit| {
        let mut unit = unit;
        let created = unit.created.as_mut().unwrap();
        created.business_key = Some("订单 1".to_owned());
        created.unique_business_key = true;
        unit
    };
    let first = keyed(maker.start());
    maker.commit(&*storage, vec![first.clone()]).await;
    let second = keyed(maker.start());
    assert!(conflict(storage.commit(&maker.batch(vec![second])).await));
    let mut end = maker.step(first.instance, 3, 1);
    end.head.status = "COMPLETED";
    end.head.ended_at = Some(AT + 1);
    maker.commit(&*storage, vec![end]).await;
    let third = keyed(maker.start());
    maker.commit(&*storage, vec![third]).await;
}

/// One clash, and nothing of the batch is there: no row of any table.
pub async fn writes_nothing_of_a_batch_with_one_clash(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let standing = maker.start();
    maker.commit(&*storage, vec![standing.clone()]).await;
    let innocent = full(&mut maker);
    let culprit = maker.step(standing.instance, 9, 1);
    assert!(conflict(storage.commit(&maker.batch(vec![innocent.clone(), culprit])).await));

    let (workspace, instance) = (innocent.workspace, innocent.instance);
    assert!(storage.load(workspace, instance).await.unwrap().is_none());
    assert!(storage.journal(workspace, instance, 0, 10).await.unwrap().is_empty());
    assert!(subject.nodes(workspace, instance).await.is_empty() && subject.logs(workspace, instance).await.is_empty());
    assert!(
        subject.incidents(workspace, instance).await.is_empty() && subject.search(workspace, instance).await.is_empty()
    );
    assert!(storage.job(workspace, innocent.jobs[0].id).await.unwrap().is_none());
    assert!(
        storage.timers(&[innocent.shard], i64::MAX, 10).await.unwrap().iter().all(|timer| timer.instance != instance)
    );
    maker.commit(&*storage, vec![innocent]).await;
}

/// A message of a task may hold anything that Rust calls a text, U+0000 too, and costs nobody a batch.
pub async fn takes_any_text(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut unit = maker.start();
    let message = format!("a\0b \u{fffd} 🧵 {}", "x".repeat(20_000));
    unit.logs = vec![LogRow { number: 1, node: "n".into(), level: "info".into(), message, at: AT }];
    unit.search = vec![("long".into(), format!("\"{}\"", "长".repeat(5_000)))];
    unit.nodes = vec![NodeRow { output: Some(format!("\"{}\"", "值".repeat(100_000))), ..node(0) }];
    maker.commit(&*storage, vec![unit.clone()]).await;
    assert_eq!(subject.nodes(unit.workspace, unit.instance).await, unit.nodes);
    assert_eq!(subject.search(unit.workspace, unit.instance).await[0].1, unit.search[0].1);
    assert_eq!(
        subject.logs(unit.workspace, unit.instance).await[0].message.replace('\u{fffd}', "\0"),
        unit.logs[0].message.replace('\u{fffd}', "\0")
    );
}

/// A thousand starts with ten node instances each, in one batch.
pub async fn takes_large_batches(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut units: Vec<Unit> = (0..1_000).map(|_| maker.start()).collect();
    units.iter_mut().for_each(|unit| unit.nodes = (0..10).map(node).collect());
    let ids: Vec<_> = units.iter().map(|unit| unit.instance).collect();
    maker.commit(&*storage, units).await;
    assert!(storage.heads(&ids).await.unwrap().iter().all(|head| *head == Some(2)));
    assert_eq!(subject.nodes(maker.workspace, ids[999]).await.len(), 10);
}

/// Committers at work at the same time do not get into each other's way.
pub async fn keeps_parallel_batches_apart(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let batches: Vec<_> = (0..8)
        .map(|_| {
            let starts: Vec<Unit> = (0..20).map(|_| full(&mut maker)).collect();
            let steps: Vec<Unit> = starts.iter().map(|unit| maker.step(unit.instance, 3, 1)).collect();
            [maker.batch(starts), maker.batch(steps)]
        })
        .collect();
    let tasks: Vec<_> = batches
        .into_iter()
        .map(|pair| {
            let storage = storage.clone();
            tokio::spawn(async move {
                for batch in &pair {
                    storage.commit(batch).await.unwrap();
                }
                pair[0].units.iter().map(|unit| unit.instance).collect::<Vec<_>>()
            })
        })
        .collect();
    for task in tasks {
        let ids = task.await.unwrap();
        assert_eq!(storage.heads(&ids).await.unwrap(), vec![Some(3); 20]);
    }
}
