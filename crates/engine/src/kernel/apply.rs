//! Applying events: the only function that changes an instance, live and in replay. It decides nothing.
//!
//! An event that does not fit the state is a damaged or foreign journal: it is refused, never guessed at.

use super::event::{AfterFailure, Created, Event, Failure, Json};
use super::state::{Active, Execution, Incident, InstanceState, NodeRecord, Phase, Timer, TimerKind};
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::{EdgeIx, NodeIx, Plan};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An event that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} of {instance} does not fit: {what}")]
pub struct ApplyError {
    /// The instance.
    pub instance: InstanceId,
    /// The event's number.
    pub seq: u64,
    /// Why not.
    pub what: String,
}

impl InstanceState {
    /// The state after an instance's first event.
    pub fn create(id: InstanceId, workspace: WorkspaceId, created: &Created, at: i64) -> Self {
        Self {
            id,
            workspace,
            workflow: created.workflow,
            version: created.version,
            version_number: created.version_number,
            business_key: created.business_key.clone(),
            priority: created.priority,
            started_by: created.started_by.clone(),
            test: created.test,
            status: InstanceStatus::Created,
            phase: Phase::Forward,
            seq: 1,
            created_at: at,
            started_at: None,
            ended_at: None,
            updated_at: at,
            input: created.input.clone(),
            variables: created.variables.iter().cloned().collect(),
            output: None,
            error: None,
            nodes: BTreeMap::new(),
            live: BTreeMap::new(),
            suspended: BTreeMap::new(),
            tokens: Vec::new(),
            settled: BTreeMap::new(),
            timers: BTreeMap::new(),
            incidents: BTreeMap::new(),
            held: Vec::new(),
            frozen: false,
            skipped: 0,
            completed: 0,
            next_execution: 0,
            next_timer: 0,
            next_incident: 0,
        }
    }

    /// Changes the state by one event that happened at `at`.
    pub fn apply(&mut self, plan: &Plan, event: &Event, at: i64) -> Result<(), ApplyError> {
        self.seq += 1;
        self.updated_at = at;
        self.change(plan, event, at).map_err(|what| ApplyError { instance: self.id, seq: self.seq, what })
    }

    fn change(&mut self, plan: &Plan, event: &Event, at: i64) -> Result<(), String> {
        match event {
            Event::InstanceCreated(_) => return Err("it is created twice".to_owned()),
            Event::InstanceStarted => {
                self.set_status(InstanceStatus::Running)?;
                self.started_at = Some(at);
            }
            Event::InstancePaused { freeze } => self.pause(*freeze, at)?,
            Event::InstanceResumed => self.resume(at)?,
            Event::InstanceCompleted { output } => {
                self.end(InstanceStatus::Completed, at)?;
                self.output = Some(output.clone());
            }
            Event::InstanceFailed { error } => self.fail_instance(error, at)?,
            Event::InstanceTerminated { .. } => {
                self.end(InstanceStatus::Terminated, at)?;
                self.suspended.clear();
                self.tokens.clear();
            }
            Event::InstanceRevived => {
                self.set_status(InstanceStatus::Running)?;
                self.ended_at = None;
                self.error = None;
                let (failed, others) = std::mem::take(&mut self.suspended)
                    .into_iter()
                    .partition(|(_, execution)| execution.active.is_failed());
                self.live.extend::<BTreeMap<u32, Execution>>(failed);
                self.suspended = others;
            }
            Event::VariablesChanged { changes } => self.write_variables(changes),
            Event::Commanded { .. } => {}
            Event::HeldReleased => self.held.clear(),
            Event::ResultHeld(held) => self.held.push(held.clone()),
            Event::NodesSkipped { nodes } => nodes.iter().for_each(|&node| self.skip_unreached(plan, node, at)),
            Event::IncidentOpened { .. } | Event::IncidentResolved { .. } => self.change_incidents(event, at),
            Event::TimerArmed { .. } | Event::TimerFired { .. } | Event::TimerDisarmed { .. } => {
                self.change_timers(event)
            }
            _ => self.change_node(plan, event, at)?,
        }
        Ok(())
    }

    fn change_node(&mut self, plan: &Plan, event: &Event, at: i64) -> Result<(), String> {
        match event {
            Event::NodeEnabled { number, node, consumed } => self.enable(plan, (*number, *node), consumed, at)?,
            Event::NodeStarted { number, attempt, job } => {
                let execution = self.execution(*number)?;
                execution.attempt = *attempt;
                execution.active = if *job { Active::Job } else { Active::Task };
                let node = execution.node;
                self.record(node, *number, |record| {
                    record.status = NodeStatus::Running;
                    record.attempt = *attempt;
                });
            }
            Event::NodeWaiting { number, timer, due } => {
                self.arm(*timer, TimerKind::Wait(*number), *due);
                let execution = self.execution(*number)?;
                execution.active = Active::Timer(*timer);
                let node = execution.node;
                self.record(node, *number, |record| record.status = NodeStatus::Running);
            }
            Event::NodeRetrying { number, error, timer, due } => {
                self.arm(*timer, TimerKind::Retry(*number), *due);
                let execution = self.execution(*number)?;
                execution.active = Active::Retry(*timer);
                let node = execution.node;
                self.record(node, *number, |record| {
                    record.status = NodeStatus::Pending;
                    record.error = Some(error.clone());
                });
            }
            Event::AttemptLost { number } => {
                self.execution(*number)?.lost += 1;
            }
            Event::NodeRevived { number } => self.revive(*number)?,
            Event::NodeRefired { number, node, before } => self.refire(*number, *node, *before, at)?,
            Event::NodeSplitFailed { number, output, variables } => {
                self.assign(variables);
                let execution = self.execution(*number)?;
                execution.active = Active::Split { output: output.clone() };
                let node = execution.node;
                self.record(node, *number, |record| {
                    record.status = NodeStatus::Failed;
                    record.output = Some(output.clone());
                });
            }
            Event::NodeFailed { number, error, then } => self.fail_node(plan, (*number, error, then), at)?,
            Event::NodeCompleted { number, output, variables, taken } => {
                self.assign(variables);
                self.finish(plan, *number, (NodeStatus::Completed, Some(output), at), taken)?;
            }
            Event::NodeSkipped { number, output, taken, .. } => {
                self.finish(plan, *number, (NodeStatus::Skipped, Some(output), at), taken)?;
            }
            Event::NodeCancelled { number } => {
                let execution = self.live.remove(number).ok_or("no such execution")?;
                self.record(execution.node, *number, |record| {
                    record.status = NodeStatus::Cancelled;
                    record.ended_at = Some(at);
                });
            }
            other => return Err(format!("{other:?} is not an event of a node")),
        }
        Ok(())
    }

    fn set_status(&mut self, to: InstanceStatus) -> Result<(), String> {
        self.status = self.status.to(to, self.id).map_err(|illegal| illegal.to_string())?;
        Ok(())
    }

    fn end(&mut self, status: InstanceStatus, at: i64) -> Result<(), String> {
        self.set_status(status)?;
        self.ended_at = Some(at);
        self.timers.clear();
        self.held.clear();
        self.frozen = false;
        Ok(())
    }

    fn pause(&mut self, freeze: bool, at: i64) -> Result<(), String> {
        self.set_status(InstanceStatus::Paused)?;
        self.frozen = freeze;
        if freeze {
            self.timers.values_mut().for_each(|timer| timer.due = (timer.due - at).max(0));
        }
        Ok(())
    }

    fn resume(&mut self, at: i64) -> Result<(), String> {
        self.set_status(InstanceStatus::Running)?;
        if std::mem::take(&mut self.frozen) {
            self.timers.values_mut().for_each(|timer| timer.due += at);
        }
        Ok(())
    }

    /// Timers end with the instance; what its executions were doing is kept beside their numbers for repair.
    fn fail_instance(&mut self, error: &Failure, at: i64) -> Result<(), String> {
        self.end(InstanceStatus::Failed, at)?;
        self.error = Some(error.clone());
        for (number, execution) in std::mem::take(&mut self.live) {
            self.record(execution.node, number, |record| {
                if !record.status.is_ended() {
                    record.status = NodeStatus::Cancelled;
                    record.ended_at = Some(at);
                }
            });
            self.suspended.insert(number, execution);
        }
        Ok(())
    }

    fn fail_node(&mut self, plan: &Plan, failed: (u32, &Failure, &AfterFailure), at: i64) -> Result<(), String> {
        let (number, error, then) = failed;
        let execution = self.execution(number)?;
        execution.active = Active::Failed;
        let node = execution.node;
        if let AfterFailure::Caught(edges) = then {
            self.finish(plan, number, (NodeStatus::Failed, None, at), edges)?;
        }
        self.record(node, number, |record| {
            record.status = NodeStatus::Failed;
            record.error = Some(error.clone());
            record.ended_at = Some(at);
        });
        Ok(())
    }

    fn enable(&mut self, plan: &Plan, which: (u32, NodeIx), consumed: &[EdgeIx], at: i64) -> Result<(), String> {
        let (number, node) = which;
        for edge in consumed {
            let place =
                self.tokens.iter().position(|token| token == edge).ok_or("a token that is not there is consumed")?;
            self.tokens.remove(place);
        }
        // A node that a person made fire early keeps count of the ways that are still open.
        if self.settled.get(&node).is_some_and(|&settled| settled as usize >= plan.node(node).incoming.len()) {
            self.settled.remove(&node);
        }
        self.next_execution = self.next_execution.max(number + 1);
        let record = self.nodes.entry(node).or_insert_with(|| NodeRecord::new(at));
        if record.status == NodeStatus::Skipped {
            self.skipped -= 1;
        }
        let iteration = record.rounds;
        *record = NodeRecord {
            status: NodeStatus::Running,
            rounds: iteration + 1,
            number: Some(number),
            ..NodeRecord::new(at)
        };
        let execution =
            Execution { node, iteration, attempt: 0, forgiven: 0, lost: 0, active: Active::Task, started_at: at };
        if self.live.insert(number, execution).is_some() {
            return Err("an execution's number is used twice".to_owned());
        }
        Ok(())
    }

    fn revive(&mut self, number: u32) -> Result<(), String> {
        let execution = self.execution(number)?;
        execution.forgiven = execution.attempt;
        execution.lost = 0;
        if matches!(execution.active, Active::Split { .. }) {
            return Ok(());
        }
        execution.active = Active::Task;
        let node = execution.node;
        self.record(node, number, |record| {
            record.status = NodeStatus::Pending;
            record.ended_at = None;
        });
        Ok(())
    }

    fn refire(&mut self, number: u32, node: NodeIx, before: u32, at: i64) -> Result<(), String> {
        let old = self.suspended.remove(&before).ok_or("no such execution")?;
        self.next_execution = self.next_execution.max(number + 1);
        self.record(node, before, |record| {
            *record = NodeRecord {
                status: NodeStatus::Running,
                number: Some(number),
                rounds: record.rounds,
                attempt: record.attempt,
                ..NodeRecord::new(at)
            };
        });
        let again = Execution { active: Active::Task, started_at: at, ..old };
        self.live.insert(number, again).map_or(Ok(()), |_| Err("an execution's number is used twice".to_owned()))
    }

    /// Ends an execution: its record says how, tokens lie on the taken edges, every other way out is dead.
    fn finish(
        &mut self,
        plan: &Plan,
        number: u32,
        end: (NodeStatus, Option<&Json>, i64),
        taken: &[EdgeIx],
    ) -> Result<(), String> {
        let (status, output, at) = end;
        let execution = self.live.remove(&number).ok_or("no such execution")?;
        let first = execution.iteration == 0;
        self.record(execution.node, number, |record| {
            record.status = status;
            record.ended_at = Some(at);
            record.output = output.cloned();
        });
        match status {
            NodeStatus::Completed if first => self.completed += 1,
            NodeStatus::Skipped if first => self.skipped += 1,
            _ => {}
        }
        self.leave(plan, execution.node, taken);
        Ok(())
    }

    fn leave(&mut self, plan: &Plan, node: NodeIx, taken: &[EdgeIx]) {
        self.tokens.extend_from_slice(taken);
        if plan.counted {
            let node = plan.node(node);
            for &edge in node.outgoing.iter().chain(&node.events) {
                let to = plan.edge(edge).to;
                if plan.node(to).incoming.len() > 1 {
                    *self.settled.entry(to).or_default() += 1;
                }
            }
        }
    }

    fn skip_unreached(&mut self, plan: &Plan, node: NodeIx, at: i64) {
        let record = self.nodes.entry(node).or_insert_with(|| NodeRecord::new(at));
        record.status = NodeStatus::Skipped;
        record.ended_at = Some(at);
        self.skipped += 1;
        self.settled.remove(&node);
        self.leave(plan, node, &[]);
    }

    fn change_incidents(&mut self, event: &Event, at: i64) {
        match event {
            Event::IncidentOpened { incident, kind, node, execution, code, message } => {
                self.next_incident = self.next_incident.max(incident + 1);
                self.incidents.insert(
                    *incident,
                    Incident {
                        kind: *kind,
                        node: *node,
                        execution: *execution,
                        code: code.clone(),
                        message: message.clone(),
                        opened_at: at,
                    },
                );
            }
            Event::IncidentResolved { incident } => {
                self.incidents.remove(incident);
            }
            _ => {}
        }
    }

    fn change_timers(&mut self, event: &Event) {
        match event {
            Event::TimerArmed { timer, kind, due } => self.arm(*timer, *kind, *due),
            Event::TimerFired { timer } | Event::TimerDisarmed { timer } => {
                self.timers.remove(timer);
            }
            _ => {}
        }
    }

    fn arm(&mut self, timer: u32, kind: TimerKind, due: i64) {
        self.next_timer = self.next_timer.max(timer + 1);
        self.timers.insert(timer, Timer { due, kind });
    }

    fn assign(&mut self, variables: &[(Arc<str>, Json)]) {
        for (name, value) in variables {
            self.variables.insert(name.clone(), value.clone());
        }
    }

    fn write_variables(&mut self, changes: &[(Arc<str>, Option<Json>)]) {
        for (name, value) in changes {
            match value {
                Some(value) => self.variables.insert(name.clone(), value.clone()),
                None => self.variables.remove(name),
            };
        }
    }

    fn execution(&mut self, number: u32) -> Result<&mut Execution, String> {
        self.live.get_mut(&number).ok_or_else(|| format!("there is no live execution {number}"))
    }

    /// Changes the record of a node where `number` is its last execution; an older one has no record of its own.
    fn record(&mut self, node: NodeIx, number: u32, change: impl FnOnce(&mut NodeRecord)) {
        if let Some(record) = self.nodes.get_mut(&node).filter(|record| record.number == Some(number)) {
            change(record);
        }
    }
}

impl NodeRecord {
    fn new(at: i64) -> Self {
        Self {
            status: NodeStatus::Pending,
            number: None,
            rounds: 0,
            attempt: 0,
            started_at: at,
            ended_at: None,
            output: None,
            error: None,
        }
    }
}
