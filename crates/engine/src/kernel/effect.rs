//! Effects: what follows from a decision outside the instance's own events. Rows are written with them; dispatches happen after.

use super::call::ChildStart;
use super::decide::Seen;
use super::event::{Event, Failure, Json};
use super::permit::Limited;
use super::state::{Awaited, Caller, InstanceState, Then};
use super::wait::Outgoing;
use crate::storage::{IncidentRow, LogRow, NodeRow, People, PermitRow, SubscriptionRow};
use heddle_model::ids::InstanceId;
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
    /// Messages and signals for others than this instance.
    pub outgoing: Vec<Outgoing>,
    /// Instances to start, for nodes that call.
    pub children: Vec<ChildStart>,
    /// Called instances that nobody waits for any more: they are terminated.
    pub children_gone: Vec<InstanceId>,
    /// Subscriptions that others must know of.
    pub subscribed: Vec<SubscriptionRow>,
    /// Those that are gone, by number.
    pub unsubscribed: Vec<u32>,
    /// Permits asked for.
    pub permits: Vec<PermitRow>,
    /// Permits given back, or no longer asked for: the execution and the name.
    pub permits_gone: Vec<(u32, Arc<str>)>,
    /// It has ended, and who called it is to be told.
    pub ended: Option<(Caller, Result<Json, Failure>)>,
    /// Jobs of the instance are held back (`Some(true)`), or given out again.
    pub hold_jobs: Option<bool>,
    /// Rows of tasks for people.
    pub people: People,
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
    /// The execution that it undoes, where it does.
    pub undoes: Option<u32>,
    /// The node's id, in the version that says how it is done.
    pub name: Arc<str>,
    /// The evaluated config.
    pub input: Json,
    /// 9 goes first.
    pub priority: u8,
    /// Time limit in milliseconds where the node names one.
    pub timeout: Option<u64>,
    /// What limits how many run at a time.
    pub concurrency: Option<Box<Limited>>,
}

impl Dispatch {
    /// Equal on every attempt and different for everything else that an instance does: what undoes a node is not the node again.
    pub fn key(&self, instance: InstanceId) -> String {
        let (node, iteration) = (&self.name, self.iteration);
        match self.undoes {
            None => format!("{instance}/{node}/{iteration}"),
            Some(number) => format!("{instance}/{node}/{iteration}/undo/{number}"),
        }
    }
}

impl Effects {
    /// Records what an event means for rows. Called after the event was applied, with the state as it is then; `seen` is the
    /// execution that it is about, as it was before.
    pub(super) fn follow(&mut self, plan: &Plan, state: &InstanceState, event: &Event, seen: Option<&Seen>) {
        use NodeStatus as S;
        let at = state.updated_at;
        match event {
            Event::NodeWaiting { timer, due, .. } => {
                self.timers.push((*timer, *due));
                self.node((plan, state), seen, Row::waiting(S::Running, "timer"));
            }
            Event::NodeRetrying { timer, due, error, .. } => {
                self.timers.push((*timer, *due));
                self.node((plan, state), seen, Row { error: Some(error), ..Row::waiting(S::Pending, "retrying") });
            }
            Event::TimerArmed { timer, due, .. } => self.timers.push((*timer, *due)),
            Event::TimerFired { timer } | Event::TimerDisarmed { timer } => self.timer_gone(*timer),
            Event::TimersFrozen { timers } => timers.iter().for_each(|&timer| self.timer_gone(timer)),
            Event::TimersThawed { timers } => {
                let thawed = timers.iter().filter_map(|timer| Some((*timer, state.timers.get(timer)?.due)));
                self.timers.extend(thawed);
            }
            Event::NodeStarted { job: true, attempt, .. } => {
                let seen = seen.map(|seen| Seen { attempt: *attempt, ..*seen });
                self.node((plan, state), seen.as_ref(), Row::waiting(S::Running, "job"));
            }
            Event::NodeSplitFailed { output, .. } => {
                self.node((plan, state), seen, Row { output: Some(output), ..Row::waiting(S::Failed, "") });
            }
            Event::NodeCompleted { variables, output, .. } | Event::NodeRepeated { variables, output, .. } => {
                self.variables.extend(variables.iter().map(|(name, _)| name.clone()));
                self.node((plan, state), seen, Row { output: Some(output), ..Row::ended(S::Completed, at) });
            }
            Event::NodeReleased { variables, .. } => {
                self.variables.extend(variables.iter().map(|(name, _)| name.clone()));
            }
            Event::NodeFailed { error, .. } => {
                self.node((plan, state), seen, Row { error: Some(error), ..Row::ended(S::Failed, at) });
            }
            Event::NodeSkipped { output, .. } => {
                self.node((plan, state), seen, Row { output: Some(output), ..Row::ended(S::Skipped, at) });
            }
            Event::NodeCancelled { .. } | Event::NodeInterrupted { .. } => {
                self.node((plan, state), seen, Row::ended(S::Cancelled, at));
            }
            Event::NodeCompensated { .. } => self.node((plan, state), seen, Row::ended(S::Completed, at)),
            Event::PermitAsked { .. } => self.node((plan, state), seen, Row::waiting(S::Pending, "mutex")),
            Event::ScopeOpened { .. } => self.node((plan, state), seen, Row::waiting(S::Running, "children")),
            Event::ChildCalled { .. } => self.node((plan, state), seen, Row::waiting(S::Running, "children")),
            Event::HumanAsked { escalation, .. } => {
                self.timers.extend(*escalation);
                self.node((plan, state), seen, Row::waiting(S::Running, "human"));
            }
            Event::EventAwaited { wish, due, .. } => {
                if let (Awaited::Timer { timer, .. }, Some(due)) = (&wish.event, due) {
                    self.timers.push((*timer, *due));
                }
                if wish.then == Then::Complete
                    || seen.is_some_and(|seen| matches!(plan.node(seen.node).kind, NodeKind::Choice))
                {
                    self.node((plan, state), seen, Row::waiting(S::Running, wish.event.as_str()));
                }
            }
            Event::EventHappened { subscription, owner, next: Some(due), .. } => {
                if let Some(Awaited::Timer { timer, .. }) =
                    state.subscriptions.get(&(*owner, *subscription)).map(|it| &it.event)
                {
                    self.timers.push((*timer, *due));
                }
            }
            Event::IncidentOpened { incident, .. } => self.incident_opened(plan, state, *incident),
            Event::VariablesChanged { changes } => self.variables.extend(changes.iter().map(|(name, _)| name.clone())),
            Event::InstanceCreated(created) => {
                self.variables.extend(created.variables.iter().map(|(name, _)| name.clone()))
            }
            _ => {}
        }
        self.follow_people(plan, state, event, seen);
        // Frozen timers have no rows; the resume writes them.
        if state.frozen {
            self.timers.clear();
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
        self.outgoing.extend(later.outgoing);
        self.children.retain(|child| !later.children_gone.contains(&child.instance));
        self.children.extend(later.children);
        self.children_gone.extend(later.children_gone);
        self.subscribed.retain(|row| !later.unsubscribed.contains(&row.number));
        self.subscribed.retain(|row| later.subscribed.iter().all(|newer| newer.number != row.number));
        self.subscribed.extend(later.subscribed);
        self.unsubscribed.extend(later.unsubscribed);
        self.permits.retain(|row| later.permits_gone.iter().all(|(number, _)| *number != row.number));
        self.permits.extend(later.permits);
        self.permits_gone.extend(later.permits_gone);
        self.ended = later.ended.or(self.ended.take());
        self.hold_jobs = later.hold_jobs.or(self.hold_jobs);
        self.people.absorb(later.people);
    }

    /// A container that was made anew.
    pub(super) fn waits_for_children(&mut self, (plan, state): (&Plan, &InstanceState), seen: &Seen) {
        self.node((plan, state), Some(seen), Row::waiting(NodeStatus::Running, "children"));
    }

    fn node(&mut self, (plan, state): (&Plan, &InstanceState), seen: Option<&Seen>, row: Row<'_>) {
        let Some(seen) = seen else { return };
        let earlier = seen.undoes.and_then(|number| state.handler_of(number));
        self.nodes.retain(|known| known.number != seen.number);
        self.nodes.push(NodeRow {
            number: seen.number,
            node: earlier.map_or_else(|| plan.node(seen.node).id.clone(), |handler| handler.node.clone()),
            node_type: type_name(plan, seen.node),
            status: row.status.as_str(),
            reason: row.reason,
            attempt: seen.attempt,
            iteration: seen.iteration,
            started_at: seen.started_at,
            ended_at: row.ended_at,
            output: row.output.map(text),
            error: row.error.and_then(|error| serde_json::to_string(error).ok()),
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

/// What a row says of an execution.
struct Row<'a> {
    status: NodeStatus,
    reason: &'static str,
    ended_at: Option<i64>,
    output: Option<&'a Json>,
    error: Option<&'a Failure>,
}

impl Row<'_> {
    const fn waiting(status: NodeStatus, reason: &'static str) -> Self {
        Self { status, reason, ended_at: None, output: None, error: None }
    }

    const fn ended(status: NodeStatus, at: i64) -> Self {
        Self { status, reason: "", ended_at: Some(at), output: None, error: None }
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
