//! Two owners: one is paused past its lease, another takes over, the first one thaws. Whatever it still writes must be refused.

use super::chance::Chance;
use super::check::check;
use super::scenario::{Outcome, Stage, in_virtual_time};
use super::store::Weather;
use super::world::World;
use heddle_engine::storage::{Batch, CommitError, Fence, Storage};
use heddle_model::limits::{SHARD_LEASE_MS, SHARDS};
use std::sync::atomic::Ordering;
use std::time::Duration;

const LEASE: Duration = Duration::from_millis(SHARD_LEASE_MS as u64);

/// A is frozen at some step of a run, past its lease; B takes over; A thaws, finds out, and joins again. Nothing that it decided as
/// the owner of before may land.
pub(crate) fn frozen_owner(seed: u64, shown: bool) -> Outcome {
    in_virtual_time(async move {
        let stage = Stage::new(seed, shown);
        *stage.sky.weather.lock().unwrap() = Weather { delay: 20, ..Weather::CALM };
        let mut chance = Chance::new(seed, "owners");
        let (a, b) = (stage.clients.servers[0].clone(), stage.clients.servers[1].clone());
        let frozen = a.start(None).await;
        let people = stage.people();
        tokio::time::sleep(Duration::from_millis(chance.between(500, 6_000))).await;
        let fence = *stage.world.notes().owners.values().next().unwrap();
        frozen.freeze();
        stage.world.trace(format_args!("{} is frozen", a.name));
        tokio::time::sleep(LEASE + Duration::from_millis(1)).await;
        b.start(None).await;
        tokio::time::sleep(Duration::from_millis(chance.below(5_000))).await;
        let landed = landed_of(&stage.world, fence);
        frozen.thaw();
        stage.world.trace(format_args!("{} thaws", a.name));
        tokio::time::sleep(2 * LEASE).await;
        if landed_of(&stage.world, fence) != landed {
            stage.world.violation("the first owner wrote after the second had taken over".to_owned());
        }
        for one in people {
            one.await.unwrap();
        }
        stage.good.store(true, Ordering::SeqCst);
        stage.clients.operate().await;
        check(&stage.world, &stage.clients.history, &b).await;
        stage.outcome()
    })
}

/// How many commits of an owner have landed.
fn landed_of(world: &World, fence: Fence) -> usize {
    world.notes().landed.values().filter(|landed| landed.fence == fence).count()
}

/// The fence itself: while its lease lasts nobody else gets anything; after it, or at a new start under the name, the old fence opens
/// nothing, and takes nothing from the new owner.
pub(crate) fn an_old_fence_opens_nothing() {
    in_virtual_time(async {
        for name in ["bert", "anna"] {
            let stage = Stage::new(1, false);
            let memory = &stage.world.memory.0;
            stage.world.set_clock();
            let old = memory.acquire("anna").await.unwrap();
            assert_eq!(old.shards.len(), usize::from(SHARDS));
            if name == "bert" {
                let early = memory.acquire(name).await.unwrap();
                assert!(early.shards.is_empty() && memory.heartbeat(old.fence).await.unwrap());
                tokio::time::sleep(LEASE).await;
                stage.world.set_clock();
            }
            let new = memory.acquire(name).await.unwrap();
            assert_eq!(new.shards.len(), usize::from(SHARDS));
            assert!(!memory.heartbeat(old.fence).await.unwrap());
            let batch = Batch { fence: old.fence, units: Vec::new(), slot: 0 };
            assert!(matches!(memory.commit(&batch).await, Err(CommitError::Fenced)));
            memory.give(old.fence, &new.shards).await.unwrap();
            memory.release(old.fence).await.unwrap();
            assert!(memory.heartbeat(new.fence).await.unwrap());
            assert!(memory.commit(&Batch { fence: new.fence, units: Vec::new(), slot: 0 }).await.is_ok());
        }
    });
}
