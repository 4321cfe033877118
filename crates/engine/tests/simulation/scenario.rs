//! One simulation: a world, servers, clients and workers, and what goes wrong, all from one number; then calm, and the checker.

use super::chance::Chance;
use super::check::check;
use super::clients::Clients;
use super::flows;
use super::history::History;
use super::server::{Server, Setup};
use super::store::{Sky, Weather};
use super::world::{WORKSPACE, World};
use heddle_engine::storage::memory::MemoryStorage;
use heddle_model::ids::VersionId;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What came of a simulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Everything that happened, as a number.
    pub(crate) trace: u64,
    /// Lines of the trace.
    pub(crate) lines: u64,
    /// What was wrong.
    pub(crate) violations: Vec<String>,
}

/// Runs an asynchronous simulation in virtual time on one thread.
pub(crate) fn in_virtual_time<F: Future>(simulation: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(simulation)
}

/// The simulation of a seed.
pub(crate) fn run(seed: u64, shown: bool) -> Outcome {
    in_virtual_time(async move {
        let stage = Stage::new(seed, shown);
        if tokio::time::timeout(LONGEST, stage.play()).await.is_err() {
            stage.world.violation("it does not come to an end".to_owned());
        }
        stage.outcome()
    })
}

/// Virtual time in which every simulation ends.
const LONGEST: Duration = Duration::from_secs(2 * 3_600);

impl Stage {
    async fn play(&self) {
        let stage = self;
        let people = stage.people();
        let owner = stage.trouble().await;
        stage.until_done(people, owner).await;
        stage.sky.clear();
        stage.good.store(true, Ordering::SeqCst);
        // What was given up may land until then.
        tokio::time::sleep(Duration::from_secs(10)).await;
        let server = stage.clients.servers[owner].clone();
        stage.replace(&server).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        check(&stage.world, &stage.clients.history, &server).await;
        if stage.world.notes().violations.is_empty() {
            stage.clients.operate().await;
            check(&stage.world, &stage.clients.history, &server).await;
        }
    }
}

/// A small run of a seed in which the first engine dies instead of its `step`-th step and another goes on. Gives the steps too.
pub(crate) fn death_at(seed: u64, step: u64) -> (Outcome, u64) {
    in_virtual_time(async move {
        let stage = Stage::new(seed, false);
        *stage.sky.weather.lock().unwrap() = Weather { delay: 5, ..Weather::CALM };
        stage.good.store(true, Ordering::SeqCst);
        let server = stage.clients.servers[0].clone();
        let again = server.clone();
        let gate = server.start(Some(step)).await;
        let keeper = tokio::spawn({
            let gate = gate.clone();
            async move {
                gate.death().await;
                again.gone();
                tokio::time::sleep(Duration::from_millis(100)).await;
                again.start(None).await;
            }
        });
        for one in stage.people() {
            one.await.unwrap();
        }
        stage.clients.operate().await;
        gate.spare();
        let server = stage.running().await;
        check(&stage.world, &stage.clients.history, &server).await;
        keeper.abort();
        (stage.outcome(), gate.steps())
    })
}

/// Everything of one simulation.
pub(crate) struct Stage {
    pub(crate) world: Arc<World>,
    pub(crate) sky: Arc<Sky>,
    pub(crate) clients: Clients,
    pub(crate) good: Arc<AtomicBool>,
    seed: u64,
}

impl Stage {
    pub(crate) fn new(seed: u64, shown: bool) -> Self {
        let mut chance = Chance::new(seed, "flows");
        let memory = MemoryStorage::default();
        let mut plans = BTreeMap::new();
        for number in 0..chance.between(1, 3) {
            let version = VersionId::from_u128(u128::from(100 + number));
            let (definition, plan) = flows::definition(&mut chance);
            memory.define(WORKSPACE, version, definition);
            plans.insert(version, plan);
        }
        let world = Arc::new(World::new(memory, plans, shown));
        let mut chance = Chance::new(seed, "setup");
        let weather = Weather::of(&mut chance);
        let sky = Arc::new(Sky::new(weather, Chance::new(seed, "weather")));
        let setup = Setup::of(&mut chance);
        world.trace(format_args!("seed {seed}: {weather:?}, {setup:?}"));
        let server = |name| Server::new(name, &world, &sky, setup.clone(), seed);
        let clients = Clients {
            world: world.clone(),
            servers: vec![server("anna"), server("bert")],
            history: Arc::new(History::default()),
            numbers: Arc::new(AtomicU64::new(1)),
        };
        Self { world, sky, clients, good: Arc::default(), seed }
    }

    /// Clients and workers begin; the clients end when they have no more wishes.
    pub(crate) fn people(&self) -> Vec<tokio::task::JoinHandle<()>> {
        let mut chance = Chance::new(self.seed, "people");
        for _ in 0..chance.between(1, 2) {
            let own = Chance::new(chance.next(), "worker");
            tokio::spawn(self.clients.clone().worker(own, self.good.clone()));
        }
        (0..chance.between(1, 3))
            .map(|_| {
                let own = Chance::new(chance.next(), "client");
                tokio::spawn(self.clients.clone().client(own, chance.between(4, 14)))
            })
            .collect()
    }

    /// Waits for the clients. A server that says that it owns nothing is replaced, as an operator's supervisor would: an `acquire`
    /// that was given up may have landed after the one that was not, and then a server is fenced by its own ghost.
    async fn until_done(&self, people: Vec<tokio::task::JoinHandle<()>>, owner: usize) {
        let server = &self.clients.servers[owner];
        let mut people = std::pin::pin!(futures::future::join_all(people));
        loop {
            match tokio::time::timeout(Duration::from_secs(2), people.as_mut()).await {
                Ok(done) => break done.into_iter().for_each(Result::unwrap),
                Err(_) => self.replace(server).await,
            }
        }
    }

    /// Starts a server anew where it does not listen.
    async fn replace(&self, server: &Server) {
        while !server.is_up() {
            server.gone();
            server.start(None).await;
        }
    }

    /// What goes wrong, one thing after the other; gives the server that is the owner after it.
    async fn trouble(&self) -> usize {
        let mut chance = Chance::new(self.seed, "trouble");
        let mut owner = 0;
        self.start(&mut chance, owner).await;
        for _ in 0..chance.between(0, 6) {
            tokio::time::sleep(Duration::from_millis(chance.between(0, 5_000))).await;
            let server = &self.clients.servers[owner];
            match chance.below(10) {
                0..=4 => {
                    self.crash(&mut chance, server).await;
                    tokio::time::sleep(Duration::from_millis(chance.below(8_000))).await;
                    self.start(&mut chance, owner).await;
                }
                5 => {
                    server.gate().inspect(|gate| gate.freeze());
                    self.world.trace(format_args!("{} is frozen", server.name));
                    tokio::time::sleep(Duration::from_millis(chance.below(20_000))).await;
                    self.world.trace(format_args!("{} thaws", server.name));
                    server.gate().inspect(|gate| gate.thaw());
                }
                6 | 7 => {
                    owner = 1 - owner;
                    self.take_over(&mut chance, server, owner).await;
                }
                8 => {
                    server.shutdown().await;
                    self.start(&mut chance, owner).await;
                }
                _ => self.bad_weather(&mut chance),
            }
        }
        owner
    }

    /// A server starts, though it may die at any step of it, and starts again.
    async fn start(&self, chance: &mut Chance, which: usize) {
        loop {
            let dies_at = chance.percent(20).then(|| chance.between(1, 40));
            let gate = self.clients.servers[which].start(dies_at).await;
            if !gate.is_dead() && dies_at.is_none() {
                return;
            }
            tokio::time::timeout(Duration::from_secs(20), gate.death()).await.ok();
            self.clients.servers[which].gone();
        }
    }

    /// It dies at some step from here.
    async fn crash(&self, chance: &mut Chance, server: &Server) {
        let Some(gate) = server.gate() else { return };
        let most = *chance.pick(&[5, 50, 500]);
        gate.die_after(chance.between(1, most));
        tokio::time::timeout(Duration::from_secs(20), gate.death()).await.ok();
        server.gone();
    }

    /// Another server becomes the owner, because the first one is frozen or for no reason; the first one goes on for a while.
    async fn take_over(&self, chance: &mut Chance, server: &Server, owner: usize) {
        let frozen = chance.percent(70);
        if frozen {
            server.gate().inspect(|gate| gate.freeze());
            self.world.trace(format_args!("{} is frozen", server.name));
            tokio::time::sleep(Duration::from_millis(chance.between(0, 12_000))).await;
        }
        self.start(chance, owner).await;
        tokio::time::sleep(Duration::from_millis(chance.between(0, 6_000))).await;
        server.gate().inspect(|gate| gate.thaw());
        self.world.trace(format_args!("{} goes on, whatever it owns", server.name));
        tokio::time::sleep(Duration::from_millis(chance.between(0, 8_000))).await;
        // For a while both own some.
        if chance.percent(50) {
            tokio::time::sleep(Duration::from_millis(chance.between(0, 20_000))).await;
        }
        if chance.percent(40) { server.shutdown().await } else { server.gone() }
    }

    fn bad_weather(&self, chance: &mut Chance) {
        let until = self.world.now() + chance.between(500, 8_000) as i64;
        let mut known = self.world.notes().created.clone();
        known.retain(|&id| self.world.memory.0.head(id).is_some_and(|head| head.ended_at.is_none()));
        if known.is_empty() || chance.percent(50) {
            *self.sky.outage.lock().unwrap() = until;
        } else {
            *self.sky.poison.lock().unwrap() = Some((*chance.pick(&known), until));
        }
    }

    /// The one server that runs, when all is calm.
    async fn running(&self) -> Server {
        loop {
            if let Some(server) = self.clients.servers.iter().find(|server| server.is_up()) {
                return server.clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let (trace, lines) = self.world.trace_hash();
        Outcome { trace, lines, violations: self.world.notes().violations.clone() }
    }
}
