//! Effects: what follows from a decision outside the instance's own events. Rows are written with them; dispatches happen after.

use super::event::{Event, Json};
use super::state::{Active, Execution, InstanceState};
use crate::storage::{IncidentRow, LogRow, NodeRow};
use heddle_model::lifecycle::NodeStatus;
use heddle_model::plan::{NodeIx, NodeKind, Plan};
use std::sync::Arc;

/// What follows from a decision.
#[derive(Debug, Default)]
pub struct Effects {
    /// Attempts of built-in tasks to run, once the events are durable.
    pub dispatches: Vec<Dispatch>,
    /// Jobs to offer.
    pub jobs: Vec<Dispatch>,
    /// Jobs to withdraw, by execution.
    pub jobs_gone: Vec<u32>,
    /// Built-in attempts whose result nobody wants any more, by execution.
    pub cancelled: Vec<u32>,
    /// Timers armed: number and due time.
    pub timers: Vec<(u32, i64)>,
    /// Timers fired or disarmed.
    pub timers_gone: Vec<u32>,
    /// Rows of node instances that ended or that wait.
    pub nodes: Vec<NodeRow>,
    /// Rows of incidents opened or resolved.
    pub incidents: Vec<IncidentRow>,
    /// Lines logged.
    pub logs: Vec<LogRow>,
    /// Variables written.
    pub variables: Vec<Arc<str>>,
    /// Jobs of the instance are held back (`Some(true)`), or given out again.
    pub hold_jobs: Option<bool>,
}

/// An attempt to be made.
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// The execution.
    pub number: u32,
    /// The node.
    pub node: NodeIx,
    /// The task type, or job type.
    pub action: Arc<str>,
    /// 1 for the first.
    pub attempt: u32,
    /// 0 for the node's first round.
    pub iteration: u32,
    /// The evaluated config.
    pub input: Json,
    /// 9 goes first.
    pub priority: u8,
    /// Time limit in milliseconds where the node names one.
    pub timeout: Option<u64>,
}

impl Effects {
    /// Records what an event means for rows. Called after the event was applied, with the state as it is then; `node` is the node
    /// of the execution that the event is about.
    pub(super) fn follow(&mut self, plan: &Plan, state: &InstanceState, event: &Event, node: Option<NodeIx>) {
        match event {
            Event::NodeWaiting { number, timer, due } | Event::NodeRetrying { number, timer, due, .. } => {
                self.timers.push((*timer, *due));
                self.node(plan, state, *number, node);
            }
            Event::TimerArmed { timer, due, .. } => self.timers.push((*timer, *due)),
            Event::TimerFired { timer } | Event::TimerDisarmed { timer } => self.timer_gone(*timer),
            Event::NodeStarted { number, job: true, .. } | Event::NodeSplitFailed { number, .. } => {
                self.node(plan, state, *number, node)
            }
            Event::NodeCompleted { number, variables, .. } => {
                self.variables.extend(variables.iter().map(|(name, _)| name.clone()));
                self.node(plan, state, *number, node);
            }
            Event::NodeFailed { number, .. } | Event::NodeSkipped { number, .. } | Event::NodeCancelled { number } => {
                self.node(plan, state, *number, node);
            }
            Event::IncidentOpened { incident, .. } => self.incident_opened(plan, state, *incident),
            Event::VariablesChanged { changes } => self.variables.extend(changes.iter().map(|(name, _)| name.clone())),
            Event::InstanceCreated(created) => {
                self.variables.extend(created.variables.iter().map(|(name, _)| name.clone()))
            }
            _ => {}
        }
    }

    /// A timer that was armed in this very decision never becomes a row.
    pub(super) fn timer_gone(&mut self, timer: u32) {
        let armed = self.timers.len();
        self.timers.retain(|(number, _)| *number != timer);
        if self.timers.len() == armed {
            self.timers_gone.push(timer);
        }
    }

    /// A job that was offered in this very decision never becomes a row.
    pub(super) fn job_gone(&mut self, number: u32) {
        self.jobs.retain(|job| job.number != number);
        self.jobs_gone.push(number);
    }

    /// What a later decision of the same commit adds.
    pub fn absorb(&mut self, later: Self) {
        later.timers_gone.iter().for_each(|&timer| self.timer_gone(timer));
        later.jobs_gone.iter().for_each(|&number| self.job_gone(number));
        self.dispatches.retain(|dispatch| !later.cancelled.contains(&dispatch.number));
        self.nodes.retain(|row| later.nodes.iter().all(|newer| newer.number != row.number));
        self.incidents.retain(|row| later.incidents.iter().all(|newer| newer.number != row.number));
        self.timers.extend(later.timers);
        self.jobs.extend(later.jobs);
        self.dispatches.extend(later.dispatches);
        self.cancelled.extend(later.cancelled);
        self.nodes.extend(later.nodes);
        self.incidents.extend(later.incidents);
        self.logs.extend(later.logs);
        self.variables.extend(later.variables);
        self.hold_jobs = later.hold_jobs.or(self.hold_jobs);
    }

    fn node(&mut self, plan: &Plan, state: &InstanceState, number: u32, node: Option<NodeIx>) {
        let live = state.live.get(&number).or_else(|| state.suspended.get(&number));
        // An older round of a node that has fired again since keeps the row it has.
        let found = node.and_then(|node| {
            state.nodes.get(&node).filter(|record| record.number == Some(number)).map(|record| (node, record))
        });
        let Some((node, record)) = found else { return };
        self.nodes.retain(|row| row.number != number);
        self.nodes.push(NodeRow {
            number,
            node: plan.node(node).id.clone(),
            node_type: type_name(plan, node),
            status: record.status.as_str(),
            reason: if record.status.is_ended() { "" } else { live.map_or("", reason) },
            attempt: record.attempt,
            iteration: record.rounds.saturating_sub(1),
            started_at: record.started_at,
            ended_at: record.ended_at,
            output: record.output.as_ref().filter(|_| record.status != NodeStatus::Running).map(text),
            error: record.error.as_ref().and_then(|error| serde_json::to_string(error).ok()),
        });
    }

    fn incident_opened(&mut self, plan: &Plan, state: &InstanceState, number: u32) {
        let Some(incident) = state.incidents.get(&number) else { return };
        self.incidents.push(IncidentRow {
            number,
            kind: incident.kind.as_str(),
            node: incident.node.map(|node| plan.node(node).id.clone()),
            code: incident.code.clone(),
            message: incident.message.clone(),
            opened_at: incident.opened_at,
            resolved_at: None,
        });
    }

    pub(super) fn incident_resolved(&mut self, row: IncidentRow) {
        self.incidents.retain(|opened| opened.number != row.number);
        self.incidents.push(row);
    }
}

/// What a live execution waits for, in the words of the screens.
pub(super) const fn reason(execution: &Execution) -> &'static str {
    match execution.active {
        Active::Task => "active",
        Active::Job => "job",
        Active::Timer(_) => "timer",
        Active::Retry(_) => "retrying",
        Active::Split { .. } | Active::Failed => "incident",
    }
}

/// The type of a node as people know it: the language's word, or the task type.
pub(super) fn type_name(plan: &Plan, node: NodeIx) -> Arc<str> {
    match &plan.node(node).kind {
        NodeKind::Task { action, .. } => action.clone(),
        _ => plan.node(node).node_type.as_str().into(),
    }
}

fn text(value: &Json) -> String {
    value.0.to_string()
}
