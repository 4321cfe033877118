//! Events as people and programs see them: one JSON object each, with the words of the API.

use super::codec::Row;
use super::event::{AfterFailure, Event, Json, ScopeEnd};
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
        // From a migration on the same execution stands at another place.
        let moved =
            row.events.iter().position(|event| matches!(event, Event::InstanceMigrated(_))).unwrap_or(usize::MAX);
        row.events.into_iter().enumerate().map(move |(offset, event)| {
            let node = match &event {
                Event::IncidentOpened { node, .. } => *node,
                Event::JoinDelivered { node, .. }
                | Event::JoinClosed { node, .. }
                | Event::NodePaused { node, .. }
                | Event::NodeUnpaused { node } => Some(*node),
                other => other.begun().map(|(_, node)| node).or_else(|| {
                    let number = other.execution()?;
                    let mut known = executions.iter().filter(|(known, _)| *known == number).map(|(_, node)| *node);
                    if offset > moved { known.next_back() } else { known.next() }
                }),
            };
            Self { seq: first_seq + offset as u64, at, node, event }
        })
    }

    /// The word for its type.
    pub fn type_name(&self) -> String {
        let name = match &self.event {
            Event::InstanceCreated(_) => "instance.created",
            Event::InstanceStarted => "instance.started",
            Event::InstancePaused { .. } | Event::PauseBegan { .. } => "instance.paused",
            Event::TimersFrozen { .. } => "timers.frozen",
            Event::TimersThawed { .. } => "timers.thawed",
            Event::NodePaused { .. } => "node.paused",
            Event::NodeUnpaused { .. } => "node.resumed",
            Event::RolledBack { .. } => "instance.rolled_back",
            Event::InstanceMigrated(_) => "instance.migrated",
            Event::InstanceResumed => "instance.resumed",
            Event::InstanceCompleted { .. } => "instance.completed",
            Event::InstanceFailed { .. } => "instance.failed",
            Event::InstanceTerminated { .. } => "instance.terminated",
            Event::InstanceRevived => "instance.revived",
            Event::NodeEnabled { .. } | Event::NodeEnabledInside { .. } => "node.enabled",
            Event::NodeRepeated { .. } => "node.repeated",
            Event::NodeReleased { .. } => "node.released",
            Event::NodeInterrupted { .. } => "node.interrupted",
            Event::NodeCompensated { .. } => "node.compensated",
            Event::TokensAdded { .. } => "tokens.added",
            Event::TokensCancelled { .. } => "tokens.cancelled",
            Event::JoinDelivered { .. } => "join.delivered",
            Event::JoinClosed { .. } => "join.closed",
            Event::ScopeOpened { .. } => "scope.opened",
            Event::ScopeClosed { .. } => "scope.closed",
            Event::ItemsListed { .. } => "items.listed",
            Event::ItemAdded { .. } => "items.added",
            Event::ItemsClosed { .. } => "items.closed",
            Event::ItemsStopped { .. } => "items.stopped",
            Event::ItemsAgain { .. } => "items.again",
            Event::EventAwaited { .. } => "event.awaited",
            Event::EventHappened { .. } => "event.happened",
            Event::EventDismissed { .. } => "event.dismissed",
            Event::MessageKept(_) => "message.kept",
            Event::MessageDropped(_) => "message.dropped",
            Event::MessageTaken { .. } => "message.taken",
            Event::HumanAsked { .. } => "human.asked",
            Event::HumanChanged { .. } => "human.changed",
            Event::ChildCalled { .. } => "child.called",
            Event::CalledBy(_) => "instance.called",
            Event::PermitAsked { .. } => "permit.asked",
            Event::PermitGranted { .. } => "permit.granted",
            Event::UndoStarted { .. } => "undo.started",
            Event::UndoBegun { .. } => "undo.begun",
            Event::UndoEnded => "undo.ended",
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
            Event::NodesSkipped { .. } | Event::NodesSkippedInside { .. } => "nodes.skipped",
            Event::AttemptLost { .. } => "node.attempt_lost",
            Event::TimerArmed { .. } => "timer.armed",
            Event::TimerFired { .. } => "timer.fired",
            Event::TimerDisarmed { .. } => "timer.disarmed",
            Event::ResultHeld(_) => "result.held",
            Event::HeldReleased | Event::HeldTaken { .. } => "results.released",
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
            Event::InstancePaused { freeze } | Event::PauseBegan { freeze } | Event::NodePaused { freeze, .. } => {
                json!({ "timers": if *freeze { "freeze" } else { "run" } })
            }
            Event::TimersFrozen { timers } | Event::TimersThawed { timers } => json!({ "timers": timers }),
            Event::RolledBack { to, .. } => json!({ "to_seq": to }),
            Event::InstanceMigrated(migrated) => json!({ "version": migrated.version_number }),
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
            Event::NodesSkipped { nodes } => json!({ "node_ids": node_ids(plan, nodes) }),
            Event::NodesSkippedInside { scope, nodes } => json!({ "scope": scope, "node_ids": node_ids(plan, nodes) }),
            Event::NodeEnabledInside { scope, .. } => json!({ "scope": scope }),
            Event::NodeRepeated { output, variables, again, .. } => json!({
                "output": output, "variables": written(variables), "next_id": instance.node_instance(*again),
            }),
            Event::NodeReleased { output, variables, taken, .. } => {
                json!({ "output": output, "variables": written(variables), "taken": edge_ids(plan, taken) })
            }
            Event::NodeInterrupted { taken, .. } => json!({ "taken": edge_ids(plan, taken) }),
            Event::TokensAdded { scope, edges }
            | Event::TokensCancelled { scope, edges }
            | Event::JoinDelivered { scope, edges, .. } => json!({ "scope": scope, "edge_ids": edge_ids(plan, edges) }),
            Event::JoinClosed { scope, .. } => json!({ "scope": scope }),
            Event::ScopeOpened { scope, index, .. } => json!({ "scope": scope, "index": index }),
            Event::ScopeClosed { scope, end } => json!({ "scope": scope, "end": scope_end(end) }),
            Event::ItemsListed { items, closed, .. } => json!({ "items": items.len(), "closed": closed }),
            Event::ItemAdded { item, .. } => json!({ "item": item }),
            Event::EventAwaited { wish, due, .. } => {
                json!({ "event": wish.event.as_str(), "wish": wish.event, "due_ms": due })
            }
            Event::EventHappened { payload, .. } => json!({ "payload": payload }),
            Event::MessageKept(letter) | Event::MessageDropped(letter) => {
                json!({ "name": &*letter.name, "key": letter.key.as_deref(), "payload": &letter.payload, "expires_ms": letter.expires })
            }
            Event::HumanAsked { task, .. } | Event::HumanChanged { task, .. } => json!({ "task": &**task }),
            Event::ChildCalled { child, input, .. } => {
                json!({ "instance_id": child.instance.to_string(), "workflow": &*child.workflow, "input": input })
            }
            Event::CalledBy(caller) => json!({
                "caller_id": caller.instance.to_string(), "node_instance_id": caller.instance.node_instance(caller.number), "depth": caller.depth,
            }),
            Event::PermitAsked { name, permits, .. } => json!({ "name": &**name, "permits": permits }),
            Event::UndoStarted { records, .. } => {
                json!({ "node_ids": records.iter().rev().map(|record| &*plan.node(record.node).id).collect::<Vec<_>>() })
            }
            Event::UndoBegun { undoes, .. } => json!({ "undoes_id": instance.node_instance(undoes.number) }),
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
            | Event::ItemsClosed { .. }
            | Event::ItemsStopped { .. }
            | Event::ItemsAgain { .. }
            | Event::EventDismissed { .. }
            | Event::MessageTaken { .. }
            | Event::NodeCompensated { .. }
            | Event::UndoEnded
            | Event::PermitGranted { .. }
            | Event::NodeUnpaused { .. }
            | Event::HeldTaken { .. }
            | Event::HeldReleased => json!({}),
        };
        if let Value::Object(fields) = fields { fields } else { Map::new() }
    }
}

fn written(variables: &[(std::sync::Arc<str>, Json)]) -> Map<String, Value> {
    object(variables.iter().map(|(name, value)| (name.to_string(), Some(value))))
}

fn node_ids<'a>(plan: &'a Plan, nodes: &[NodeIx]) -> Vec<&'a str> {
    nodes.iter().map(|&node| &*plan.node(node).id).collect()
}

const fn scope_end(end: &ScopeEnd) -> &'static str {
    match end {
        ScopeEnd::Completed(_) => "completed",
        ScopeEnd::Failed => "failed",
        ScopeEnd::Cancelled => "cancelled",
    }
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
        AfterFailure::Scope => "scope",
    }
}

const fn cause_word(cause: super::event::SkipCause) -> &'static str {
    match cause {
        super::event::SkipCause::Policy => "policy",
        super::event::SkipCause::Command => "command",
        super::event::SkipCause::Loop => "loop",
    }
}

const fn held_word(held: &Held) -> &'static str {
    match held {
        Held::Completed { .. } => "completed",
        Held::Failed { .. } => "failed",
        Held::Timer(_) => "timer",
        Held::Lost(_) => "lost",
        Held::Begin(_) => "begin",
        Held::Message(_) => "message",
        Held::Signal { .. } => "signal",
        Held::Child { .. } => "child",
        Held::Granted(_) => "granted",
        Held::Again(_) => "again",
        Held::Event { .. } => "event",
    }
}
