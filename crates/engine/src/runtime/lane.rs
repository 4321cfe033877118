//! A lane: the instances of some shards in memory, and the loop that serves them round by round.

use super::actor::Actor;
use super::call::InputCheck;
use super::clock::Clock;
use super::desk::Desk;
use super::door::Door;
use super::doorbell::Doorbell;
use super::error::EngineError;
use super::figures::Figures;
use super::head::Behind;
use super::ids::Ids;
use super::jobs::JobBell;
use super::leave::Leaving;
use super::machine::Machine;
use super::message::{Key, Message};
use super::pauses::Pauses;
use super::plans::Plans;
use super::pool::Pool;
use super::post::Seen;
use super::quarantine::Quarantined;
use super::request::Committed;
use super::shards::Shards;
use super::timers::{HORIZON_MS, PAGE, Timers};
use crate::kernel::Order;
use crate::storage::{Fence, Settlement, Storage};
use crate::tasks::Registry;
use futures::StreamExt;
use heddle_model::ids::InstanceId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Messages that one round takes: enough for a full commit, few enough that the first caller does not wait for the last.
const PER_ROUND: usize = 1_024;
/// Instances read from the database at a time.
const LOADS: usize = 8;
/// How often the inbox is looked into though nothing rang, in milliseconds.
pub(super) const LOOK_MS: i64 = 1_000;

/// What all lanes share.
pub(super) struct Shared {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) registry: Registry,
    pub(super) plans: Plans,
    pub(super) pool: Pool,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    /// The server's name in the cluster.
    pub(super) name: String,
    pub(super) fence: RwLock<Fence>,
    pub(super) shards: Shards,
    pub(super) lanes: Vec<mpsc::UnboundedSender<Message>>,
    pub(super) doorbell: Arc<dyn Doorbell>,
    pub(super) inputs: Arc<dyn InputCheck>,
    /// The lease was lost.
    pub(super) rejoin: Notify,
    /// Other servers are alive.
    pub(super) others: AtomicBool,
    /// Recoveries that are under way: of shards, and of jobs that may hold permits.
    pub(super) recovering: watch::Sender<usize>,
    /// Counts how often other servers rang.
    pub(super) elsewhere: watch::Sender<u64>,
    pub(super) committed: broadcast::Sender<Committed>,
    pub(super) bell: JobBell,
    pub(super) pauses: Pauses,
    pub(super) desk: Arc<Desk>,
    /// Requests of people and programs that wait or are being decided.
    pub(super) door: Arc<Door>,
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
    /// Which of the lanes it is.
    pub(super) number: usize,
    pub(super) shared: Arc<Shared>,
    pub(super) inbox: mpsc::UnboundedReceiver<Message>,
    pub(super) sender: mpsc::UnboundedSender<Message>,
    pub(super) actors: HashMap<InstanceId, Actor>,
    pub(super) timers: Timers,
    pub(super) shards: Vec<u16>,
    /// The last place given in each shard.
    pub(super) positions: HashMap<u16, u64>,
    /// Hot rows that are behind.
    pub(super) behind: Behind,
    /// When the inbox is read next.
    pub(super) inbox_at: i64,
    /// Parcels that were seen.
    pub(super) seen: Seen,
    /// Parcels of this round that led to no event.
    pub(super) settlements: Vec<Settlement>,
    /// Shards that are being given up.
    pub(super) leaving: Option<Leaving>,
    pub(super) figures: Figures,
    /// Instances of which nothing is decided but what people command.
    pub(super) quarantined: Quarantined,
}

impl Shared {
    /// What commits prove themselves with at the moment.
    pub(super) fn fence(&self) -> Fence {
        *self.fence.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_fence(&self, fence: Fence) {
        *self.fence.write().unwrap_or_else(PoisonError::into_inner) = fence;
    }

    /// Sends a message that nobody waits for; a lane that is gone has stopped for good.
    pub(super) fn send(&self, instance: InstanceId, message: Message) {
        drop(self.lane_of(instance.shard()).send(message));
    }

    pub(super) fn lane_of(&self, shard: u16) -> &mpsc::UnboundedSender<Message> {
        &self.lanes[usize::from(shard) % self.lanes.len()]
    }

    /// Another server owns the shards: nothing more is decided until this one has joined again.
    pub(super) fn lost_ownership(&self) {
        if !self.fenced.swap(true, Ordering::SeqCst) {
            tracing::error!("another server has taken over the shards of this one; it stops deciding");
            self.rejoin.notify_one();
        }
    }
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
            if now >= self.inbox_at {
                self.read_inbox(now, &mut messages).await;
            }
            if now >= self.behind.next() {
                self.refresh_heads(now).await;
            }
            self.finish_leaving();
            let pause = self.pause(now, &messages);
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                () = std::future::ready(()), if !messages.is_empty() => {}
                _ = self.inbox.recv_many(&mut messages, PER_ROUND) => {}
                () = tokio::time::sleep(pause) => {}
            }
            let now = self.shared.clock.now();
            messages.extend(self.timers.due(now).into_iter().map(|(key, timer)| Message::TimerDue { key, timer }));
            self.sort_out(&mut messages);
            if messages.is_empty() {
                self.settle().await;
                continue;
            }
            let count = messages.len();
            self.shared.door.begin(self.number, self.inbox.len());
            let known = self.bring_in(&mut messages).await;
            let known = self.remember_offers(known).await;
            self.round(now, known).await;
            self.settle().await;
            self.shared.door.end(self.number, count);
            self.let_go();
        }
    }

    /// How long nothing is to be done.
    fn pause(&self, now: i64, messages: &[Message]) -> Duration {
        if !messages.is_empty() {
            return Duration::ZERO;
        }
        let next = self.timers.next().min(self.inbox_at).min(self.behind.next());
        let next = self.leaving.as_ref().map_or(next, |leaving| next.min(leaving.look_at(now)));
        Duration::from_millis((next - now).clamp(0, HORIZON_MS) as u64)
    }

    /// Takes out what is about the lane itself, what is not its own, and second copies of parcels.
    fn sort_out(&mut self, messages: &mut Vec<Message>) {
        if messages.iter().all(|message| self.is_plain(message)) {
            return;
        }
        // First what changes whose is what: a message that came before must not be decided for a shard that has just been given up.
        let mut others = Vec::with_capacity(messages.len());
        for message in std::mem::take(messages) {
            match message {
                Message::Own { shards, reply } => self.own(shards, reply),
                Message::Disown { shards, reply } => self.disown(shards, reply),
                Message::Forget(reply) => self.forget(reply),
                Message::Look => self.inbox_at = 0,
                Message::Reopen(parcel) => self.seen.reopen(parcel),
                other => others.push(other),
            }
        }
        for message in others {
            match message {
                other if other.about().is_some_and(|instance| !self.owns(instance)) => {
                    other.refuse(EngineError::Elsewhere);
                }
                Message::Parcel(parcel) if !self.seen.begin(parcel.id) => {}
                other => messages.push(other),
            }
        }
    }

    fn is_plain(&self, message: &Message) -> bool {
        match message {
            Message::Own { .. } | Message::Disown { .. } | Message::Forget(_) => false,
            Message::Look | Message::Reopen(_) | Message::Parcel(_) => false,
            other => other.about().is_none_or(|instance| self.owns(instance)),
        }
    }

    /// Whether the instance is this lane's to decide about.
    pub(super) fn owns(&self, instance: InstanceId) -> bool {
        self.positions.contains_key(&instance.shard())
    }

    /// Reads the instances that these messages need and that are not in memory; answers those that cannot be served.
    async fn bring_in(&mut self, messages: &mut Vec<Message>) -> Vec<Message> {
        self.hold_back(messages);
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
                    if actor.quarantined {
                        self.mended(key, messages);
                    }
                    self.actors.insert(key.instance, actor);
                }
                Ok(None) => {
                    failed.insert(key, EngineError::NotFound);
                }
                Err(why) => {
                    tracing::error!(instance = %key.instance, %why, "an instance cannot be loaded");
                    if let EngineError::Damaged(what) = &why {
                        self.quarantine_damaged(key, what);
                    }
                    failed.insert(key, why);
                }
            }
        }
        let (fine, refused): (Vec<_>, Vec<_>) =
            messages.drain(..).partition(|message| message.needs().is_none_or(|key| !failed.contains_key(&key)));
        for message in refused {
            let error = message.needs().and_then(|key| failed.get(&key)).cloned().unwrap_or(EngineError::NotFound);
            if let Message::Parcel(parcel) = message {
                self.undeliverable(*parcel, &error);
                continue;
            }
            match (message, &error) {
                // The row is still there; the database will be asked again soon.
                (Message::TimerDue { key, timer }, EngineError::Unavailable(_)) => {
                    self.timers.arm(key, timer, self.shared.clock.now() + 1_000);
                }
                // Nobody would ever say these again.
                (message @ (Message::TaskEnded { .. } | Message::Recover { .. }), EngineError::Unavailable(_)) => {
                    self.later(message);
                }
                (message, _) => message.refuse(error),
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
        self.figures.resident.set(self.actors.len() as f64);
    }
}
