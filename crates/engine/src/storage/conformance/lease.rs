//! Only the current owner writes.

use super::Subject;
use super::make::Maker;
use crate::storage::{CommitError, Fence, Member, Storage};
use heddle_model::limits::SHARDS;
use std::collections::BTreeSet;

fn every_shard() -> Vec<u16> {
    (0..SHARDS).collect()
}

async fn is_alive(storage: &dyn Storage, name: &str) -> Option<bool> {
    storage.members().await.unwrap().iter().find(|it| it.name == name).map(|it| it.alive)
}

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
    assert_eq!(older.last_events(&*storage, &[before.instance]).await, [Some(2)]);
    assert!(!storage.heartbeat(older.fence).await.unwrap());
    let invented = Fence { epoch: newer.fence.epoch + 1, ..newer.fence };
    assert!(matches!(
        storage.commit(&crate::storage::Batch { fence: invented, units: vec![], slot: 0 }).await,
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

/// By name; alive until the lease ends or is given back.
pub async fn lists_the_members(subject: &impl Subject) {
    let storage = subject.storage();
    assert!(storage.members().await.unwrap().is_empty());
    let one = storage.acquire("乙").await.unwrap();
    let two = storage.acquire("甲").await.unwrap();
    let other = subject.is_shared();
    let expected = [
        Member { name: "乙".to_owned(), server: one.fence.server, alive: other },
        Member { name: "甲".to_owned(), server: two.fence.server, alive: true },
    ];
    assert_eq!(storage.members().await.unwrap(), expected);
    subject.end_lease("甲").await;
    assert_eq!(is_alive(&*storage, "甲").await, Some(false));
    storage.release(one.fence).await.unwrap();
    assert_eq!(is_alive(&*storage, "乙").await, Some(false));
    let again = storage.acquire("乙").await.unwrap();
    assert_eq!(is_alive(&*storage, "乙").await, Some(true));
    assert!(storage.heartbeat(again.fence).await.unwrap());
}

/// Whoever comes up takes what a server whose lease has ended owned, with its last positions; that server can write nothing any more.
pub async fn takes_over_what_a_dead_server_owned(subject: &impl Subject) {
    let storage = subject.storage();
    let mut dead = Maker::new(&*storage).await;
    let unit = dead.start();
    dead.commit(&*storage, vec![unit.clone()]).await;
    subject.end_lease("conformance").await;
    let second = storage.acquire("second").await.unwrap();
    assert_eq!(second.shards, every_shard());
    assert_eq!(second.positions[usize::from(unit.shard)], unit.journal.pos);
    let late = dead.step(unit.instance, 3, 1);
    assert!(matches!(storage.commit(&dead.batch(vec![late])).await, Err(CommitError::Fenced)));
    assert!(!storage.heartbeat(dead.fence).await.unwrap(), "the lease does not come back to life");
    assert!(storage.take(dead.fence, &every_shard()).await.unwrap().is_empty());

    // A server that is alive takes what it is asked to, of another that has died since.
    if subject.is_shared() {
        let third = storage.acquire("third").await.unwrap();
        assert!(third.shards.is_empty());
        subject.end_lease("second").await;
        let taken = storage.take(third.fence, &[unit.shard]).await.unwrap();
        assert_eq!(taken, [(unit.shard, unit.journal.pos)]);
        let fenced = storage.commit(&crate::storage::Batch { fence: second.fence, units: vec![], slot: 0 }).await;
        assert!(matches!(fenced, Err(CommitError::Fenced)), "not only for the shard that was taken");
        assert_eq!(storage.take(third.fence, &every_shard()).await.unwrap().len(), usize::from(SHARDS) - 1);
    }
}

/// What a living server owns stays its own, whoever asks; its commits go on.
pub async fn leaves_a_living_servers_shards(subject: &impl Subject) {
    let storage = subject.storage();
    let mut first = Maker::new(&*storage).await;
    if !subject.is_shared() {
        // The newest is the only one: the one before it is fenced at once.
        let second = storage.acquire("second").await.unwrap();
        assert_eq!(second.shards, every_shard());
        let unit = first.start();
        assert!(matches!(storage.commit(&first.batch(vec![unit])).await, Err(CommitError::Fenced)));
        return;
    }
    let second = storage.acquire("second").await.unwrap();
    assert!(second.shards.is_empty() && second.positions.is_empty());
    assert!(storage.take(second.fence, &every_shard()).await.unwrap().is_empty());
    assert!(storage.take(first.fence, &every_shard()).await.unwrap().is_empty(), "its own are not taken again");
    let unit = first.start();
    first.commit(&*storage, vec![unit]).await;
    assert!(storage.heartbeat(first.fence).await.unwrap() && storage.heartbeat(second.fence).await.unwrap());
}

/// A server gives some of its shards up and another takes them, with their last positions; both go on.
pub async fn gives_shards_for_others_to_take(subject: &impl Subject) {
    if !subject.is_shared() {
        return takes_what_nobody_owns(subject).await;
    }
    let storage = subject.storage();
    let mut first = Maker::new(&*storage).await;
    let unit = first.start();
    first.commit(&*storage, vec![unit.clone()]).await;
    let second = storage.acquire("second").await.unwrap();
    let other = (unit.shard + 1) % SHARDS;
    storage.give(second.fence, &[other]).await.unwrap();
    assert!(storage.take(second.fence, &[other]).await.unwrap().is_empty(), "only its own are given");
    storage.give(first.fence, &[unit.shard, other]).await.unwrap();
    assert_eq!(storage.take(second.fence, &[unit.shard]).await.unwrap(), [(unit.shard, unit.journal.pos)]);
    assert_eq!(storage.take(first.fence, &every_shard()).await.unwrap(), [(other, 0)]);
    assert!(storage.heartbeat(first.fence).await.unwrap());
    storage.commit(&crate::storage::Batch { fence: second.fence, units: vec![], slot: 0 }).await.unwrap();
    // After a restart the second still owns it, and nothing of the first.
    let again = storage.acquire("second").await.unwrap();
    assert_eq!((again.shards, again.positions), (vec![unit.shard], vec![unit.journal.pos]));
}

/// What was given up can be taken back; of what is asked for, only that.
pub async fn takes_what_nobody_owns(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = maker.start();
    maker.commit(&*storage, vec![unit.clone()]).await;
    let other = (unit.shard + 1) % SHARDS;
    storage.give(maker.fence, &[unit.shard, other]).await.unwrap();
    assert_eq!(storage.take(maker.fence, &[unit.shard]).await.unwrap(), [(unit.shard, unit.journal.pos)]);
    assert!(storage.take(maker.fence, &[unit.shard]).await.unwrap().is_empty());
    assert_eq!(storage.take(maker.fence, &every_shard()).await.unwrap(), [(other, 0)]);
    assert!(storage.take(maker.fence, &[]).await.unwrap().is_empty());
}

/// Whoever has been fenced moves no shard.
pub async fn takes_and_gives_nothing_with_an_old_fence(subject: &impl Subject) {
    let storage = subject.storage();
    let older = Maker::new(&*storage).await;
    let newer = Maker::new(&*storage).await;
    storage.give(older.fence, &every_shard()).await.unwrap();
    assert!(storage.take(newer.fence, &every_shard()).await.unwrap().is_empty(), "nothing was given up");
    storage.give(newer.fence, &[5]).await.unwrap();
    assert!(storage.take(older.fence, &[5]).await.unwrap().is_empty());
    storage.release(older.fence).await.unwrap();
    assert_eq!(storage.take(newer.fence, &[5]).await.unwrap(), [(5, 0)]);
}

/// Each shard has one owner, however many come up or take at the same moment.
pub async fn shares_shards_among_servers_that_come_up_at_once(subject: &impl Subject) {
    let storage = subject.storage();
    Maker::new(&*storage).await;
    subject.end_lease("conformance").await;
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let storage = storage.clone();
            tokio::spawn(async move {
                let leased = storage.acquire(&format!("server {number}")).await.unwrap();
                let half: Vec<u16> = leased.shards.iter().copied().filter(|shard| shard % 2 == 0).collect();
                storage.give(leased.fence, &half).await.unwrap();
                let taken = storage.take(leased.fence, &every_shard()).await.unwrap();
                let odd = leased.shards.into_iter().filter(|shard| shard % 2 == 1);
                let owned = odd.chain(taken.into_iter().map(|(shard, _)| shard));
                (leased.fence, owned.collect::<Vec<u16>>())
            })
        })
        .collect();
    let mut owned = Vec::new();
    for task in tasks {
        let (fence, shards) = task.await.unwrap();
        // Where there is only one server, those before the newest own nothing.
        if storage.heartbeat(fence).await.unwrap() {
            owned.extend(shards);
        }
    }
    assert_eq!(owned.len(), usize::from(SHARDS), "{owned:?}");
    assert_eq!(owned.into_iter().collect::<BTreeSet<_>>().len(), usize::from(SHARDS));
}
