//! What the engine reads is what it wrote.

use super::Subject;
use super::make::{AT, Maker};
use crate::storage::{QUARANTINE, Quarantine, Snapshot, TimerRow, Unit};
use heddle_model::ids::{VersionId, WorkspaceId};
use std::sync::Arc;

/// Recovery gets the last snapshot and only the rows after it.
pub async fn loads_a_snapshot_and_what_follows(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let start = maker.start();
    maker.commit(&*storage, vec![start.clone()]).await;
    let mut rows = Vec::new();
    for first in [3, 5, 7, 9] {
        let mut unit = maker.step(start.instance, first, 2);
        if first == 5 {
            unit.snapshot = Some(Snapshot { seq: 6, checksum: unit.journal.checksum, state: Arc::from([1, 2, 3]) });
        }
        rows.push(unit.journal.clone());
        maker.commit(&*storage, vec![unit]).await;
    }
    let stored = storage.load(start.workspace, start.instance).await.unwrap().unwrap();
    assert_eq!(stored.snapshot.unwrap().seq, 6);
    assert_eq!(stored.journal, rows[2..]);
    assert_eq!(stored.version, start.created.unwrap().version);
}

/// From the middle of a row, from its edges, with a limit.
pub async fn reads_the_journal_from_any_event(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let start = maker.start();
    maker.commit(&*storage, vec![start.clone()]).await;
    let steps: Vec<Unit> = [3, 8, 13].map(|first| maker.step(start.instance, first, 5)).into();
    for unit in &steps {
        maker.commit(&*storage, vec![unit.clone()]).await;
    }
    let firsts = |after: u64, limit: u32| {
        let storage = storage.clone();
        async move {
            let rows = storage.journal(start.workspace, start.instance, after, limit).await.unwrap();
            rows.iter().map(|row| row.first_seq).collect::<Vec<_>>()
        }
    };
    assert_eq!(firsts(0, 100).await, [1, 3, 8, 13]);
    assert_eq!(firsts(2, 100).await, [3, 8, 13]);
    assert_eq!(firsts(5, 100).await, [3, 8, 13], "events 6 and 7 are in the row that begins with 3");
    assert_eq!(firsts(7, 1).await, [8]);
    assert_eq!(firsts(16, 100).await, [13]);
    assert_eq!(firsts(17, 100).await, [0; 0]);
    assert_eq!(firsts(u64::MAX >> 1, 100).await, [0; 0]);
}

/// In the order of ids, of the shards asked for, page by page; no more once it is over.
pub async fn finds_what_is_runnable_page_by_page(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut units: Vec<Unit> = (0..30).map(|_| maker.start()).collect();
    units.iter_mut().step_by(2).for_each(|unit| unit.head.as_mut().unwrap().runnable = true);
    let wanted: Vec<_> = units.iter().step_by(2).map(|unit| (unit.workspace, unit.instance)).collect();
    maker.commit(&*storage, units).await;

    let shards: Vec<u16> = (0..heddle_model::limits::SHARDS).collect();
    let mut found = Vec::new();
    loop {
        let page = storage.runnable(&shards, found.last().map(|(_, instance)| *instance), 4).await.unwrap();
        assert!(page.len() <= 4);
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, wanted);
    let one_shard = wanted[0].1.shard();
    let of_shard: Vec<_> = wanted.iter().copied().filter(|(_, instance)| instance.shard() == one_shard).collect();
    assert_eq!(storage.runnable(&[one_shard], None, 100).await.unwrap(), of_shard);

    let done: Vec<Unit> = wanted.iter().map(|&(_, instance)| maker.step(instance, 3, 1)).collect();
    maker.commit(&*storage, done).await;
    assert!(storage.runnable(&shards, None, 100).await.unwrap().is_empty());
}

fn timer(unit: &Unit, number: u32, due: i64) -> TimerRow {
    TimerRow { workspace: unit.workspace, instance: unit.instance, number, shard: unit.shard, due }
}

/// By due time, then instance, then number; none that is not due.
pub async fn gives_timers_in_order(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let (mut one, mut two) = (maker.start(), maker.start());
    one.timers = vec![timer(&one, 2, AT + 20), timer(&one, 1, AT + 20), timer(&one, 3, AT + 31)];
    two.timers = vec![timer(&two, 1, AT + 10), timer(&two, 2, AT + 20)];
    let expected = [two.timers[0].clone(), one.timers[1].clone(), one.timers[0].clone(), two.timers[1].clone()];
    let shards = [one.shard, two.shard];
    maker.commit(&*storage, vec![two, one]).await;
    assert_eq!(storage.timers(&shards, AT + 30, 100).await.unwrap(), expected);
    assert_eq!(storage.timers(&shards, AT + 30, 2).await.unwrap(), expected[..2]);
    let other = (0..).find(|shard| !shards.contains(shard)).unwrap();
    assert!(storage.timers(&[other], i64::MAX, 10).await.unwrap().is_empty());
}

/// A timer that fired is gone; one that is armed anew under its number stands at its new time.
pub async fn forgets_timers_that_are_gone(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut start = maker.start();
    start.timers = vec![timer(&start, 1, AT), timer(&start, 2, AT), timer(&start, 3, AT)];
    maker.commit(&*storage, vec![start.clone()]).await;
    let mut step = maker.step(start.instance, 3, 1);
    step.timers_gone = vec![1, 2, 77];
    step.timers = vec![timer(&start, 2, AT + 5)];
    maker.commit(&*storage, vec![step]).await;
    let left = storage.timers(&[start.shard], i64::MAX, 10).await.unwrap();
    assert_eq!(left, [timer(&start, 3, AT), timer(&start, 2, AT + 5)]);
}

/// Another workspace's id opens nothing.
pub async fn keeps_workspaces_apart(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut unit = maker.start();
    unit.jobs = vec![super::make::job(&unit, 1, "apart")];
    maker.commit(&*storage, vec![unit.clone()]).await;
    let other = WorkspaceId::from_u128(unit.workspace.as_u128() + 1);
    assert!(storage.load(other, unit.instance).await.unwrap().is_none());
    assert!(storage.journal(other, unit.instance, 0, 10).await.unwrap().is_empty());
    assert!(storage.job(other, unit.jobs[0].id).await.unwrap().is_none());
    assert!(storage.heartbeat_job(other, unit.jobs[0].id, 0, 1_000).await.unwrap().is_none());
    assert!(storage.load(unit.workspace, maker.instance()).await.unwrap().is_none());
}

/// A definition is found under its workspace and version only.
pub async fn knows_definitions(subject: &impl Subject) {
    let storage = subject.storage();
    let maker = Maker::new(&*storage).await;
    let version = VersionId::from_u128(maker.workflow.as_u128() + 1);
    subject.define(maker.workspace, version, "{\"name\":\"名\"}").await;
    assert_eq!(storage.definition(maker.workspace, version).await.unwrap().as_deref(), Some("{\"name\":\"名\"}"));
    let other = WorkspaceId::from_u128(maker.workspace.as_u128() + 1);
    assert!(storage.definition(other, version).await.unwrap().is_none());
}

/// The database's time runs, and is not far from this machine's.
pub async fn tells_the_time(subject: &impl Subject) {
    let storage = subject.storage();
    let first = storage.now().await.unwrap();
    let second = storage.now().await.unwrap();
    let here = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    assert!(first <= second && (here - second).abs() < 60_000, "{first} {second} {here}");
}

/// One incident, whoever finds the damage and however often; nobody else's instance has one.
pub async fn quarantines_once(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let (one, other) = (maker.start(), maker.start());
    maker.commit(&*storage, vec![one.clone(), other.clone()]).await;
    for why in ["the checksum of event 1 does not match", "again"] {
        storage.quarantine(one.workspace, one.instance, Quarantine::Damaged, why).await.unwrap();
    }
    let elsewhere = WorkspaceId::from_u128(one.workspace.as_u128() ^ 1);
    storage.quarantine(elsewhere, other.instance, Quarantine::Damaged, "not there").await.unwrap();
    let rows = subject.incidents(one.workspace, one.instance).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].number, rows[0].kind, rows[0].code.as_str()), (QUARANTINE, "quarantined", "DAMAGED"));
    assert_eq!((rows[0].message.as_str(), rows[0].resolved_at), ("the checksum of event 1 does not match", None));
    assert!(subject.incidents(other.workspace, other.instance).await.is_empty());
}

/// A quarantine ends, the instance is read without one, and another may begin.
pub async fn ends_a_quarantine(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let one = maker.start();
    let (workspace, instance) = (one.workspace, one.instance);
    maker.commit(&*storage, vec![one]).await;
    let is_in = async || storage.load(workspace, instance).await.unwrap().unwrap().quarantined;
    storage.end_quarantine(workspace, instance).await.unwrap();
    assert!(!is_in().await && subject.incidents(workspace, instance).await.is_empty(), "there was none");
    for (cause, why) in [(Quarantine::Damaged, "a bit"), (Quarantine::Refused, "too large")] {
        storage.quarantine(workspace, instance, cause, why).await.unwrap();
        assert!(is_in().await);
        let rows = subject.incidents(workspace, instance).await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].code.as_str(), rows[0].message.as_str(), rows[0].resolved_at), (cause.code(), why, None));
        storage.end_quarantine(workspace, instance).await.unwrap();
        assert!(!is_in().await);
        assert!(subject.incidents(workspace, instance).await[0].resolved_at.is_some());
    }
    storage.quarantine(workspace, instance, Quarantine::Found, "a row").await.unwrap();
    assert!(!is_in().await, "it can be read and goes on; a person looks");
}
