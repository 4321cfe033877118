//! The storage as a simulated engine sees it: late, unreachable for a while, unsure whether it did what it was asked, or cut off by
//! the death of its caller in the middle of a call.

use super::chance::Chance;
use super::gate::Gate;
use super::world::World;
use super::wrapped::{Around, Doing, Done};
use heddle_engine::kernel::codec;
use heddle_engine::storage::{Batch, CommitError, StorageError};
use heddle_model::ids::InstanceId;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// How the storage behaves, in thousandths of its calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// Longest usual delay before and after a call, in milliseconds.
    pub(crate) delay: u64,
    /// Calls that take seconds.
    pub(crate) slow: u64,
    /// Calls that are not done, and the caller knows.
    pub(crate) refused: u64,
    /// Calls that may have been done.
    pub(crate) unknown: u64,
    /// Commits that are refused for good.
    pub(crate) fatal: u64,
    /// Calls under way when their engine dies are done all the same: the database is another process.
    pub(crate) outlives: bool,
}

impl Weather {
    /// No faults.
    pub(crate) const CALM: Self = Self { delay: 2, slow: 0, refused: 0, unknown: 0, fatal: 0, outlives: true };

    pub(crate) fn of(chance: &mut Chance) -> Self {
        let bad = [0, 5, 20, 80];
        Self {
            delay: *chance.pick(&[0, 3, 30, 200]),
            slow: *chance.pick(&[0, 0, 5, 30]),
            refused: *chance.pick(&bad),
            unknown: *chance.pick(&bad),
            fatal: *chance.pick(&[0, 0, 10, 40]),
            outlives: chance.percent(50),
        }
    }
}

/// What is shared by all connections to the storage.
#[derive(Debug)]
pub(crate) struct Sky {
    pub(crate) weather: Mutex<Weather>,
    /// Nothing can be reached until then.
    pub(crate) outage: Mutex<i64>,
    /// Units of this instance are refused for good until then.
    pub(crate) poison: Mutex<Option<(InstanceId, i64)>>,
    /// Calls that are still to land though their caller has given them up.
    late: AtomicU64,
    chance: Mutex<Chance>,
}

impl Sky {
    pub(crate) fn new(weather: Weather, chance: Chance) -> Self {
        Self {
            weather: Mutex::new(weather),
            outage: Mutex::default(),
            poison: Mutex::default(),
            late: AtomicU64::default(),
            chance: Mutex::new(chance),
        }
    }

    /// From now on nothing goes wrong.
    pub(crate) fn clear(&self) {
        *self.weather.lock().unwrap() = Weather::CALM;
        *self.outage.lock().unwrap() = 0;
        *self.poison.lock().unwrap() = None;
    }
}

/// One engine's connection to the storage.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) world: Arc<World>,
    pub(crate) sky: Arc<Sky>,
    pub(crate) gate: Arc<Gate>,
    /// Whose, for the trace.
    pub(crate) name: String,
}

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    Refused,
    /// Done, and the caller does not hear it.
    Unheard,
    /// Not done, and the caller does not know.
    Lost,
    /// Done after the caller has been told that nobody knows, so much later.
    Late(Duration),
}

struct Course {
    fate: Fate,
    before: Duration,
    after: Duration,
    outlives: bool,
}

impl Connection {
    fn course(&self) -> Course {
        let weather = *self.sky.weather.lock().unwrap();
        let down = self.world.now() < *self.sky.outage.lock().unwrap();
        let mut chance = self.sky.chance.lock().unwrap();
        let mut delay = || {
            if chance.thousandths(weather.slow) { chance.between(500, 5_000) } else { chance.below(weather.delay + 1) }
        };
        let (before, after) = (Duration::from_millis(delay()), Duration::from_millis(delay()));
        let fate = if down || chance.thousandths(weather.refused) {
            Fate::Refused
        } else if chance.thousandths(weather.unknown) {
            match chance.below(3) {
                0 => Fate::Unheard,
                1 => Fate::Lost,
                _ => Fate::Late(Duration::from_millis(chance.between(1, 1_500))),
            }
        } else {
            Fate::Fine
        };
        Course { fate, before, after, outlives: weather.outlives }
    }

    /// What is refused for good will not land either: so never while something given up is on its way.
    fn is_refused_for_good(&self, batch: &Batch) -> bool {
        let poison = *self.sky.poison.lock().unwrap();
        let is_poisoned = poison.is_some_and(|(instance, until)| {
            self.world.now() < until && batch.units.iter().any(|unit| unit.instance == instance)
        });
        let fatal = self.sky.weather.lock().unwrap().fatal;
        let by_chance = self.sky.chance.lock().unwrap().thousandths(fatal);
        (is_poisoned || by_chance) && self.sky.late.load(Ordering::SeqCst) == 0
    }

    /// Makes a call on its own, so that it goes on, or not, without its caller.
    async fn make<T: Send + 'static, E: Fault>(
        &self,
        what: String,
        doing: Doing<T, E>,
        landed: impl FnOnce(&World) + Send + 'static,
    ) -> Result<T, E> {
        let Course { fate, before, after, outlives } = self.course();
        let (tell, answer) = oneshot::channel();
        let (world, gate, sky) = (self.world.clone(), self.gate.clone(), self.sky.clone());
        tokio::spawn(async move {
            tokio::time::sleep(before).await;
            if gate.is_dead() && !outlives {
                return;
            }
            let mut tell = Some(tell);
            if let Fate::Late(by) = fate {
                world.trace(format_args!("{what}: unknown, to land later"));
                sky.late.fetch_add(1, Ordering::SeqCst);
                drop(tell.take().map(|tell| tell.send(Err(E::unknown()))));
                tokio::time::sleep(by).await;
            }
            let result = match fate {
                Fate::Refused => Err(E::refused()),
                Fate::Lost => Err(E::unknown()),
                Fate::Fine | Fate::Unheard | Fate::Late(_) => {
                    world.set_clock();
                    let result = doing.await;
                    if result.is_ok() {
                        landed(&world);
                    }
                    if matches!(fate, Fate::Late(_)) {
                        sky.late.fetch_sub(1, Ordering::SeqCst);
                    }
                    if fate == Fate::Unheard && result.is_ok() { Err(E::unknown()) } else { result }
                }
            };
            world.trace(format_args!("{what}: {fate:?}{}", result.as_ref().err().map(E::word).unwrap_or_default()));
            tokio::time::sleep(after).await;
            drop(tell.map(|tell| tell.send(result)));
        });
        answer.await.unwrap_or_else(|_| Err(E::unknown()))
    }
}

/// The ways in which a call can fail.
trait Fault: Send + 'static {
    /// Not done.
    fn refused() -> Self;
    /// Perhaps done.
    fn unknown() -> Self;
    /// In the trace.
    fn word(&self) -> String;
}

impl Fault for CommitError {
    fn refused() -> Self {
        Self::Transient("down".to_owned())
    }
    fn unknown() -> Self {
        Self::Unknown("cut".to_owned())
    }
    fn word(&self) -> String {
        format!(" {self}")
    }
}

impl Fault for StorageError {
    fn refused() -> Self {
        Self::Transient("down".to_owned())
    }
    fn unknown() -> Self {
        Self::Transient("cut".to_owned())
    }
    fn word(&self) -> String {
        format!(" {self}")
    }
}

impl Around for Connection {
    async fn commit(&self, batch: Arc<Batch>, doing: Doing<(), CommitError>) -> Result<(), CommitError> {
        let units = batch.units.iter().map(|unit| {
            format!(
                " {}@{}+{}:{:08x}",
                unit.instance, unit.journal.first_seq, unit.journal.count, unit.journal.checksum
            )
        });
        let what = format!("{} commit{}", self.name, units.collect::<String>());
        self.world.show(|| {
            let events = batch.units.iter().flat_map(|unit| codec::decode_row(&unit.journal.events).unwrap().events);
            events.map(|event| format!("\n          {event:?}")).collect()
        });
        if self.is_refused_for_good(&batch) {
            self.world.trace(format_args!("{what}: refused for good"));
            tokio::time::sleep(Duration::from_millis(1)).await;
            return Err(CommitError::Fatal("a row that the database refuses".to_owned()));
        }
        self.make(what, doing, move |world| world.landed(&batch)).await
    }

    async fn settle(&self, doing: Doing<(), CommitError>) -> Result<(), CommitError> {
        self.make(format!("{} settle", self.name), doing, |_| ()).await
    }

    fn done(&self, what: Done<'_>) {
        match what {
            Done::GivenOut(jobs) => self.world.given_out(jobs),
            Done::Owned(fence, shards) => self.world.owned(fence, shards),
            Done::Disowned(fence, shards) => self.world.disowned(fence, shards),
        }
    }

    async fn call<T: Clone + std::fmt::Debug + Send + 'static>(
        &self,
        name: &'static str,
        doing: Doing<T, StorageError>,
    ) -> Result<T, StorageError> {
        self.make(format!("{} {name}", self.name), doing, |_| ()).await
    }
}
