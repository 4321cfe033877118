//! Two owners: one is paused past its lease, another takes over, the first one thaws. Whatever it still writes must be refused.

use super::chance::Chance;
use super::check::check;
use super::scenario::{Outcome, Stage, in_virtual_time};
use super::store::Weather;
use super::world::{WORKSPACE, World};
use heddle_engine::storage::{CommitError, Storage};
use heddle_model::limits::SHARD_LEASE_MS;
use std::sync::atomic::Ordering;
use std::time::Duration;

const LEASE: Duration = Duration::from_millis(SHARD_LEASE_MS as u64);

/// A is frozen at some step of a run, past its lease; B takes over; A thaws and goes on for as long.
pub(crate) fn frozen_owner(seed: u64, shown: bool) -> Outcome {
    in_virtual_time(async move {
        let stage = Stage::new(seed, shown);
        *stage.sky.weather.lock().unwrap() = Weather { delay: 20, ..Weather::CALM };
        let mut chance = Chance::new(seed, "owners");
        let (a, b) = (stage.clients.servers[0].clone(), stage.clients.servers[1].clone());
        let frozen = a.start(None).await;
        let people = stage.people();
        tokio::time::sleep(Duration::from_millis(chance.between(500, 6_000))).await;
        frozen.freeze();
        stage.world.trace(format_args!("{} is frozen", a.name));
        tokio::time::sleep(LEASE + Duration::from_millis(1)).await;
        b.start(None).await;
        tokio::time::sleep(Duration::from_millis(chance.below(5_000))).await;
        let landed = landed_of(&stage.world, 1);
        frozen.thaw();
        stage.world.trace(format_args!("{} thaws", a.name));
        tokio::time::sleep(LEASE).await;
        if landed_of(&stage.world, 1) != landed {
            stage.world.violation("the first owner wrote after the second had taken over".to_owned());
        }
        if a.is_up() {
            stage.world.violation("the first owner does not know that it owns nothing any more".to_owned());
        }
        a.gone();
        for one in people {
            one.await.unwrap();
        }
        stage.good.store(true, Ordering::SeqCst);
        stage.clients.operate().await;
        check(&stage.world, &stage.clients.history, &b).await;
        stage.outcome()
    })
}

/// How many commits of an epoch have landed.
fn landed_of(world: &World, epoch: u64) -> usize {
    world.notes().landed.values().filter(|landed| landed.epoch == epoch).count()
}

/// The fence itself: a batch of the epoch before is refused whole, and a heartbeat of it is told so.
pub(crate) fn an_old_fence_opens_nothing() {
    in_virtual_time(async {
        let stage = Stage::new(1, false);
        let memory = &stage.world.memory.0;
        let old = memory.acquire("anna").await.unwrap();
        assert!(memory.heartbeat(old.fence).await.unwrap());
        for name in ["bert", "anna"] {
            let new = memory.acquire(name).await.unwrap();
            assert!(new.fence.epoch > old.fence.epoch);
            assert!(!memory.heartbeat(old.fence).await.unwrap());
            let batch = heddle_engine::storage::Batch { fence: old.fence, units: Vec::new() };
            assert!(matches!(memory.commit(&batch).await, Err(CommitError::Fenced)));
            // Giving back what one no longer owns takes nothing from the owner.
            memory.release(old.fence).await.unwrap();
            assert!(memory.heartbeat(new.fence).await.unwrap());
        }
        assert!(memory.load(WORKSPACE, heddle_model::ids::InstanceId::from_u128(1)).await.unwrap().is_none());
    });
}
