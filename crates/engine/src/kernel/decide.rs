//! Deciding: one command in, events and effects out.

use super::command::{Command, CommandError, Context, Entropy, TaskResult};
use super::effect::Effects;
use super::event::{AfterFailure, Event, Failure, Json};
use super::join::Place;
use super::marking::ROOT;
use super::state::{Active, Held, InstanceState, TimerKind};
use heddle_model::limits;
use heddle_model::plan::{EdgeIx, NodeIx, Plan};
use std::collections::{BTreeSet, VecDeque};

/// What a command came to.
#[derive(Debug, Default)]
pub struct Decision {
    /// The facts, in order.
    pub events: Vec<Event>,
    /// The executions that they are about, and their nodes: a reader of one journal row needs no other.
    pub executions: Vec<(u32, NodeIx)>,
    /// What follows from them.
    pub effects: Effects,
}

/// Decides a command and changes `state` by the events that it returns. Where it is refused, `state` is as it was.
pub fn decide(
    context: Context<'_>,
    state: &mut InstanceState,
    command: Command,
    actor: &str,
) -> Result<Decision, CommandError> {
    let target = command.migrate().and_then(|wish| wish.target.clone());
    let mut step = Step::new(context, state);
    step.target = target.as_deref();
    step.handle(command, actor)?;
    step.settle()?;
    step.freeze()?;
    Ok(Decision { events: step.events, executions: step.executions, effects: step.effects })
}

/// A decision under way.
pub(super) struct Step<'a> {
    pub(super) context: Context<'a>,
    /// The version to which the command leads.
    pub(super) target: Option<&'a Plan>,
    pub(super) state: &'a mut InstanceState,
    events: Vec<Event>,
    executions: Vec<(u32, NodeIx)>,
    pub(super) effects: Effects,
    pub(super) entropy: Entropy,
    /// Nodes whose ways in have changed, in the order in which they did.
    pub(super) touched: VecDeque<Place>,
    /// Edges that died and have not been followed yet.
    pub(super) dead: Vec<(u32, EdgeIx)>,
    /// Whether something has changed in the root since its waiting nodes were looked at.
    pub(super) dirty_root: bool,
    /// Inner scopes in which something has.
    pub(super) dirty: BTreeSet<u32>,
    /// Inner scopes in which something has changed since it was asked whether they have ended.
    pub(super) changed: BTreeSet<u32>,
    /// Inner scopes that have changed and have not ended.
    pub(super) looked_at: Vec<u32>,
    /// Items that this decision has started.
    pub(super) started: usize,
    /// Variables have changed since conditions were looked at.
    pub(super) data_changed: bool,
    /// Rounds of loops that are to begin.
    pub(super) begun: VecDeque<u32>,
    /// Rounds of loops that this decision has begun.
    pub(super) rounds: u32,
}

/// What is known of an execution that an event is about, though the event may have ended it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) number: u32,
    pub(super) node: NodeIx,
    pub(super) scope: u32,
    pub(super) iteration: u32,
    pub(super) attempt: u32,
    pub(super) started_at: i64,
    pub(super) released: bool,
    /// The execution that it undoes.
    pub(super) undoes: Option<u32>,
    /// It waits for a person.
    pub(super) is_human: bool,
}

impl Seen {
    pub(super) fn of(state: &InstanceState, number: u32) -> Option<Self> {
        let execution = state.live.get(&number).or_else(|| state.suspended.get(&number))?;
        Some(Self {
            number,
            node: execution.node,
            scope: execution.scope,
            iteration: execution.iteration,
            attempt: execution.attempt,
            started_at: execution.started_at,
            released: execution.released || execution.undoes.is_some(),
            undoes: execution.undoes.as_ref().map(|record| record.number),
            is_human: matches!(execution.active, Active::Human(_)),
        })
    }
}

impl<'a> Step<'a> {
    fn new(context: Context<'a>, state: &'a mut InstanceState) -> Self {
        Self {
            entropy: context.entropy,
            context,
            target: None,
            state,
            events: Vec::new(),
            executions: Vec::new(),
            effects: Effects::default(),
            touched: VecDeque::new(),
            dead: Vec::new(),
            dirty_root: false,
            dirty: BTreeSet::new(),
            changed: BTreeSet::new(),
            looked_at: Vec::new(),
            started: 0,
            data_changed: false,
            begun: VecDeque::new(),
            rounds: 0,
        }
    }

    fn handle(&mut self, command: Command, actor: &str) -> Result<(), CommandError> {
        match command {
            Command::Start => self.start(),
            Command::StartAt(due) => {
                self.emit(Event::TimerArmed { timer: self.state.next_timer, kind: TimerKind::Start, due })
            }
            Command::TaskEnded { number, attempt, result } => self.task_ended(number, attempt, result),
            Command::JobEnded { number, result } => self.job_ended(number, result),
            Command::JobLost { number, lost } => self.job_lost(number, lost),
            Command::TimerDue(timer) => self.timer_due(timer),
            Command::Recover => self.recover(),
            Command::Message { name, key, payload, expires } => self.message_came(name, key, payload, expires),
            Command::Signal { name, payload } => self.signal_came(&name, payload),
            Command::CalledBy(caller) => self.emit(Event::CalledBy(caller)),
            Command::Delivered { subscription, letter } => self.delivered(subscription, letter),
            Command::Granted { number, name } => self.granted(number, &name),
            other => self.repair(other, actor),
        }
    }

    /// Applies an event and records it.
    pub(super) fn emit(&mut self, event: Event) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let known = super::post::Known::of(self.state, plan);
        let mut seen = event.execution().and_then(|number| Seen::of(self.state, number));
        self.state.apply(plan, &event, self.context.now)?;
        if let Some((number, _)) = event.begun() {
            seen = Seen::of(self.state, number);
        }
        if let Some(seen) = &seen {
            self.know((seen.number, seen.node));
            if let Event::NodeRepeated { again, .. } = &event {
                self.know((*again, seen.node));
            }
            self.touch_scope(seen.scope);
        }
        if let Some(scope) = event.scope() {
            self.touch_scope(scope);
        }
        self.effects.follow(plan, self.state, &event, seen.as_ref());
        self.effects.tell_others(plan, self.state, &event, known.as_ref());
        if let Some(seen) = seen {
            match &event {
                Event::NodeCancelled { .. } | Event::NodeFailed { then: AfterFailure::Scope, .. } if !seen.released => {
                    self.left(&seen, &[]);
                }
                _ => {}
            }
            if let Some(taken) = event.taken().filter(|_| !seen.released) {
                self.left(&seen, taken);
            }
        }
        match &event {
            Event::VariablesChanged { .. } => self.data_changed = true,
            Event::NodeCompleted { variables, .. } | Event::NodeRepeated { variables, .. } => {
                self.data_changed |= !variables.is_empty();
            }
            Event::InstanceMigrated(_) => self.context.plan = self.target.unwrap_or(plan),
            Event::TokensAdded { scope, edges } => {
                self.touched.extend(edges.iter().map(|&edge| (*scope, plan.edge(edge).to)));
            }
            _ => {}
        }
        self.events.push(event);
        Ok(())
    }

    pub(super) fn know(&mut self, execution: (u32, NodeIx)) {
        if self.executions.iter().rev().take(8).all(|known| *known != execution) {
            self.executions.push(execution);
        }
    }

    pub(super) fn touch_scope(&mut self, scope: u32) {
        // Most instances have no other scope than the root: that must cost nothing.
        if scope == ROOT {
            self.dirty_root = true;
        } else {
            self.dirty.insert(scope);
            self.changed.insert(scope);
        }
    }

    /// A node has ended: its targets are to be looked at, its other ways out are dead.
    fn left(&mut self, seen: &Seen, taken: &[EdgeIx]) {
        let plan = self.context.plan;
        let node = plan.node(seen.node);
        for &edge in node.outgoing.iter().chain(&node.events) {
            self.touched.push_back((seen.scope, plan.edge(edge).to));
            if !taken.contains(&edge) {
                self.dead.push((seen.scope, edge));
            }
        }
    }

    fn start(&mut self) -> Result<(), CommandError> {
        self.emit(Event::InstanceStarted)?;
        if let Some(timeout) = self.context.plan.timeout {
            self.arm(TimerKind::Instance, timeout)?;
        }
        self.listen_in(ROOT)?;
        self.fire((ROOT, self.context.plan.start), &[])
    }

    /// Arms a timer that fires `after` milliseconds from now.
    pub(super) fn arm(&mut self, kind: TimerKind, after: u64) -> Result<(), CommandError> {
        let due = self.due(after);
        self.emit(Event::TimerArmed { timer: self.state.next_timer, kind, due })
    }

    pub(super) fn due(&self, after: u64) -> i64 {
        self.context.now.saturating_add(after.min(limits::DURATION_MS) as i64)
    }

    fn task_ended(&mut self, number: u32, attempt: u32, result: TaskResult) -> Result<(), CommandError> {
        let current = self.state.live.get(&number).is_some_and(|it| it.active == Active::Task && it.attempt == attempt);
        if !current || self.state.held_result(number) {
            return Err(CommandError::Stale);
        }
        self.ended(number, result)
    }

    fn job_ended(&mut self, number: u32, result: TaskResult) -> Result<(), CommandError> {
        let waits = self.state.live.get(&number).is_some_and(|execution| execution.active == Active::Job);
        if !waits || self.state.held_result(number) {
            return Err(CommandError::Stale);
        }
        self.withdraw_job(number)?;
        self.ended(number, result)
    }

    /// Its attempts are counted where they are given out, so that one that kills its workers is found too.
    fn job_lost(&mut self, number: u32, lost: u32) -> Result<(), CommandError> {
        let waits = self.state.live.get(&number).is_some_and(|execution| execution.active == Active::Job);
        if !waits || self.waits(number) || lost < limits::LOST_ATTEMPTS {
            return Err(CommandError::Stale);
        }
        self.withdraw_job(number)?;
        self.poisoned(number, lost, "because their workers did not answer")
    }

    /// The job's row and the timer of its timeout go.
    pub(super) fn withdraw_job(&mut self, number: u32) -> Result<(), CommandError> {
        self.effects.job_gone(number);
        let timer = self
            .state
            .timers
            .iter()
            .find(|(_, timer)| timer.kind == TimerKind::JobTimeout(number))
            .map(|(&timer, _)| timer);
        timer.map_or(Ok(()), |timer| self.emit(Event::TimerDisarmed { timer }))
    }

    fn ended(&mut self, number: u32, result: TaskResult) -> Result<(), CommandError> {
        match result {
            Ok(output) => {
                self.log(number, output.logs);
                let variables = output.variables.into_iter().map(|(name, value)| (name, Json(value))).collect();
                let output = Json(output.output);
                if self.waits(number) {
                    return self.emit(Event::ResultHeld(Held::Completed { number, output, variables }));
                }
                self.complete(number, output, variables)
            }
            Err(error) if self.waits(number) => {
                self.emit(Event::ResultHeld(Held::Failed { number, error: error.into() }))
            }
            Err(error) => {
                let retry_after = error.retry_after_ms;
                self.fail(number, error.into(), retry_after)
            }
        }
    }

    fn timer_due(&mut self, number: u32) -> Result<(), CommandError> {
        // Disarmed meanwhile, frozen, or before its time: nothing happens.
        let Some(timer) = self.state.timers.get(&number).filter(|_| !self.state.is_frozen(number)) else {
            return Err(CommandError::Stale);
        };
        if timer.due > self.context.now {
            return Err(CommandError::Stale);
        }
        if self.timer_waits(timer.kind) {
            if self.state.held.contains(&Held::Timer(number)) {
                return Err(CommandError::Stale);
            }
            return self.emit(Event::ResultHeld(Held::Timer(number)));
        }
        self.timer_fired(number)
    }

    pub(super) fn timer_fired(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(timer) = self.state.timers.get(&number).cloned() else { return Ok(()) };
        self.emit(Event::TimerFired { timer: number })?;
        match timer.kind {
            TimerKind::Wait(execution) => self.complete(execution, Json::default(), Vec::new()),
            TimerKind::Retry(execution) => self.begin_again(execution),
            TimerKind::Escalation(execution) => self.escalate_task(execution),
            TimerKind::Items(execution) => self.next_items(execution),
            TimerKind::JobTimeout(execution) => {
                self.withdraw(execution)?;
                self.fail(execution, Failure::timeout("it took longer than its timeout"), None)
            }
            TimerKind::Start => self.start(),
            TimerKind::Event(owner, subscription) => self.timer_happened(owner, subscription),
            TimerKind::Instance => self.fail_instance(&Failure::timeout("the instance ran longer than its timeout")),
        }
    }

    /// The tasks that ran are counted as lost and begun again.
    fn recover(&mut self) -> Result<(), CommandError> {
        let active: Vec<u32> = self
            .state
            .live
            .iter()
            .filter(|(number, it)| it.active == Active::Task && !self.state.held_result(**number))
            .map(|(&n, _)| n)
            .collect();
        for number in active {
            self.emit(Event::AttemptLost { number })?;
            if self.waits(number) {
                self.emit(Event::ResultHeld(Held::Lost(number)))?;
            } else {
                self.lost(number)?;
            }
        }
        self.touch_all();
        Ok(())
    }

    fn log(&mut self, number: u32, lines: Vec<(std::sync::Arc<str>, String)>) {
        let Some(execution) = self.state.live.get(&number) else { return };
        let node = self.context.plan.node(execution.node).id.clone();
        let at = self.context.now;
        self.effects.logs.extend(lines.into_iter().map(|(level, message)| crate::storage::LogRow {
            number,
            node: node.clone(),
            level,
            message,
            at,
        }));
    }

    /// Logs what a pure task said.
    pub(super) fn log_pure(&mut self, number: u32, lines: Vec<(std::sync::Arc<str>, String)>) {
        self.log(number, lines);
    }
}

impl InstanceState {
    /// Whether a result of this execution is held already.
    pub(super) fn held_result(&self, wanted: u32) -> bool {
        self.held.iter().any(|held| match held {
            Held::Completed { number, .. } | Held::Failed { number, .. } | Held::Lost(number) => *number == wanted,
            Held::Child { number, .. } => *number == wanted,
            Held::Begin(number) | Held::Again(number) | Held::Granted(number) => *number == wanted,
            Held::Timer(_) | Held::Message(_) | Held::Signal { .. } | Held::Event { .. } => false,
        })
    }
}
