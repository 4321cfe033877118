//! What a ready attempt costs on its way through the scheduler, beside the plainest queue that could do the work: a heap by priority
//! and arrival, without fairness, feedback, rates or pauses.
//!
//! `cargo bench -p heddle-engine --bench ready_queue`
//!
//! As in a round of a lane: a batch is pushed under one lock, then slots that become free take the next, one lock each.
#![allow(clippy::unwrap_used, missing_docs)]

use heddle_engine::scheduler::{About, Limits, LineIx, Scheduler, Ticket, Wanted};
use heddle_model::ids::{InstanceId, WorkflowId, WorkspaceId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

const TOTAL: usize = 2_000_000;
const PASSES: usize = 5;

/// As large as what the engine queues.
struct Attempt {
    about: About,
    action: Arc<str>,
    _rest: [u64; 16],
}

impl Wanted for Attempt {}

/// The queue that stood here before the scheduler, word for word, but for slots of types, which `echo` has none of.
#[derive(Default)]
struct Plain {
    ready: BinaryHeap<(u8, Reverse<u64>, usize)>,
    tasks: BTreeMap<usize, Attempt>,
    running: usize,
    running_of: BTreeMap<Arc<str>, usize>,
    arrived: u64,
}

impl Plain {
    fn push(&mut self, attempt: Attempt) {
        self.arrived += 1;
        let place = self.arrived as usize;
        self.ready.push((attempt.about.priority, Reverse(self.arrived), place));
        self.tasks.insert(place, attempt);
    }

    fn next(&mut self, registry: &BTreeMap<&'static str, Arc<str>>) -> Option<Attempt> {
        let (_, _, place) = self.ready.pop()?;
        let attempt = self.tasks.remove(&place)?;
        black_box(registry.get(&*attempt.action).cloned());
        *self.running_of.entry(attempt.action.clone()).or_default() += 1;
        self.running += 1;
        Some(attempt)
    }

    fn leave(&mut self, action: &Arc<str>) {
        self.running -= 1;
        if let Some(running) = self.running_of.get_mut(action) {
            *running -= 1;
        }
    }
}

struct Now {
    scheduler: Scheduler<Attempt>,
    lines: HashMap<Arc<str>, LineIx>,
}

fn attempt(number: usize, instances: usize, actions: &[Arc<str>]) -> Attempt {
    let id = (number % instances) as u128;
    let about = About {
        workspace: WorkspaceId::from_u128(id % 3),
        workflow: WorkflowId::from_u128(id % 7),
        instance: InstanceId::from_u128(id.wrapping_mul(0x9e37_79b9_7f4a_7c15_9e37_79b9_7f4a_7c15)),
        priority: 5,
    };
    Attempt { about, action: actions[0].clone(), _rest: [number as u64; 16] }
}

/// Nanoseconds for each attempt.
fn measure(batch: usize, mut push: impl FnMut(Vec<Attempt>), mut cycle: impl FnMut() -> bool) -> f64 {
    let actions: Vec<Arc<str>> = vec!["echo".into()];
    let mut spent = std::time::Duration::ZERO;
    for round in 0..TOTAL / batch {
        let attempts: Vec<_> = (0..batch).map(|ix| attempt(round * batch + ix, 1_024, &actions)).collect();
        let began = Instant::now();
        push(attempts);
        while cycle() {}
        spent += began.elapsed();
    }
    spent.as_nanos() as f64 / TOTAL as f64
}

fn plain(batch: usize) -> f64 {
    let queue = Mutex::new(Plain::default());
    let names =
        ["delay", "echo", "email", "error", "http", "log", "print", "script", "shell", "sleep", "sql", "transform"];
    let registry: BTreeMap<&'static str, Arc<str>> = names.into_iter().map(|name| (name, name.into())).collect();
    let push = |attempts: Vec<Attempt>| {
        let mut queue = queue.lock().unwrap();
        attempts.into_iter().for_each(|attempt| queue.push(attempt));
    };
    let mut last: Option<Arc<str>> = None;
    let cycle = || {
        let mut queue = queue.lock().unwrap();
        if let Some(action) = last.take() {
            queue.leave(&action);
        }
        let next = queue.next(&registry);
        last = next.as_ref().map(|attempt| attempt.action.clone());
        black_box(&next);
        next.is_some()
    };
    measure(batch, push, cycle)
}

fn scheduler(batch: usize) -> f64 {
    let queue = Mutex::new(Now { scheduler: Scheduler::new(Limits::default()), lines: HashMap::new() });
    let began = Instant::now();
    let push = |attempts: Vec<Attempt>| {
        let now = began.elapsed().as_micros() as u64;
        let mut queue = queue.lock().unwrap();
        for attempt in attempts {
            let known = queue.lines.get(&attempt.action).copied();
            let line = known.unwrap_or_else(|| {
                let line = queue.scheduler.line(&attempt.action, || None);
                queue.lines.insert(attempt.action.clone(), line);
                line
            });
            queue.scheduler.push(now, line, attempt.about, attempt);
        }
    };
    let mut last: Option<(Ticket, u64)> = None;
    let cycle = || {
        // As the engine does: the clock is read once for each attempt.
        let now = began.elapsed().as_micros() as u64;
        let mut queue = queue.lock().unwrap();
        if let Some((ticket, since)) = last.take() {
            queue.scheduler.leave(now, ticket, (now - since) / 1_000);
        }
        let next = queue.scheduler.pop(now);
        last = next.as_ref().map(|started| (started.ticket, now));
        black_box(&next.as_ref().map(|started| started.what.about));
        next.is_some()
    };
    measure(batch, push, cycle)
}

fn main() {
    println!("nanoseconds for each attempt, pushed and taken; the best and the median of {PASSES} passes");
    println!("{:>8} {:>16} {:>16} {:>8}", "batch", "plain", "scheduler", "ratio");
    for batch in [1, 16, 256, 1_024, 4_096, 32_768] {
        let mut plains: Vec<f64> = Vec::new();
        let mut schedulers: Vec<f64> = Vec::new();
        for _ in 0..PASSES {
            plains.push(plain(batch));
            schedulers.push(scheduler(batch));
        }
        plains.sort_by(f64::total_cmp);
        schedulers.sort_by(f64::total_cmp);
        let middle = PASSES / 2;
        println!(
            "{batch:>8} {:>8.0} {:>7.0} {:>8.0} {:>7.0} {:>8.2}",
            plains[0],
            plains[middle],
            schedulers[0],
            schedulers[middle],
            schedulers[middle] / plains[middle]
        );
    }
}
