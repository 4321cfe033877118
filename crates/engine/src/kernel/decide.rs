//! Deciding: one command in, events and effects out.

use super::command::{Command, CommandError, Context, Entropy, Order, TaskResult};
use super::effect::Effects;
use super::event::{Event, Failure, IncidentKind, Json};
use super::join;
use super::skip;
use super::state::{Active, Held, InstanceState, TimerKind};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::limits;
use heddle_model::plan::{EdgeIx, NodeIx};
use std::collections::VecDeque;

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
    let mut step = Step::new(context, state);
    step.handle(command, actor)?;
    step.settle()?;
    Ok(Decision { events: step.events, executions: step.executions, effects: step.effects })
}

/// A decision under way.
pub(super) struct Step<'a> {
    pub(super) context: Context<'a>,
    pub(super) state: &'a mut InstanceState,
    events: Vec<Event>,
    executions: Vec<(u32, NodeIx)>,
    pub(super) effects: Effects,
    pub(super) entropy: Entropy,
    /// Nodes whose ways in have changed, in the order in which they did.
    touched: VecDeque<NodeIx>,
    /// Edges that died and have not been followed yet.
    dead: Vec<EdgeIx>,
}

impl<'a> Step<'a> {
    fn new(context: Context<'a>, state: &'a mut InstanceState) -> Self {
        Self {
            entropy: context.entropy,
            context,
            state,
            events: Vec::new(),
            executions: Vec::new(),
            effects: Effects::default(),
            touched: VecDeque::new(),
            dead: Vec::new(),
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
            Command::TimerDue(timer) => self.timer_due(timer),
            Command::Recover => self.recover(),
            other => self.repair(other, actor),
        }
    }

    /// Applies an event and records it.
    pub(super) fn emit(&mut self, event: Event) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let node = event.execution().and_then(|number| {
            self.state.live.get(&number).or_else(|| self.state.suspended.get(&number)).map(|execution| execution.node)
        });
        let node = if let Event::NodeEnabled { node, .. } | Event::NodeRefired { node, .. } = &event {
            Some(*node)
        } else {
            node
        };
        if let (Some(number), Some(node)) = (event.execution(), node)
            && self.executions.iter().rev().take(8).all(|known| *known != (number, node))
        {
            self.executions.push((number, node));
        }
        self.state.apply(plan, &event, self.context.now)?;
        self.effects.follow(plan, self.state, &event, node);
        if let (
            Event::NodeCompleted { taken, .. }
            | Event::NodeSkipped { taken, .. }
            | Event::NodeFailed { then: super::event::AfterFailure::Caught(taken), .. },
            Some(node),
        ) = (&event, node)
        {
            self.left(node, taken);
        }
        self.events.push(event);
        Ok(())
    }

    /// A node has ended: its targets are to be looked at, its other ways out are dead.
    fn left(&mut self, node: NodeIx, taken: &[EdgeIx]) {
        let plan = self.context.plan;
        let node = plan.node(node);
        for &edge in node.outgoing.iter().chain(&node.events) {
            self.touched.push_back(plan.edge(edge).to);
            if !taken.contains(&edge) {
                self.dead.push(edge);
            }
        }
    }

    /// Every node with a waiting token is to be looked at: after a pause or a repair.
    pub(super) fn touch_all(&mut self) {
        self.touched.extend(self.state.tokens.iter().map(|&edge| self.context.plan.edge(edge).to));
    }

    fn start(&mut self) -> Result<(), CommandError> {
        self.emit(Event::InstanceStarted)?;
        if let Some(timeout) = self.context.plan.timeout {
            self.arm(TimerKind::Instance, timeout)?;
        }
        self.fire(self.context.plan.start, &[])
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
                if self.state.status == InstanceStatus::Paused {
                    return self.emit(Event::ResultHeld(Held::Completed { number, output, variables }));
                }
                self.complete(number, output, variables)
            }
            Err(error) if self.state.status == InstanceStatus::Paused => {
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
        let Some(timer) = self.state.timers.get(&number).filter(|_| !self.state.frozen) else {
            return Err(CommandError::Stale);
        };
        if timer.due > self.context.now {
            return Err(CommandError::Stale);
        }
        if self.state.status == InstanceStatus::Paused {
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
            TimerKind::Retry(execution) => self.attempt(execution),
            TimerKind::JobTimeout(execution) => {
                self.effects.job_gone(execution);
                self.fail(execution, Failure::timeout("the worker did not answer in time"), None)
            }
            TimerKind::Start => self.start(),
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
            if self.state.status == InstanceStatus::Paused {
                self.emit(Event::ResultHeld(Held::Lost(number)))?;
            } else {
                self.lost(number)?;
            }
        }
        self.touch_all();
        Ok(())
    }

    /// Fires what is enabled until nothing is, then says what the instance has come to.
    fn settle(&mut self) -> Result<(), CommandError> {
        let mut steps = 0;
        loop {
            self.follow_dead_edges()?;
            if self.state.status != InstanceStatus::Running {
                return Ok(());
            }
            let Some((node, consumed)) = self.next_firing() else { break };
            steps += 1;
            if steps > limits::STEPS_PER_COMMAND {
                return self.open_incident(
                    IncidentKind::Limit,
                    (Some(node), None),
                    "STEP_LIMIT",
                    "the flow went round without ever waiting for anything".to_owned(),
                );
            }
            self.fire(node, &consumed)?;
        }
        self.conclude()
    }

    fn follow_dead_edges(&mut self) -> Result<(), CommandError> {
        if self.dead.is_empty() {
            return Ok(());
        }
        let dead = std::mem::take(&mut self.dead);
        let nodes = skip::unreachable_after(self.context.plan, self.state, &dead);
        if nodes.is_empty() {
            return Ok(());
        }
        for &node in &nodes {
            let node = self.context.plan.node(node);
            self.touched.extend(node.outgoing.iter().chain(&node.events).map(|&edge| self.context.plan.edge(edge).to));
        }
        self.emit(Event::NodesSkipped { nodes })
    }

    fn next_firing(&mut self) -> Option<(NodeIx, super::event::Edges)> {
        let plan = self.context.plan;
        if !plan.counted {
            // A token that died or moved elsewhere may have released any waiting join.
            self.touched.clear();
            self.touch_all();
        }
        while !self.touched.is_empty() {
            let node = match self.context.order {
                Order::Fifo => self.touched.pop_front(),
                Order::Lifo => self.touched.pop_back(),
                Order::Seeded => {
                    let at = (self.entropy.next() % self.touched.len() as u64) as usize;
                    self.touched.remove(at)
                }
            }?;
            if let Some(edges) = join::enabled(plan, self.state, node) {
                // It may have tokens for another round.
                self.touched.push_back(node);
                return Some((node, edges));
            }
        }
        None
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
            Held::Timer(_) => false,
        })
    }
}
