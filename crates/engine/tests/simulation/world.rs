//! The world: virtual time, and what only an onlooker can know — what landed in the storage when, which attempts really ran, which
//! token was given to whom. The checker holds it against what engines and clients say.

use heddle_engine::kernel::{InstanceState, codec};
use heddle_engine::storage::memory::MemoryStorage;
use heddle_engine::storage::{Batch, Fence, JobRow, Unit};
use heddle_model::ids::{InstanceId, JobId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::plan::Plan;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId::from_u128(1);
pub(crate) const WORKFLOW: WorkflowId = WorkflowId::from_u128(9);
/// Lines of a trace past which nothing sensible is going on.
const MOST_LINES: u64 = 500_000;
/// When every simulation begins.
const BEGIN: i64 = 1_763_800_000_000;

/// A commit's part for one instance, as it landed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Landed {
    /// Its place among everything that happened.
    pub(crate) order: u64,
    /// The database's time.
    pub(crate) at: i64,
    /// Of its owner.
    pub(crate) fence: Fence,
}

/// An attempt of a built-in task that really ran.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) order: u64,
    pub(crate) instance: InstanceId,
    pub(crate) node: Arc<str>,
    /// The idempotency key that the task saw.
    pub(crate) key: String,
    pub(crate) attempt: u32,
}

/// A job that was given to a worker.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) order: u64,
    pub(crate) job: JobId,
    pub(crate) instance: InstanceId,
    pub(crate) number: u32,
}

/// What the onlooker has written down.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// By instance and first event.
    pub(crate) landed: BTreeMap<(InstanceId, u64), Landed>,
    /// Instances in the order in which they came to be.
    pub(crate) created: Vec<InstanceId>,
    pub(crate) runs: Vec<Run>,
    /// When jobs were offered.
    pub(crate) offers: BTreeMap<JobId, Vec<u64>>,
    /// By token.
    pub(crate) given: BTreeMap<u64, Given>,
    /// States that were told to someone: a checksum, by instance and last event.
    pub(crate) told: BTreeMap<(InstanceId, u64), u32>,
    pub(crate) violations: Vec<String>,
    /// Who owns each shard.
    pub(crate) owners: BTreeMap<u16, Fence>,
    order: u64,
}

/// The world of one simulation. There is one thread; the locks are there because the engine's traits ask for them.
#[derive(Debug)]
pub(crate) struct World {
    begun: Instant,
    pub(crate) memory: Memory,
    pub(crate) plans: BTreeMap<VersionId, Arc<Plan>>,
    notes: Mutex<Notes>,
    trace: Mutex<Trace>,
}

/// Memory storage, without a debug form of its own.
#[derive(Clone, Default)]
pub(crate) struct Memory(pub(crate) MemoryStorage);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

/// Everything that happened, as a number: two runs of one seed must give the same.
#[derive(Debug, Default)]
struct Trace {
    hash: u64,
    lines: u64,
    line: String,
    shown: bool,
}

impl World {
    pub(crate) fn new(memory: MemoryStorage, plans: BTreeMap<VersionId, Arc<Plan>>, shown: bool) -> Self {
        Self {
            begun: Instant::now(),
            memory: Memory(memory),
            plans,
            notes: Mutex::default(),
            trace: Mutex::new(Trace { hash: 0xcbf2_9ce4_8422_2325, shown, ..Trace::default() }),
        }
    }

    /// The true time, which is the database's.
    pub(crate) fn now(&self) -> i64 {
        BEGIN + self.begun.elapsed().as_millis() as i64
    }

    /// The storage's clock shows the true time.
    pub(crate) fn set_clock(&self) {
        self.memory.0.set_now(self.now());
    }

    /// Writes a line of the trace.
    pub(crate) fn trace(&self, line: std::fmt::Arguments<'_>) {
        let mut trace = self.trace.lock().unwrap();
        let Trace { hash, lines, line: buffer, shown } = &mut *trace;
        buffer.clear();
        write!(buffer, "{:>7} {line}", self.now() - BEGIN).unwrap();
        // FNV-1a: the standard library promises no hash that stays.
        *hash = buffer.bytes().fold(*hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        *lines += 1;
        assert!(*lines < MOST_LINES, "it goes round in circles");
        if *shown {
            eprintln!("{buffer}");
        }
    }

    /// More for those who look at one seed; no part of the trace.
    pub(crate) fn show(&self, text: impl FnOnce() -> String) {
        if self.trace.lock().unwrap().shown {
            eprintln!("{}", text());
        }
    }

    /// The trace as a number, and how many lines it has.
    pub(crate) fn trace_hash(&self) -> (u64, u64) {
        let trace = self.trace.lock().unwrap();
        (trace.hash, trace.lines)
    }

    pub(crate) fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    /// The place of something that happens now among everything.
    pub(crate) fn order(&self) -> u64 {
        let mut notes = self.notes();
        notes.order += 1;
        notes.order
    }

    /// Something is wrong, and is known at once.
    pub(crate) fn violation(&self, what: String) {
        self.trace(format_args!("VIOLATION {what}"));
        self.notes().violations.push(what);
    }

    pub(crate) fn owned(&self, fence: Fence, shards: &[u16]) {
        self.notes().owners.extend(shards.iter().map(|shard| (*shard, fence)));
    }

    pub(crate) fn disowned(&self, fence: Fence, shards: Option<&[u16]>) {
        let of = |shard: &u16| shards.is_none_or(|shards| shards.contains(shard));
        self.notes().owners.retain(|shard, owner| *owner != fence || !of(shard));
    }

    /// A commit has landed.
    pub(crate) fn landed(&self, batch: &Batch) {
        let at = self.now();
        let mut notes = self.notes();
        let is_foreign = |unit: &&Unit| notes.owners.get(&unit.shard) != Some(&batch.fence);
        let foreign: Vec<InstanceId> = batch.units.iter().filter(is_foreign).map(|unit| unit.instance).collect();
        for unit in &batch.units {
            notes.order += 1;
            let order = notes.order;
            notes.landed.insert((unit.instance, unit.journal.first_seq), Landed { order, at, fence: batch.fence });
            if unit.created.is_some() {
                notes.created.push(unit.instance);
            }
            unit.jobs.iter().for_each(|job| notes.offers.entry(job.id).or_default().push(order));
        }
        drop(notes);
        for instance in foreign {
            self.violation(format!("G4: {:?} wrote {instance}, whose shard it does not own", batch.fence));
        }
    }

    pub(crate) fn given_out(&self, jobs: &[JobRow]) {
        let order = self.order();
        let mut notes = self.notes();
        for job in jobs {
            notes.given.insert(job.token, Given { order, job: job.id, instance: job.instance, number: job.number });
        }
    }

    /// An attempt begins; gives its number.
    pub(crate) fn runs(&self, instance: InstanceId, node: Arc<str>, key: String, attempt: u32) -> usize {
        let order = self.order();
        let mut notes = self.notes();
        notes.runs.push(Run { order, instance, node, key, attempt });
        notes.runs.len() - 1
    }

    /// Someone was told that an instance is like this: that must be durable.
    pub(crate) fn told(&self, state: &InstanceState) {
        let durable = self.memory.0.last_event(state.id);
        if durable < state.seq {
            self.violation(format!("{} was told at event {}, durable is {durable}", state.id, state.seq));
        }
        let sum = codec::checksum(0, &codec::encode_state(state).unwrap());
        let before = self.notes().told.insert((state.id, state.seq), sum);
        if before.is_some_and(|before| before != sum) {
            self.violation(format!("{} was told in two forms at event {}", state.id, state.seq));
        }
    }
}
