//! How a lane comes by its shards, and how it gives them up.
//!
//! A shard that goes to another server is given up in an orderly way: nothing new is begun for it, what runs may end for a while, and only
//! then is it given back. What still runs then counts as lost, as after a crash, and begins again over there.

use super::error::EngineError;
use super::lane::Lane;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long what runs may take to end.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is looked at, in milliseconds.
const LOOK_MS: i64 = 20;

/// Shards that are being given up.
pub(super) struct Leaving {
    shards: BTreeSet<u16>,
    until: Instant,
    /// Who waits for it.
    replies: Vec<oneshot::Sender<()>>,
}

impl Leaving {
    /// Whether nothing new is begun for this shard.
    pub(super) fn has(&self, shard: u16) -> bool {
        self.shards.contains(&shard)
    }

    /// When to look whether all has ended.
    pub(super) const fn look_at(&self, now: i64) -> i64 {
        now + LOOK_MS
    }
}

impl Lane {
    pub(super) fn own(&mut self, shards: Vec<(u16, u64)>, reply: oneshot::Sender<()>) {
        for (shard, position) in shards {
            self.positions.insert(shard, position);
            self.shared.shards.set(shard, true);
        }
        self.list_shards();
        self.timers.read_at = 0;
        self.inbox_at = 0;
        // Whoever asked may be gone: no error.
        let _ = reply.send(());
    }

    pub(super) fn disown(&mut self, shards: Vec<u16>, reply: oneshot::Sender<()>) {
        for &shard in &shards {
            // Requests go to the new owner from now on.
            self.shared.shards.set(shard, false);
        }
        let mut shards: BTreeSet<u16> = shards.into_iter().collect();
        let mut replies = vec![reply];
        if let Some(before) = self.leaving.take() {
            // Whoever waits for those waits on: they are still being given up.
            shards.extend(before.shards);
            replies.extend(before.replies);
        }
        self.leaving = Some(Leaving { shards, until: Instant::now() + PATIENCE, replies });
        self.finish_leaving();
    }

    /// Gives up what is being given up, once nothing runs for it any more.
    pub(super) fn finish_leaving(&mut self) {
        let Some(leaving) = &self.leaving else { return };
        let running = self.actors.iter().any(|(id, actor)| leaving.has(id.shard()) && !actor.running.is_empty());
        if running && Instant::now() < leaving.until {
            return;
        }
        let Some(Leaving { shards, replies, .. }) = self.leaving.take() else { return };
        self.drop_instances(|shard| shards.contains(&shard));
        self.positions.retain(|shard, _| !shards.contains(shard));
        self.list_shards();
        tell(replies);
    }

    pub(super) fn forget(&mut self, reply: oneshot::Sender<()>) {
        self.drop_instances(|_| true);
        self.positions.keys().for_each(|&shard| self.shared.shards.set(shard, false));
        self.positions.clear();
        self.settlements.clear();
        self.seen.forget();
        if let Some(leaving) = self.leaving.take() {
            tell(leaving.replies);
        }
        self.list_shards();
        let _ = reply.send(());
    }

    fn drop_instances(&mut self, goes: impl Fn(u16) -> bool) {
        for (_, actor) in self.actors.extract_if(|id, _| goes(id.shard())) {
            actor.running.values().for_each(tokio_util::sync::CancellationToken::cancel);
            actor.waiters.into_iter().for_each(|waiter| waiter.send(Err(EngineError::Elsewhere)));
        }
        let (number, lanes) = (self.number, self.shared.lanes.len());
        let is_own = |shard: u16| usize::from(shard) % lanes == number && goes(shard);
        self.shared.desk.forget(|instance| is_own(instance.shard()));
        self.timers.drop_where(|instance| goes(instance.shard()));
        self.quarantined.forget(|instance| goes(instance.shard()));
    }

    fn list_shards(&mut self) {
        self.shards = self.positions.keys().copied().collect();
        self.shards.sort_unstable();
    }
}

fn tell(replies: Vec<oneshot::Sender<()>>) {
    // Whoever asked may be gone: no error.
    for reply in replies {
        let _ = reply.send(());
    }
}
