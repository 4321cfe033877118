//! A batch is written whole, or not at all.

use super::Subject;
use super::make::{AT, Maker, head, job, node};
use crate::storage::{
    Batch, CommitError, HeadRow, IdempotencyRow, IncidentRow, LogRow, NodeRow, Snapshot, Storage, TallyRow, TimerRow,
    Unit,
};
use heddle_model::ids::VersionId;
use std::sync::Arc;

async fn head_of(storage: &dyn Storage, unit: &Unit) -> Option<u64> {
    let rows = storage.journal(unit.workspace, unit.instance, 0, u32::MAX).await.unwrap();
    rows.last().map(|row| row.first_seq + u64::from(row.count) - 1)
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
    assert_eq!(maker.last_events(&*storage, &ids).await, vec![Some(6); 50]);
    assert_eq!(maker.last_events(&*storage, &later).await, vec![Some(2); 10]);
}

fn full(maker: &mut Maker) -> Unit {
    let mut unit = maker.start();
    unit.nodes = vec![
        node(0),
        NodeRow { status: "RUNNING", reason: "job", output: None, error: Some("{}".to_owned()), ..node(1) },
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
    second.nodes_gone = vec![0, 7];
    second.incidents = vec![IncidentRow { resolved_at: Some(AT + 9), ..first.incidents[0].clone() }];
    second.search = vec![("金额".into(), "13".to_owned())];
    second.snapshot = Some(Snapshot { seq: 3, checksum: 4, state: Arc::from([9]) });
    second.head = Some(crate::storage::Head {
        status: "FAILED",
        ended_at: Some(AT + 1),
        error: Some("{\"code\":\"E\"}".to_owned()),
        ..head(3)
    });
    maker.commit(&*storage, vec![second.clone()]).await;

    assert_eq!(subject.nodes(workspace, instance).await, second.nodes, "one changed, one went");
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

/// Events only come after a start. That they have no gap is the committer's to see to: it has the instance in memory.
pub async fn refuses_a_step_without_a_start(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unknown = maker.instance();
    let without_start = maker.step(unknown, 1, 1);
    assert!(conflict(storage.commit(&maker.batch(vec![without_start])).await));
    assert_eq!(maker.last_events(&*storage, &[unknown]).await, [None]);
}

/// A unit may leave the hot row alone; its events are numbered on all the same.
pub async fn leaves_a_head_as_it_is(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = maker.start();
    let (workspace, instance) = (unit.workspace, unit.instance);
    maker.commit(&*storage, vec![unit]).await;
    let quiet = |mut unit: Unit| {
        unit.head = None;
        unit
    };
    let second = quiet(maker.step(instance, 3, 2));
    maker.commit(&*storage, vec![second]).await;
    assert_eq!(subject.head(workspace, instance).await, (2, "RUNNING".to_owned()));
    let again = quiet(maker.step(instance, 3, 1));
    assert!(conflict(storage.commit(&maker.batch(vec![again])).await), "the number is taken though the head is behind");
    let mut end = maker.step(instance, 5, 1);
    end.head.as_mut().unwrap().status = "COMPLETED";
    maker.commit(&*storage, vec![end]).await;
    assert_eq!(subject.head(workspace, instance).await, (5, "COMPLETED".to_owned()));
}

/// Hot rows are brought up to date, never back, and only by who owns them.
pub async fn brings_heads_up_to_date(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let (one, two) = (maker.start(), maker.start());
    maker.commit(&*storage, vec![one.clone(), two.clone()]).await;
    let row = |unit: &Unit, seq: u64, status: &'static str| HeadRow {
        workspace: unit.workspace,
        instance: unit.instance,
        head: crate::storage::Head { status, ..head(seq) },
    };
    let rows = [row(&one, 9, "PAUSED"), row(&two, 1, "PAUSED")];
    storage.refresh_heads(maker.fence, &rows).await.unwrap();
    storage.refresh_heads(maker.fence, &[]).await.unwrap();
    assert_eq!(subject.head(one.workspace, one.instance).await, (9, "PAUSED".to_owned()));
    assert_eq!(subject.head(two.workspace, two.instance).await, (2, "RUNNING".to_owned()), "it had gone further");
    let fence = crate::storage::Fence { epoch: maker.fence.epoch + 1, ..maker.fence };
    let late = storage.refresh_heads(fence, &[row(&one, 10, "FAILED")]).await;
    assert!(matches!(late, Err(CommitError::Fenced)), "{late:?}");
    assert_eq!(subject.head(one.workspace, one.instance).await, (9, "PAUSED".to_owned()));
}

/// Executions that ended are counted by node, whichever batch and slot they come in.
pub async fn counts_what_ended(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let ended = |workflow, node: &str, completed, took_ms| TallyRow { workflow, node: node.into(), completed, took_ms };
    let workflow = maker.workflow;
    for slot in [3, 4, 3] {
        let (mut one, mut two) = (maker.start(), maker.start());
        one.tally = vec![ended(workflow, "节点", true, 5), ended(workflow, "b", false, 9)];
        two.tally = vec![ended(workflow, "节点", true, 7)];
        let batch = Batch { slot, ..maker.batch(vec![one, two]) };
        storage.commit(&batch).await.unwrap();
    }
    let mut counted = subject.tally(maker.workspace, workflow).await;
    counted.sort();
    assert_eq!(counted, [("b".into(), (0, 3, 0)), ("节点".into(), (6, 0, 36))]);
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
    let head = end.head.as_mut().unwrap();
    (head.status, head.ended_at) = ("COMPLETED", Some(AT + 1));
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
    let culprit = maker.step(standing.instance, 2, 1);
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
    assert!(maker.last_events(&*storage, &ids).await.iter().all(|head| *head == Some(2)));
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
        assert_eq!(maker.last_events(&*storage, &ids).await, vec![Some(3); 20]);
    }
}
