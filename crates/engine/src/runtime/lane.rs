//! A lane: the instances of some shards in memory, and the loop that serves them round by round.

use super::actor::Actor;
use super::clock::Clock;
use super::error::EngineError;
use super::ids::Ids;
use super::jobs::JobBell;
use super::machine::Machine;
use super::message::{Key, Message};
use super::plans::Plans;
use super::pool::Pool;
use super::request::Committed;
use super::timers::{HORIZON_MS, PAGE, Timers};
use crate::kernel::Order;
use crate::storage::{Fence, Storage};
use crate::tasks::Registry;
use futures::StreamExt;
use heddle_model::ids::InstanceId;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

/// Messages that one round takes: enough for a full commit, few enough that the first caller does not wait for the last.
const PER_ROUND: usize = 1_024;
/// Instances read from the database at a time.
const LOADS: usize = 8;

/// What all lanes share.
pub(super) struct Shared {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) registry: Registry,
    pub(super) plans: Plans,
    pub(super) pool: Pool,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    pub(super) fence: Fence,
    pub(super) committed: broadcast::Sender<Committed>,
    pub(super) bell: JobBell,
    /// Messages of people and programs that wait or are being decided.
    pub(super) queued: AtomicUsize,
    /// Another server owns the shards: nothing may be written any more.
    pub(super) fenced: AtomicBool,
    pub(super) stop: CancellationToken,
    /// Instances that a lane keeps in memory before it lets idle ones go.
    pub(super) resident: usize,
    /// Events between two snapshots of an instance.
    pub(super) snapshot_events: u64,
    pub(super) order: Order,
    pub(super) machine: Arc<dyn Machine>,
}

pub(super) struct Lane {
    pub(super) shared: Arc<Shared>,
    pub(super) inbox: mpsc::UnboundedReceiver<Message>,
    pub(super) sender: mpsc::UnboundedSender<Message>,
    pub(super) actors: HashMap<InstanceId, Actor>,
    pub(super) timers: Timers,
    pub(super) shards: Vec<u16>,
    /// The last place given in each shard.
    pub(super) positions: HashMap<u16, u64>,
}

impl Lane {
    /// Serves until the engine stops.
    pub(super) async fn run(mut self) {
        let mut messages = Vec::with_capacity(PER_ROUND);
        loop {
            let now = self.shared.clock.now();
            if now >= self.timers.read_at {
                self.read_timers(now).await;
            }
            let pause = Duration::from_millis((self.timers.next() - now).clamp(0, HORIZON_MS) as u64);
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                _ = self.inbox.recv_many(&mut messages, PER_ROUND) => {}
                () = tokio::time::sleep(pause) => {}
            }
            let now = self.shared.clock.now();
            messages.extend(self.timers.due(now).into_iter().map(|(key, timer)| Message::TimerDue { key, timer }));
            if messages.is_empty() {
                continue;
            }
            let known = self.bring_in(&mut messages).await;
            let known = self.remember_offers(known).await;
            self.round(now, known).await;
            self.let_go();
        }
    }

    /// Reads the instances that these messages need and that are not in memory; answers those that cannot be served.
    async fn bring_in(&mut self, messages: &mut Vec<Message>) -> Vec<Message> {
        let mut missing: Vec<Key> =
            messages.iter().filter_map(Message::needs).filter(|key| !self.actors.contains_key(&key.instance)).collect();
        if missing.is_empty() {
            return std::mem::take(messages);
        }
        missing.sort_unstable();
        missing.dedup();
        let shared = &self.shared;
        let loads =
            missing.into_iter().map(|key| async move { (key, shared.plans.load(key.workspace, key.instance).await) });
        let mut failed: HashMap<Key, EngineError> = HashMap::new();
        let loaded: Vec<_> = futures::stream::iter(loads).buffer_unordered(LOADS).collect().await;
        for (key, result) in loaded {
            match result {
                Ok(Some(actor)) => {
                    self.actors.insert(key.instance, actor);
                }
                Ok(None) => {
                    failed.insert(key, EngineError::NotFound);
                }
                Err(why) => {
                    tracing::error!(instance = %key.instance, %why, "an instance cannot be loaded");
                    failed.insert(key, why);
                }
            }
        }
        let (fine, refused): (Vec<_>, Vec<_>) =
            messages.drain(..).partition(|message| message.needs().is_none_or(|key| !failed.contains_key(&key)));
        for message in refused {
            let error = message.needs().and_then(|key| failed.get(&key)).cloned().unwrap_or(EngineError::NotFound);
            match (message, &error) {
                // The row is still there; the database will be asked again soon.
                (Message::TimerDue { key, timer }, EngineError::Unavailable(_)) => {
                    self.timers.arm(key, timer, self.shared.clock.now() + 1_000);
                }
                // Nobody would ever say these again.
                (message @ (Message::TaskEnded { .. } | Message::Recover { .. }), EngineError::Unavailable(_)) => {
                    self.later(message);
                }
                (message, _) => self.refuse(message, error),
            }
        }
        fine
    }

    /// Says something again in a second: what the database refuses now it would refuse in the same moment again.
    pub(super) fn later(&self, message: Message) {
        let sender = self.sender.clone();
        self.shared.machine.spawn(Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(sender.send(message));
        }));
    }

    /// Answers a message of a caller and takes it off the queue.
    pub(super) fn refuse(&self, message: Message, error: EngineError) {
        if message.is_counted() {
            self.shared.queued.fetch_sub(1, Ordering::Relaxed);
        }
        message.refuse(error);
    }

    async fn read_timers(&mut self, now: i64) {
        match self.shared.storage.timers(&self.shards, now + HORIZON_MS, PAGE).await {
            Ok(rows) => {
                // A full page may not reach the horizon: what is beyond its last row is read when that row is due.
                let full = rows.len() >= PAGE as usize;
                let reach = rows.last().filter(|_| full).map_or(now + HORIZON_MS, |row| row.due);
                self.timers.read_until = reach.max(now);
                self.timers.read_at = if full { reach.max(now + 100) } else { now + HORIZON_MS / 2 };
                for row in rows {
                    self.timers.arm(Key { workspace: row.workspace, instance: row.instance }, row.number, row.due);
                }
            }
            Err(why) => {
                tracing::warn!(%why, "timers cannot be read yet");
                self.timers.read_at = now + 1_000;
            }
        }
    }

    /// Ended instances leave memory at once; waiting ones when there are too many.
    fn let_go(&mut self) {
        if self.actors.len() > self.shared.resident {
            self.actors.retain(|_, actor| !actor.is_idle());
        }
        metrics::gauge!("heddle_resident_instances", "lane" => self.shards.first().map_or_else(String::new, u16::to_string)).set(self.actors.len() as f64);
    }
}

impl Message {
    /// Whether it came through a door and counts for admission.
    pub(super) const fn is_counted(&self) -> bool {
        matches!(self, Self::Start { .. } | Self::Command { .. } | Self::JobEnded { .. })
    }
}
