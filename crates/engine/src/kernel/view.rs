//! Events as people and programs see them: one JSON object each, with the words of the API.

use super::codec::Row;
use super::event::{AfterFailure, Event, Json};
use super::state::Held;
use heddle_model::ids::InstanceId;
use heddle_model::plan::{NodeIx, Plan};
use heddle_model::value::{Map, Value, json};

/// An event with its number and time.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRecord {
    /// Its number in the instance, from 1, without gaps.
    pub seq: u64,
    /// When, in Unix milliseconds.
    pub at: i64,
    /// The node that it is about.
    pub node: Option<NodeIx>,
    /// What.
    pub event: Event,
}

impl EventRecord {
    /// The events of a journal row.
    pub fn of_row(first_seq: u64, at: i64, row: Row) -> impl Iterator<Item = Self> {
        let executions = row.executions;
        row.events.into_iter().enumerate().map(move |(offset, event)| {
            let node = match &event {
                Event::IncidentOpened { node, .. } => *node,
                Event::NodeEnabled { node, .. } | Event::NodeRefired { node, .. } => Some(*node),
                other => other
                    .execution()
                    .and_then(|number| executions.iter().find(|(known, _)| *known == number).map(|(_, node)| *node)),
            };
            Self { seq: first_seq + offset as u64, at, node, event }
        })
    }

    /// The word for its type.
    pub fn type_name(&self) -> String {
        let name = match &self.event {
            Event::InstanceCreated(_) => "instance.created",
            Event::InstanceStarted => "instance.started",
            Event::InstancePaused { .. } => "instance.paused",
            Event::InstanceResumed => "instance.resumed",
            Event::InstanceCompleted { .. } => "instance.completed",
            Event::InstanceFailed { .. } => "instance.failed",
            Event::InstanceTerminated { .. } => "instance.terminated",
            Event::InstanceRevived => "instance.revived",
            Event::NodeEnabled { .. } => "node.enabled",
            Event::NodeStarted { .. } => "node.started",
            Event::NodeWaiting { .. } => "node.waiting",
            Event::NodeRetrying { .. } => "node.retrying",
            Event::NodeCompleted { .. } => "node.completed",
            Event::NodeSplitFailed { .. } => "node.split_failed",
            Event::NodeFailed { .. } => "node.failed",
            Event::NodeSkipped { .. } => "node.skipped",
            Event::NodeCancelled { .. } => "node.cancelled",
            Event::NodeRevived { .. } => "node.revived",
            Event::NodeRefired { .. } => "node.refired",
            Event::NodesSkipped { .. } => "nodes.skipped",
            Event::AttemptLost { .. } => "node.attempt_lost",
            Event::TimerArmed { .. } => "timer.armed",
            Event::TimerFired { .. } => "timer.fired",
            Event::TimerDisarmed { .. } => "timer.disarmed",
            Event::ResultHeld(_) => "result.held",
            Event::HeldReleased => "results.released",
            Event::IncidentOpened { .. } => "incident.opened",
            Event::IncidentResolved { .. } => "incident.resolved",
            Event::VariablesChanged { .. } => "variables.changed",
            Event::Commanded { command, .. } => return format!("command.{command}"),
        };
        name.to_owned()
    }

    /// The fields of this kind of event; `seq`, `at`, `type`, `node_id` and `node_instance_id` are not repeated in them.
    pub fn fields(&self, plan: &Plan, instance: InstanceId) -> Map<String, Value> {
        let fields = match &self.event {
            Event::InstanceCreated(created) => json!({
                "version": created.version_number, "business_key": created.business_key.as_deref(), "priority": created.priority,
                "started_by": &*created.started_by, "input": &created.input,
            }),
            Event::InstancePaused { freeze } => json!({ "timers": if *freeze { "freeze" } else { "run" } }),
            Event::InstanceCompleted { output } => json!({ "output": output }),
            Event::InstanceFailed { error } => json!({ "error": error }),
            Event::InstanceTerminated { reason } => json!({ "reason": reason }),
            Event::NodeStarted { attempt, job, .. } => json!({ "attempt": attempt, "job": job }),
            Event::NodeWaiting { due, .. } => json!({ "due_ms": due }),
            Event::NodeRetrying { error, due, .. } => json!({ "error": error, "due_ms": due }),
            Event::NodeCompleted { output, variables, taken, .. } => {
                json!({ "output": output, "variables": written(variables), "taken": edge_ids(plan, taken) })
            }
            Event::NodeSplitFailed { output, variables, .. } => {
                json!({ "output": output, "variables": written(variables) })
            }
            Event::NodeFailed { error, then, .. } => json!({ "error": error, "then": after(then) }),
            Event::NodeSkipped { output, cause, taken, .. } => {
                json!({ "output": output, "cause": cause_word(*cause), "taken": edge_ids(plan, taken) })
            }
            Event::NodesSkipped { nodes } => {
                json!({ "node_ids": nodes.iter().map(|&node| &*plan.node(node).id).collect::<Vec<_>>() })
            }
            Event::TimerArmed { timer, due, .. } => json!({ "timer": timer, "due_ms": due }),
            Event::TimerFired { timer } | Event::TimerDisarmed { timer } => json!({ "timer": timer }),
            Event::ResultHeld(held) => json!({ "result": held_word(held) }),
            Event::IncidentOpened { incident, kind, code, message, .. } => json!({
                "incident_id": instance.incident(*incident), "kind": kind.as_str(), "code": code, "message": message,
            }),
            Event::IncidentResolved { incident } => json!({ "incident_id": instance.incident(*incident) }),
            Event::VariablesChanged { changes } => {
                json!({ "variables": object(changes.iter().map(|(name, value)| (name.to_string(), value.as_ref()))) })
            }
            Event::Commanded { actor, reason, .. } => json!({ "actor": &**actor, "reason": reason }),
            Event::InstanceStarted
            | Event::InstanceResumed
            | Event::InstanceRevived
            | Event::NodeEnabled { .. }
            | Event::NodeCancelled { .. }
            | Event::NodeRevived { .. }
            | Event::NodeRefired { .. }
            | Event::AttemptLost { .. }
            | Event::HeldReleased => json!({}),
        };
        if let Value::Object(fields) = fields { fields } else { Map::new() }
    }
}

fn written(variables: &[(std::sync::Arc<str>, Json)]) -> Map<String, Value> {
    object(variables.iter().map(|(name, value)| (name.to_string(), Some(value))))
}

fn edge_ids<'a>(plan: &'a Plan, edges: &[heddle_model::plan::EdgeIx]) -> Vec<&'a str> {
    edges.iter().map(|&edge| &*plan.edge(edge).id).collect()
}

fn object<'a>(entries: impl Iterator<Item = (String, Option<&'a Json>)>) -> Map<String, Value> {
    entries.map(|(name, value)| (name, value.map_or(Value::Null, |value| (*value.0).clone()))).collect()
}

const fn after(then: &AfterFailure) -> &'static str {
    match then {
        AfterFailure::Caught(_) => "caught",
        AfterFailure::Incident => "incident",
        AfterFailure::Instance => "instance_failed",
    }
}

const fn cause_word(cause: super::event::SkipCause) -> &'static str {
    match cause {
        super::event::SkipCause::Policy => "policy",
        super::event::SkipCause::Command => "command",
    }
}

const fn held_word(held: &Held) -> &'static str {
    match held {
        Held::Completed { .. } => "completed",
        Held::Failed { .. } => "failed",
        Held::Timer(_) => "timer",
        Held::Lost(_) => "lost",
    }
}
