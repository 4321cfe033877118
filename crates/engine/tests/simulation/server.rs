//! A server of the simulation: an engine that is started, dies at any step, is frozen and thawed, and starts again on the same
//! storage under the same name.

use super::chance::Chance;
use super::gate::{Gate, SimulatedMachine};
use super::store::{Connection, Sky};
use super::tasks::registry;
use super::world::World;
use super::wrapped::Wrapped;
use heddle_engine::kernel::Order;
use heddle_engine::runtime::{Engine, EngineConfig, EngineError};
use heddle_engine::scheduler::{AdmissionLimits, Limits};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What someone who asked a server knows afterwards.
#[derive(Debug, Clone)]
pub(crate) enum Answer<T> {
    /// It was done.
    Done(T),
    /// It was not done, and will not be.
    Refused(EngineError),
    /// Nobody knows.
    Unknown,
}

impl<T> Answer<T> {
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Refused(_) => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// How servers are set up.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    lanes: usize,
    worker_slots: usize,
    queue_limit: usize,
    resident: usize,
    snapshot_events: u64,
    order: Order,
}

impl Setup {
    pub(crate) fn of(chance: &mut Chance) -> Self {
        Self {
            lanes: chance.between(1, 3) as usize,
            worker_slots: *chance.pick(&[1, 2, 16]),
            queue_limit: *chance.pick(&[2, 100, 100]),
            resident: *chance.pick(&[1, 3, 1_000]),
            snapshot_events: *chance.pick(&[3, 20, 500]),
            order: *chance.pick(&[Order::Fifo, Order::Lifo, Order::Seeded]),
        }
    }
}

/// A server. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) name: &'static str,
    world: Arc<World>,
    sky: Arc<Sky>,
    setup: Setup,
    chance: Arc<Mutex<Chance>>,
    running: Arc<Mutex<Option<Running>>>,
}

#[derive(Clone)]
struct Running {
    gate: Arc<Gate>,
    /// `None` while it starts.
    engine: Option<Engine>,
}

impl Server {
    pub(crate) fn new(name: &'static str, world: &Arc<World>, sky: &Arc<Sky>, setup: Setup, seed: u64) -> Self {
        Self {
            name,
            world: world.clone(),
            sky: sky.clone(),
            setup,
            chance: Arc::new(Mutex::new(Chance::new(seed, name))),
            running: Arc::default(),
        }
    }

    /// Starts it, as often as it takes; dies at the `n`-th step from its start where one is named.
    pub(crate) async fn start(&self, dies_at: Option<u64>) -> Arc<Gate> {
        let gate = Gate::new(Chance::new(self.chance.lock().unwrap().next(), "machine"));
        dies_at.inspect(|&n| gate.die_after(n));
        *self.running.lock().unwrap() = Some(Running { gate: gate.clone(), engine: None });
        let connection = Connection {
            world: self.world.clone(),
            sky: self.sky.clone(),
            gate: gate.clone(),
            name: self.name.to_owned(),
        };
        let storage = Arc::new(Wrapped { memory: self.world.memory.0.clone(), around: Arc::new(connection) });
        loop {
            let config = EngineConfig {
                server_name: self.name.to_owned(),
                lanes: self.setup.lanes,
                scheduling: Limits { slots: self.setup.worker_slots, ..Limits::default() },
                admission: AdmissionLimits { requests: self.setup.queue_limit, ..AdmissionLimits::default() },
                resident: self.setup.resident,
                snapshot_events: self.setup.snapshot_events,
                order: self.setup.order,
                machine: Arc::new(SimulatedMachine(gate.clone())),
                ..EngineConfig::default()
            };
            self.world.trace(format_args!("{} starts", self.name));
            match gate.inside(Engine::start(storage.clone(), registry(&self.world), config)).await {
                Some(Ok(engine)) => {
                    self.world.trace(format_args!("{} is up", self.name));
                    if let Some(running) = self.running.lock().unwrap().as_mut() {
                        running.engine = Some(engine);
                    }
                    return gate;
                }
                Some(Err(_)) => tokio::time::sleep(Duration::from_millis(500)).await,
                None => {
                    self.gone();
                    return gate;
                }
            }
        }
    }

    /// It is no more: what is left of it in memory is let go.
    pub(crate) fn gone(&self) {
        if let Some(running) = self.running.lock().unwrap().take() {
            running.gate.die();
            self.world.trace(format_args!("{} died after {} steps", self.name, running.gate.steps()));
        }
    }

    pub(crate) fn gate(&self) -> Option<Arc<Gate>> {
        self.running.lock().unwrap().as_ref().map(|running| running.gate.clone())
    }

    /// Stops in an orderly way.
    pub(crate) async fn shutdown(&self) {
        let running = self.running.lock().unwrap().clone();
        if let Some(Running { gate, engine: Some(engine) }) = running {
            gate.inside(async move { engine.shutdown().await }).await;
        }
        self.gone();
    }

    /// Whether it says that it can be asked.
    pub(crate) fn is_up(&self) -> bool {
        self.running.lock().unwrap().as_ref().and_then(|it| it.engine.as_ref()).is_some_and(Engine::is_ready)
    }

    pub(crate) fn new_instance_id(&self) -> Option<heddle_model::ids::InstanceId> {
        self.running.lock().unwrap().as_ref().and_then(|it| it.engine.as_ref()).map(Engine::new_instance_id)
    }

    /// Asks it something, and waits a minute for the answer.
    pub(crate) async fn ask<T, F>(&self, ask: impl FnOnce(Engine) -> F) -> Answer<T>
    where
        F: Future<Output = Result<T, EngineError>>,
    {
        let running = self.running.lock().unwrap().clone();
        let Some(Running { gate, engine: Some(engine) }) = running else {
            return Answer::Refused(EngineError::Unavailable("it does not listen".to_owned()));
        };
        let asked = gate.inside(ask(engine));
        match tokio::time::timeout(Duration::from_secs(60), asked).await {
            Ok(Some(Ok(answer))) => Answer::Done(answer),
            // Said of what was committed elsewhere, or of what was under way when the engine stopped.
            Ok(Some(Err(EngineError::Unavailable(_) | EngineError::Elsewhere))) | Ok(None) | Err(_) => Answer::Unknown,
            Ok(Some(Err(why))) => Answer::Refused(why),
        }
    }
}
