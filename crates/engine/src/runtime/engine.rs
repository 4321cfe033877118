//! The engine's handle: what the rest of the product holds.

use super::call::{AnyInput, InputCheck};
use super::clock::Clock;
use super::desk::Desk;
use super::door::{Door, Place};
use super::doorbell::{Alone, Doorbell};
use super::error::EngineError;
use super::figures::Figures;
use super::ids::Ids;
use super::lane::{Lane, Shared};
use super::machine::{Machine, RealMachine};
use super::message::{Key, Message, Reply, SharedState};
use super::plans::Plans;
use super::pool::Pool;
use super::post::Seen;
use super::remote::Request;
use super::request::{CommandRequest, Committed, Outcome};
use super::shards::Shards;
use super::timers::Timers;
use crate::kernel::Order;
use crate::scheduler::{AdmissionLimits, Limits, Load};
use crate::storage::Storage;
use crate::tasks::Registry;
use futures::future::BoxFuture;
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::limits;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Hints that a slow listener may fall behind before it must look for itself.
const HINTS: usize = 16_384;
/// How long a stop waits for rounds under way.
const DRAIN: Duration = Duration::from_secs(8);

/// How an engine runs.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Stable over restarts: a new start under a name takes over from the old one at once.
    pub server_name: String,
    /// Lanes that decide and commit independently of each other.
    pub lanes: usize,
    /// Slots and rates of built-in tasks; they may change while it runs.
    pub scheduling: Limits,
    /// When requests are refused.
    pub admission: AdmissionLimits,
    /// Instances that a lane keeps in memory before it lets idle ones go.
    pub resident: usize,
    /// Hints to and from other servers.
    pub doorbell: Arc<dyn Doorbell>,
    /// Proves what called workflows are started with.
    pub inputs: Arc<dyn InputCheck>,
    /// Events between two snapshots of an instance.
    pub snapshot_events: u64,
    /// Which of several enabled nodes fires first. Nothing may depend on it; tests run in all three.
    pub order: Order,
    /// Where time, randomness and tasks come from.
    pub machine: Arc<dyn Machine>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            server_name: "heddle".to_owned(),
            lanes: 2,
            scheduling: Limits::default(),
            admission: AdmissionLimits::default(),
            resident: 20_000,
            doorbell: Arc::new(Alone),
            inputs: Arc::new(AnyInput),
            snapshot_events: limits::SNAPSHOT_EVENTS,
            order: Order::Fifo,
            machine: Arc::new(RealMachine),
        }
    }
}

/// A running engine. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    pub(super) shared: Arc<Shared>,
    pub(super) tracker: TaskTracker,
    stopping: Arc<AtomicBool>,
}

impl Engine {
    /// Takes over the shards, starts the lanes, and begins to recover what ran before, without waiting for it.
    pub async fn start(
        storage: Arc<dyn Storage>,
        registry: Registry,
        config: EngineConfig,
    ) -> Result<Self, EngineError> {
        let leased = storage.acquire(&config.server_name).await?;
        let clock = Clock::new();
        let before = clock.own_ms();
        clock.correct(storage.now().await?, (before, clock.own_ms()));
        let (senders, inboxes): (Vec<_>, Vec<_>) = (0..config.lanes.max(1)).map(|_| mpsc::unbounded_channel()).unzip();
        let (asks, asked) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            plans: Plans::new(storage.clone()),
            pool: Pool::new(registry.clone(), config.scheduling, config.machine.clone()),
            storage,
            registry,
            clock,
            ids: Ids::new(config.machine.clone()),
            name: config.server_name,
            fence: RwLock::new(leased.fence),
            shards: Shards::default(),
            lanes: senders,
            doorbell: config.doorbell,
            inputs: config.inputs,
            rejoin: Notify::new(),
            others: AtomicBool::new(false),
            recovering: watch::Sender::new(0),
            elsewhere: watch::Sender::new(0),
            committed: broadcast::Sender::new(HINTS),
            bell: Default::default(),
            pauses: Default::default(),
            desk: Desk::new(asks),
            door: Arc::new(Door::new(config.admission, config.lanes.max(1))),
            fenced: AtomicBool::new(false),
            stop: CancellationToken::new(),
            resident: config.resident.max(1),
            snapshot_events: config.snapshot_events.max(1),
            order: config.order,
            machine: config.machine,
        });
        let tracker = TaskTracker::new();
        Self::load_pauses(&shared).await?;
        let engine = Self { shared, tracker, stopping: Arc::default() };
        for (number, inbox) in inboxes.into_iter().enumerate() {
            engine.spawn(Box::pin(lane(&engine.shared, number, inbox).run()));
        }
        engine.spawn(Box::pin(engine.clone().serve_books(asked)));
        engine.own(leased).await;
        engine.spawn(Box::pin(engine.clone().keep_pauses()));
        engine.spawn(Box::pin(engine.clone().keep_membership()));
        engine.spawn(Box::pin(engine.clone().compare_books()));
        engine.spawn(Box::pin(engine.clone().listen()));
        Ok(engine)
    }

    /// Runs something of the engine's own; a stop waits for it.
    pub(super) fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.shared.machine.spawn(Box::pin(self.tracker.track_future(task)));
    }

    /// A new instance's id: of a shard of this server, so that starting it needs no other.
    pub fn new_instance_id(&self) -> InstanceId {
        let any = self.shared.shards.any();
        loop {
            let id = self.shared.ids.instance(&self.shared.clock);
            if !any || self.shared.shards.owns(id.shard()) {
                return id;
            }
        }
    }

    /// The engine's time, in Unix milliseconds: the database's.
    pub fn now_ms(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Whether it accepts work.
    pub fn is_ready(&self) -> bool {
        !self.shared.fenced.load(Ordering::SeqCst) && !self.stopping.load(Ordering::SeqCst)
    }

    /// Whether it owns any shards: a server that has just joined others waits for its share.
    pub fn owns_shards(&self) -> bool {
        self.shared.shards.any()
    }

    /// The shards that this server owns at the moment.
    pub fn shards(&self) -> Vec<u16> {
        self.shared.shards.list()
    }

    /// Rises when other servers have written something: whoever follows their instances must look.
    pub fn elsewhere(&self) -> watch::Receiver<u64> {
        self.shared.elsewhere.subscribe()
    }

    /// Requests that wait or are being decided.
    pub fn queue_depth(&self) -> usize {
        self.shared.door.under_way()
    }

    /// A hint after each commit. A listener that lags is told so, and must look for itself.
    pub fn subscribe(&self) -> broadcast::Receiver<Committed> {
        self.shared.committed.subscribe()
    }

    /// Does something to an instance; gives the state after it. With `dry_run`, the state that would be.
    pub async fn command(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        request: CommandRequest,
    ) -> Result<SharedState, EngineError> {
        self.carry_out(workspace, instance, request).await.map(|outcome| outcome.state)
    }

    /// As `command`; a dry run tells what the command would do beside the state that would be.
    pub async fn carry_out(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        mut request: CommandRequest,
    ) -> Result<Outcome, EngineError> {
        self.prepare(workspace, instance, &mut request.command).await?;
        let key = Key { workspace, instance };
        if self.shared.shards.owns(instance.shard()) {
            let own = request.clone();
            match self
                .ask(instance, (workspace, Load::Less), |reply| Message::Command { key, request: own, reply })
                .await
            {
                // It has just gone to another server.
                Err(EngineError::Elsewhere) => {}
                answer => return answer,
            }
        }
        self.ask_owner(workspace, instance, &Request::Command(request)).await
    }

    /// Stops: no new work, rounds under way end, the shards are given back. What still runs counts as lost and begins again.
    pub async fn shutdown(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        if self.shared.others.load(Ordering::Relaxed) {
            // Others go on with what this server had, from a clean end.
            self.disown(&self.shared.shards.list()).await;
        }
        self.shared.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(DRAIN, self.tracker.wait()).await.is_err() {
            tracing::warn!("a round did not end in time; its commit decides");
        }
        if let Err(why) = self.shared.storage.release(self.shared.fence()).await {
            tracing::warn!(%why, "the shards could not be given back; the next start takes them over");
        }
        self.shared.doorbell.ring();
    }

    /// Sends a request of a person or program, which takes a place under way.
    ///
    /// # Errors
    /// Too much is under way, the server is stopping, or what the lane answers.
    pub(super) async fn ask<T>(
        &self,
        instance: InstanceId,
        (workspace, load): (WorkspaceId, Load),
        message: impl FnOnce(Reply<T>) -> Message,
    ) -> Result<T, EngineError> {
        let place = self.shared.door.enter(workspace, load)?;
        self.send(instance, Some(place), message).await
    }

    /// Sends a message of the engine's own.
    pub(super) async fn tell<T>(
        &self,
        instance: InstanceId,
        message: impl FnOnce(Reply<T>) -> Message,
    ) -> Result<T, EngineError> {
        self.send(instance, None, message).await
    }

    /// Sends a message and waits for the answer. Whoever has a place is refused while the server stops.
    pub(super) async fn send<T>(
        &self,
        instance: InstanceId,
        place: Option<Place>,
        message: impl FnOnce(Reply<T>) -> Message,
    ) -> Result<T, EngineError> {
        if place.is_some() && !self.is_ready() {
            return Err(stopping());
        }
        let (reply, answer) = Reply::new(place);
        let lane = self.shared.lane_of(instance.shard());
        lane.send(message(reply)).map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }
}

pub(super) fn stopping() -> EngineError {
    EngineError::Unavailable("the server is stopping".to_owned())
}

fn lane(shared: &Arc<Shared>, number: usize, inbox: mpsc::UnboundedReceiver<Message>) -> Lane {
    Lane {
        number,
        shared: shared.clone(),
        inbox,
        sender: shared.lanes[number].clone(),
        actors: HashMap::new(),
        timers: Timers::default(),
        shards: Vec::new(),
        positions: HashMap::new(),
        behind: Default::default(),
        inbox_at: 0,
        seen: Seen::default(),
        settlements: Vec::new(),
        leaving: None,
        figures: Figures::new(number),
        quarantined: Default::default(),
    }
}
