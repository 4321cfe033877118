//! What holds whatever comes.

use super::support::{Queue, Work, line};
use heddle_engine::scheduler::{About, Limits, LineIx, Micros, Rate, Scheduler, Ticket, TypeLimits};
use heddle_model::ids::{InstanceId, WorkflowId, WorkspaceId};
use heddle_model::limits::AGEING_TURN;
use proptest::prelude::*;
use std::collections::BTreeMap;

const TYPES: [&str; 3] = ["echo", "slow", "http"];
const TYPE_SLOTS: usize = 2;
const PER_SECOND: u64 = 20;

#[derive(Debug, Clone)]
enum Op {
    Push { workspace: u128, workflow: u128, priority: u8, line: usize },
    Pop,
    Leave { which: prop::sample::Index, ran_ms: u64 },
    Wait(u64),
    PauseWorkflow(u128, bool),
    PauseType(usize, bool),
    PauseAll(bool),
    Slots(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let push = (0..4_u128, 0..3_u128, 0..10_u8, 0..TYPES.len())
        .prop_map(|(workspace, workflow, priority, line)| Op::Push { workspace, workflow, priority, line });
    prop_oneof![
        12 => push,
        10 => Just(Op::Pop),
        8 => (any::<prop::sample::Index>(), 0..5_000_u64).prop_map(|(which, ran_ms)| Op::Leave { which, ran_ms }),
        4 => (0..200_000_u64).prop_map(Op::Wait),
        1 => (0..3_u128, any::<bool>()).prop_map(|(workflow, paused)| Op::PauseWorkflow(workflow, paused)),
        1 => (0..TYPES.len(), any::<bool>()).prop_map(|(line, paused)| Op::PauseType(line, paused)),
        1 => any::<bool>().prop_map(Op::PauseAll),
        1 => (1..8_usize).prop_map(Op::Slots),
    ]
}

fn limits(slots: usize) -> Limits {
    let slow = TypeLimits { slots: Some(TYPE_SLOTS), ..TypeLimits::default() };
    let http = TypeLimits {
        rate: Some(Rate { per_second: PER_SECOND as f64, burst: 3 }),
        workspace_rate: Some(Rate { per_second: 5.0, burst: 1 }),
        ..TypeLimits::default()
    };
    Limits { slots, types: [("slow".to_owned(), slow), ("http".to_owned(), http)].into(), ..Limits::default() }
}

/// A scheduler under test, and what is known of it.
struct Bench {
    queue: Queue,
    lines: Vec<LineIx>,
    now: Micros,
    pushed: Vec<usize>,
    running: Vec<(Ticket, u64)>,
    started: BTreeMap<u64, Micros>,
}

impl Bench {
    fn new() -> Self {
        let mut queue = Scheduler::new(limits(4));
        let lines = TYPES.map(|name| line(&mut queue, name)).to_vec();
        Self { queue, lines, now: 0, pushed: Vec::new(), running: Vec::new(), started: BTreeMap::new() }
    }

    fn run(&mut self, op: &Op) -> Result<(), TestCaseError> {
        match op {
            Op::Push { workspace, workflow, priority, line } => {
                let number = self.pushed.len() as u64;
                let about = About {
                    workspace: WorkspaceId::from_u128(*workspace),
                    workflow: WorkflowId::from_u128(*workflow),
                    instance: InstanceId::from_u128(*workspace * 10 + *workflow),
                    priority: *priority,
                };
                self.queue.push(self.now, self.lines[*line], about, Work(number));
                self.pushed.push(*line);
            }
            Op::Pop => self.pop()?,
            Op::Leave { which, ran_ms } if !self.running.is_empty() => {
                let (ticket, _) = self.running.swap_remove(which.index(self.running.len()));
                self.queue.leave(self.now, ticket, *ran_ms);
            }
            Op::Leave { .. } => {}
            Op::Wait(micros) => self.now += micros,
            Op::PauseWorkflow(workflow, paused) => {
                self.queue.pause_workflow(self.now, WorkflowId::from_u128(*workflow), *paused);
            }
            Op::PauseType(line, paused) => self.queue.pause_type(TYPES[*line], *paused),
            Op::PauseAll(paused) => self.queue.pause_all(*paused),
            // Rates begin anew with new limits, so this bench leaves `http` be and only asks for fewer or more slots.
            Op::Slots(slots) => {
                let http = self.queue.limits().clone();
                if self.started.is_empty() {
                    self.queue.set_limits(self.now, Limits { slots: *slots, ..http }).unwrap();
                }
            }
        }
        Ok(())
    }

    fn pop(&mut self) -> Result<(), TestCaseError> {
        let Some(started) = self.queue.pop(self.now) else {
            // Nobody is idle while something may run: whatever is left can say what holds it back.
            for number in (0..self.pushed.len() as u64).filter(|number| !self.started.contains_key(number)) {
                let queued = self.queue.why(self.now, |work| work.0 == number);
                prop_assert!(queued.as_ref().is_some_and(|it| !it.blocked.is_empty()), "{number}: {queued:?}");
            }
            return Ok(());
        };
        prop_assert!(self.started.insert(started.what.0, self.now).is_none(), "it ran twice");
        self.running.push((started.ticket, started.what.0));
        prop_assert!(self.running.len() <= self.queue.limits().slots);
        let slow = self.running.iter().filter(|(_, number)| self.pushed[*number as usize] == 1).count();
        prop_assert!(slow <= TYPE_SLOTS);
        Ok(())
    }

    /// Everything is let go and everything ends.
    fn finish(&mut self) -> Result<(), TestCaseError> {
        (0..3).for_each(|workflow| self.queue.pause_workflow(self.now, WorkflowId::from_u128(workflow), false));
        TYPES.iter().for_each(|name| self.queue.pause_type(name, false));
        self.queue.pause_all(false);
        let mut rounds = 0;
        while !self.queue.is_empty() {
            let (before, idle) = (self.started.len(), self.running.is_empty());
            self.pop()?;
            for (ticket, _) in std::mem::take(&mut self.running) {
                self.queue.leave(self.now, ticket, 1);
            }
            if idle && self.started.len() == before {
                let wake = self.queue.wake_at(self.now);
                prop_assert!(wake.is_some_and(|at| at > self.now), "nothing runs, nothing is waited for: {wake:?}");
                self.now = wake.unwrap();
            }
            rounds += 1;
            prop_assert!(rounds < 100_000);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Everything that comes runs exactly once, within its slots and rates, and nothing waits without a reason that it can name.
    #[test]
    fn all_run_once_within_their_limits(ops in prop::collection::vec(op(), 1..250)) {
        let mut bench = Bench::new();
        ops.iter().try_for_each(|op| bench.run(op))?;
        bench.finish()?;
        prop_assert_eq!(bench.started.len(), bench.pushed.len());
        let mut http: Vec<Micros> =
            bench.started.iter().filter(|(number, _)| bench.pushed[**number as usize] == 2).map(|(_, at)| *at).collect();
        http.sort_unstable();
        for (ix, from) in http.iter().enumerate() {
            for (jx, to) in http.iter().enumerate().skip(ix) {
                prop_assert!((jx - ix + 1) as u64 <= 3 + (to - from) * PER_SECOND / 1_000_000 );
            }
        }
    }

    /// Of what could run, the highest priority begins, but for one start in `AGEING_TURN`.
    #[test]
    fn priority_first_but_for_the_turns(pushes in prop::collection::vec((0..3_u128, 0..10_u8), 1..300)) {
        let mut queue = Scheduler::new(Limits { slots: 1, ..Limits::default() });
        let echo = line(&mut queue, "echo");
        let mut waiting = [0_usize; 10];
        for (number, (workspace, priority)) in pushes.iter().enumerate() {
            queue.push(0, echo, super::support::about(*workspace, *priority), Work(number as u64));
            waiting[usize::from(*priority)] += 1;
        }
        for start in 1..=pushes.len() as u64 {
            let started = queue.pop(0).unwrap();
            queue.leave(0, started.ticket, 0);
            let priority = usize::from(pushes[started.what.0 as usize].1);
            let highest = waiting.iter().rposition(|count| *count > 0).unwrap();
            prop_assert!(priority == highest || start % AGEING_TURN == 0);
            waiting[priority] -= 1;
        }
    }

    /// Bounded waiting: whatever else comes all the time, and at whatever priority, an attempt begins after a number of starts that
    /// depends only on how much its own workspace had waiting and on how many share the server, not on what comes after it.
    #[test]
    fn nothing_starves(
        before in prop::collection::vec((0..3_u128, 0..10_u8, 0..2_usize), 0..120),
        victim in (0..10_u8, 0..2_usize),
        flood in prop::collection::vec((1..3_u128, 0..10_u8, 0..2_usize), 1..6),
    ) {
        let mut queue = Scheduler::new(Limits { slots: 1, ..Limits::default() });
        let lines = ["echo", "http"].map(|name| line(&mut queue, name));
        // The victim's workspace is 0; each number is an instance of its own.
        let push = |queue: &mut Queue, number: u64, (workspace, priority, at): (u128, u8, usize)| {
            let instance = InstanceId::from_u128(u128::from(number));
            let about = About { instance, ..super::support::about(workspace, priority) };
            queue.push(0, lines[at], about, Work(number));
        };
        let mut number = 0;
        for wish in &before {
            push(&mut queue, number, *wish);
            number += 1;
        }
        let own = before.iter().filter(|(workspace, ..)| *workspace == 0).count() as u64;
        let chosen = number;
        push(&mut queue, chosen, (0, victim.0, victim.1));
        let (flows, priorities, levels) = (3 * 2, 10, 4);
        let bound = AGEING_TURN * (priorities - 1) * flows * AGEING_TURN * (levels - 1) * (own + 2);
        let mut starts = 0;
        loop {
            // More comes than can be served, for ever.
            for wish in &flood {
                number += 1;
                // Wrapping keeps clear of the numbers that stand for cancelled ones.
                push(&mut queue, chosen + 1 + number % 900_000, *wish);
            }
            let started = queue.pop(0).unwrap();
            queue.leave(0, started.ticket, 0);
            starts += 1;
            if started.what == Work(chosen) {
                break;
            }
            prop_assert!(starts <= bound, "it has not begun after {starts} starts");
        }
    }
}
