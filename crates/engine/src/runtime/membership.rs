//! Membership: this server's lease, and the shards that are its own as servers come and go.
//!
//! The lease is the server's; each commit proves it. A server that was taken for dead finds out at its next commit or heartbeat, forgets
//! everything that it held in memory, and joins anew. Shards move between living servers by being given up first.

use super::engine::Engine;
use super::error::EngineError;
use super::message::Message;
use super::shards::rendezvous;
use crate::storage::Leased;
use futures::future::join_all;
use heddle_model::limits::{self, SHARDS};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// How often the lease is renewed, the clock compared, and the shares looked at: a fifth of a lease of ten seconds.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long after an answer that never came its question may still be done, in milliseconds.
const DOUBT_MS: i64 = 10_000;
/// How long a lane may take to end what it does for shards that it gives up. Within a lease, with time to say so.
const HAND_OVER: Duration = Duration::from_secs(5);

impl Engine {
    /// Keeps the server a member until the engine stops.
    pub(super) async fn keep_membership(self) {
        loop {
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                () = tokio::time::sleep(HEARTBEAT) => {}
                () = self.shared.rejoin.notified() => {}
            }
            if let Err(why) = self.tend().await {
                tracing::warn!(%why, "the lease could not be renewed yet");
            }
        }
    }

    async fn tend(&self) -> Result<(), EngineError> {
        let shared = &self.shared;
        if !shared.storage.heartbeat(shared.fence()).await? {
            self.join_again().await?;
        }
        if shared.fenced.load(Ordering::SeqCst) {
            return Ok(());
        }
        let before = shared.clock.own_ms();
        let database = shared.storage.now().await?;
        shared.clock.correct(database, (before, shared.clock.own_ms()));
        self.balance().await?;
        let parcels = shared.storage.sweep(limits::SWEEP_PAGE).await?;
        shared.hand_over(parcels);
        Ok(())
    }

    /// Others have taken this server for dead: nothing that it knows is true any more.
    async fn join_again(&self) -> Result<(), EngineError> {
        self.shared.lost_ownership();
        let members = self.shared.storage.members().await?;
        let own = members.iter().find(|member| member.name == self.shared.name);
        if own.is_some_and(|own| own.server != self.shared.fence().server) {
            // A newer start under this name: joining again would only throw that one out in its turn.
            tracing::error!(
                name = self.shared.name,
                "another server was started under this server's name; this one stays out"
            );
            return Ok(());
        }
        tracing::warn!("the lease was lost; the server joins again");
        let told = self.shared.lanes.iter().map(|lane| {
            let (reply, told) = oneshot::channel();
            drop(lane.send(Message::Forget(reply)));
            told
        });
        self.heard(told.collect(), HAND_OVER).await;
        let leased = self.shared.storage.acquire(&self.shared.name).await?;
        self.own(leased).await;
        self.shared.fenced.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Begins with what was taken: the lanes learn of their shards, and what ran in them is recovered.
    pub(super) async fn own(&self, leased: Leased) {
        self.shared.set_fence(leased.fence);
        let taken = leased.shards.into_iter().zip(leased.positions).collect();
        self.own_shards(taken).await;
    }

    async fn own_shards(&self, taken: Vec<(u16, u64)>) {
        if taken.is_empty() {
            return;
        }
        let shards: Vec<u16> = taken.iter().map(|(shard, _)| *shard).collect();
        let lanes = self.shared.lanes.len();
        let told = (0..lanes).map(|lane| {
            let own = taken.iter().copied().filter(|(shard, _)| usize::from(*shard) % lanes == lane).collect();
            let (reply, told) = oneshot::channel();
            drop(self.shared.lanes[lane].send(Message::Own { shards: own, reply }));
            told
        });
        self.heard(told.collect(), HAND_OVER).await;
        self.shared.recovering.send_modify(|under_way| *under_way += 1);
        let recovering = self.clone();
        self.spawn(Box::pin(async move {
            let stop = recovering.shared.stop.clone();
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                result = recovering.recover(&shards) => match result {
                    Ok(0) => {}
                    Ok(instances) => tracing::info!(instances, "recovered what was running"),
                    Err(why) => tracing::error!(%why, "recovery stopped"),
                }
            }
            recovering.shared.recovering.send_modify(|under_way| *under_way -= 1);
        }));
    }

    /// Gives up what others should own, takes what nobody has.
    async fn balance(&self) -> Result<(), EngineError> {
        let shared = &self.shared;
        let members = shared.storage.members().await?;
        let alive: Vec<&str> = members.iter().filter(|it| it.alive).map(|it| it.name.as_str()).collect();
        shared.others.store(alive.iter().any(|name| *name != shared.name), Ordering::Relaxed);
        let mine = |shard: &u16| rendezvous(alive.iter().copied(), *shard).is_some_and(|name| name == shared.name);
        let (wanted, unwanted): (Vec<u16>, Vec<u16>) = (0..SHARDS).partition(mine);
        let now = shared.clock.own_ms();
        let doubtful = shared.shards.doubtful();
        if doubtful > now || unwanted.iter().any(|&shard| shared.shards.owns(shard)) {
            // With what others should own goes what the database may call this server's though no lane knows of it.
            let given: Vec<u16> = (0..SHARDS).filter(|shard| !mine(shard) || !shared.shards.owns(*shard)).collect();
            shared.shards.doubt(i64::MAX);
            if !self.disown_for_certain(&given).await? {
                return Ok(());
            }
            shared.storage.give(shared.fence(), &given).await?;
            shared.doorbell.ring();
            tracing::info!(shards = unwanted.len(), "gave shards to another server");
        }
        let missing: Vec<u16> = wanted.into_iter().filter(|&shard| !shared.shards.owns(shard)).collect();
        if !missing.is_empty() {
            shared.shards.doubt(i64::MAX);
            let taken = shared.storage.take(shared.fence(), &missing).await?;
            if !taken.is_empty() {
                tracing::info!(shards = taken.len(), "took shards");
            }
            self.own_shards(taken).await;
        }
        // What was asked for and given up may land a little later.
        shared.shards.doubt(if doubtful == i64::MAX { now + DOUBT_MS } else { doubtful });
        Ok(())
    }

    /// Ends what the lanes do for these shards, for as long as it takes: what a lane that did not hear of it still writes would be another owner's. `false`: the
    /// lease was lost over it.
    async fn disown_for_certain(&self, given: &[u16]) -> Result<bool, EngineError> {
        let mut told = join_all(self.tell_disowned(given));
        while tokio::time::timeout(HEARTBEAT, &mut told).await.is_err() {
            if !self.shared.storage.heartbeat(self.shared.fence()).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ends what the lanes do for these shards.
    pub(super) async fn disown(&self, given: &[u16]) {
        self.heard(self.tell_disowned(given), HAND_OVER).await;
    }

    fn tell_disowned(&self, given: &[u16]) -> Vec<oneshot::Receiver<()>> {
        let lanes = self.shared.lanes.len();
        let told = (0..lanes).map(|lane| {
            let own = given.iter().copied().filter(|shard| usize::from(*shard) % lanes == lane).collect();
            let (reply, told) = oneshot::channel();
            drop(self.shared.lanes[lane].send(Message::Disown { shards: own, reply }));
            told
        });
        told.collect()
    }

    /// Waits until all have heard, or for so long.
    async fn heard(&self, told: Vec<oneshot::Receiver<()>>, limit: Duration) {
        if tokio::time::timeout(limit, join_all(told)).await.is_err() {
            tracing::warn!("a lane is slow to hear of its shards");
        }
    }

    /// Other servers rang: look at everything that they may have written.
    pub(super) async fn listen(self) {
        loop {
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                () = self.shared.doorbell.rung() => {}
            }
            self.shared.look();
            self.shared.bell.ring();
            self.shared.elsewhere.send_modify(|rings| *rings += 1);
        }
    }
}
