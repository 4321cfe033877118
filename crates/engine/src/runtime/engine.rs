//! The engine's handle: what the rest of the product holds.

use super::clock::Clock;
use super::error::EngineError;
use super::ids::Ids;
use super::lane::{Lane, Shared};
use super::machine::{Machine, RealMachine};
use super::message::{Key, Message, Reply, SharedState};
use super::plans::Plans;
use super::pool::Pool;
use super::request::{CommandRequest, Committed, StartRequest, Started};
use super::timers::Timers;
use crate::kernel::Order;
use crate::storage::{Leased, Storage};
use crate::tasks::Registry;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::limits;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Hints that a slow listener may fall behind before it must look for itself.
const HINTS: usize = 16_384;
/// How often the lease is renewed and the clock compared: a third of a lease of ten seconds.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// How soon a start that is not durable yet is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a stop waits for rounds under way.
const DRAIN: Duration = Duration::from_secs(8);

/// How an engine runs.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Stable over restarts: a new start under a name takes over from the old one at once.
    pub server_name: String,
    /// Lanes that decide and commit independently of each other.
    pub lanes: usize,
    /// Built-in tasks that run at a time.
    pub worker_slots: usize,
    /// Requests that may wait before new ones are refused.
    pub queue_limit: usize,
    /// Instances that a lane keeps in memory before it lets idle ones go.
    pub resident: usize,
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
            worker_slots: 256,
            queue_limit: 20_000,
            resident: 20_000,
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
    lanes: Arc<Vec<mpsc::UnboundedSender<Message>>>,
    queue_limit: usize,
    tracker: TaskTracker,
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
        let shared = Arc::new(Shared {
            plans: Plans::new(storage.clone()),
            pool: Pool::new(registry.clone(), config.worker_slots, config.machine.clone()),
            storage,
            registry,
            clock,
            ids: Ids::new(config.machine.clone()),
            fence: leased.fence,
            committed: broadcast::Sender::new(HINTS),
            bell: Default::default(),
            queued: AtomicUsize::new(0),
            fenced: AtomicBool::new(false),
            stop: CancellationToken::new(),
            resident: config.resident.max(1),
            snapshot_events: config.snapshot_events.max(1),
            order: config.order,
            machine: config.machine,
        });
        let tracker = TaskTracker::new();
        let lanes = (0..config.lanes.max(1))
            .map(|lane| spawn_lane(&shared, &tracker, &leased, (lane, config.lanes.max(1))))
            .collect();
        let engine =
            Self { shared, lanes: Arc::new(lanes), queue_limit: config.queue_limit, tracker, stopping: Arc::default() };
        engine.spawn(Box::pin(engine.clone().keep_lease()));
        let recovering = engine.clone();
        engine.spawn(Box::pin(async move {
            let stop = recovering.shared.stop.clone();
            let recovery = recovering.recover(&leased.shards);
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                result = recovery => match result {
                    Ok(instances) => tracing::info!(instances, "recovered what was running"),
                    Err(why) => tracing::error!(%why, "recovery stopped"),
                }
            }
        }));
        Ok(engine)
    }

    /// Runs something of the engine's own; a stop waits for it.
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.shared.machine.spawn(Box::pin(self.tracker.track_future(task)));
    }

    /// A new instance's id.
    pub fn new_instance_id(&self) -> InstanceId {
        self.shared.ids.instance(&self.shared.clock)
    }

    /// The engine's time, in Unix milliseconds: the database's.
    pub fn now_ms(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Whether it owns its shards and accepts work.
    pub fn is_ready(&self) -> bool {
        !self.shared.fenced.load(Ordering::SeqCst) && !self.stopping.load(Ordering::SeqCst)
    }

    /// Requests that wait or are being decided.
    pub fn queue_depth(&self) -> usize {
        self.shared.queued.load(Ordering::Relaxed)
    }

    /// A hint after each commit. A listener that lags is told so, and must look for itself.
    pub fn subscribe(&self) -> broadcast::Receiver<Committed> {
        self.shared.committed.subscribe()
    }

    /// Starts instances; each is answered in the order asked, after its first commit or, where it waits, at its end.
    pub async fn start_instances(&self, requests: Vec<StartRequest>) -> Vec<Result<Started, EngineError>> {
        let mut starts = FuturesOrdered::new();
        for request in requests {
            starts.push_back(self.start_one(request));
        }
        starts.collect().await
    }

    async fn start_one(&self, request: StartRequest) -> Result<Started, EngineError> {
        let (instance, workspace, wait) = (request.instance, request.workspace, request.wait);
        let plan = self.shared.plans.get(workspace, request.version).await?;
        let answer = self.ask(instance, |reply| Message::Start { request: Box::new(request), plan, reply });
        let state = match wait {
            None => answer.await?,
            Some(wait) => {
                let mut answer = std::pin::pin!(answer);
                let mut wait = wait;
                loop {
                    if let Ok(state) = tokio::time::timeout(wait, answer.as_mut()).await {
                        break state?;
                    }
                    if let Some(loaded) = self.load(workspace, instance).await? {
                        break loaded.state;
                    }
                    // Its first commit is still under way: until that is decided nobody can say that there is none.
                    wait = LOOK_AGAIN;
                }
            }
        };
        Ok(Started { instance, state })
    }

    /// Does something to an instance; gives the state after it. With `dry_run`, the state that would be.
    pub async fn command(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        request: CommandRequest,
    ) -> Result<SharedState, EngineError> {
        let key = Key { workspace, instance };
        self.ask(instance, |reply| Message::Command { key, request, reply }).await
    }

    /// Stops: no new work, rounds under way end, the shards are given back. What still runs counts as lost and begins again.
    pub async fn shutdown(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.shared.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(DRAIN, self.tracker.wait()).await.is_err() {
            tracing::warn!("a round did not end in time; its commit decides");
        }
        if let Err(why) = self.shared.storage.release(self.shared.fence).await {
            tracing::warn!(%why, "the shards could not be given back; the next start takes them over");
        }
    }

    /// Sends a request of a person or program: it may be refused when too much waits.
    pub(super) async fn ask<T>(
        &self,
        instance: InstanceId,
        message: impl FnOnce(Reply<T>) -> Message,
    ) -> Result<T, EngineError> {
        if !self.is_ready() {
            return Err(EngineError::Unavailable("the server is stopping".to_owned()));
        }
        let queued = self.shared.queued.fetch_add(1, Ordering::Relaxed);
        if queued >= self.queue_limit {
            self.shared.queued.fetch_sub(1, Ordering::Relaxed);
            metrics::counter!("heddle_refused_total").increment(1);
            return Err(EngineError::Overloaded { retry_after_ms: 500 });
        }
        self.tell(instance, message).await
    }

    /// Sends a message of the engine's own.
    pub(super) async fn tell<T>(
        &self,
        instance: InstanceId,
        message: impl FnOnce(Reply<T>) -> Message,
    ) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        let lane = &self.lanes[usize::from(instance.shard()) % self.lanes.len()];
        let gone = || EngineError::Unavailable("the server is stopping".to_owned());
        lane.send(message(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Renews the lease, and compares clocks.
    async fn keep_lease(self) {
        loop {
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                () = tokio::time::sleep(HEARTBEAT) => {}
            }
            match self.shared.storage.heartbeat(self.shared.fence).await {
                Ok(true) => {}
                Ok(false) => {
                    if !self.shared.fenced.swap(true, Ordering::SeqCst) {
                        tracing::error!("another server has taken over the shards of this one; it stops deciding");
                    }
                }
                Err(why) => tracing::warn!(%why, "the lease could not be renewed yet"),
            }
            let before = self.shared.clock.own_ms();
            if let Ok(database) = self.shared.storage.now().await {
                self.shared.clock.correct(database, (before, self.shared.clock.own_ms()));
            }
        }
    }
}

fn spawn_lane(
    shared: &Arc<Shared>,
    tracker: &TaskTracker,
    leased: &Leased,
    lane: (usize, usize),
) -> mpsc::UnboundedSender<Message> {
    let (number, lanes) = lane;
    let (sender, inbox) = mpsc::unbounded_channel();
    let own = |shard: &u16| usize::from(*shard) % lanes == number;
    let positions: HashMap<u16, u64> =
        leased.shards.iter().copied().zip(leased.positions.iter().copied()).filter(|(shard, _)| own(shard)).collect();
    let shards = leased.shards.iter().copied().filter(own).collect();
    let lane = Lane {
        shared: shared.clone(),
        inbox,
        sender: sender.clone(),
        actors: HashMap::new(),
        timers: Timers::default(),
        shards,
        positions,
    };
    shared.machine.spawn(Box::pin(tracker.track_future(lane.run())));
    sender
}
