//! Only the current owner writes.

use super::Subject;
use super::make::Maker;
use crate::storage::{CommitError, Fence};
use heddle_model::limits::SHARDS;

/// A second start under the same name takes over at once, with a higher epoch; the first can write nothing any more.
pub async fn fences_an_older_start(subject: &impl Subject) {
    let storage = subject.storage();
    let mut older = Maker::new(&*storage).await;
    let before = older.start();
    older.commit(&*storage, vec![before.clone()]).await;
    let newer = Maker::new(&*storage).await;
    assert!(newer.fence.epoch > older.fence.epoch);
    let late = older.step(before.instance, 3, 1);
    assert!(matches!(storage.commit(&older.batch(vec![late])).await, Err(CommitError::Fenced)));
    assert_eq!(storage.heads(&[before.instance]).await.unwrap(), [Some(2)]);
    assert!(!storage.heartbeat(older.fence).await.unwrap());
    let invented = Fence { epoch: newer.fence.epoch + 1, ..newer.fence };
    assert!(matches!(
        storage.commit(&crate::storage::Batch { fence: invented, units: vec![] }).await,
        Err(CommitError::Fenced)
    ));
}

/// The owner learns where each shard's journal stands, and owns all shards when it is alone.
pub async fn tells_the_last_positions(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let units: Vec<_> = (0..100).map(|_| maker.start()).collect();
    let mut expected = vec![0; usize::from(SHARDS)];
    for unit in &units {
        let last = &mut expected[usize::from(unit.shard)];
        *last = unit.journal.pos.max(*last);
    }
    let instance = units[0].instance;
    maker.commit(&*storage, units).await;
    let step = maker.step(instance, 3, 1);
    expected[usize::from(step.shard)] = step.journal.pos;
    maker.commit(&*storage, vec![step]).await;
    let leased = storage.acquire("conformance").await.unwrap();
    assert_eq!(leased.shards, (0..SHARDS).collect::<Vec<_>>());
    assert_eq!(leased.positions, expected);
}

/// What is given back is given back.
pub async fn refuses_batches_after_a_release(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    storage.release(maker.fence).await.unwrap();
    let unit = maker.start();
    assert!(matches!(storage.commit(&maker.batch(vec![unit])).await, Err(CommitError::Fenced)));
    assert!(!storage.heartbeat(maker.fence).await.unwrap());
    let other = storage.acquire("another name").await.unwrap();
    assert_eq!(other.shards.len(), usize::from(SHARDS), "nobody has to wait for a lease that was given back");
}

/// Heartbeats keep it.
pub async fn keeps_a_lease_alive(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    assert!(storage.heartbeat(maker.fence).await.unwrap());
    let unit = maker.start();
    maker.commit(&*storage, vec![unit]).await;
    assert!(storage.heartbeat(maker.fence).await.unwrap());
}
