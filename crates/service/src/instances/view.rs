//! What callers see of instances: the state and the plan, put into the words of the contract.

use heddle_api::view::{
    ErrorView, EventView, IncidentView, InstanceStatus, InstanceSummary, InstanceView, NodeStatus, NodeView, Phase,
};
use heddle_api::{Permission, PermissionSet, Timestamp};
use heddle_engine::kernel::{self, Active, EventRecord, Failure, InstanceState, NodeRecord};
use heddle_engine::storage::NodeRow;
use heddle_model::ids::InstanceId;
use heddle_model::lifecycle;
use heddle_model::limits;
use heddle_model::plan::{NodeIx, Plan};
use heddle_store::query::InstanceRow;
use serde_json::{Map, Value};

/// One instance with its nodes.
pub(crate) fn instance(state: &InstanceState, plan: &Plan) -> InstanceView {
    InstanceView {
        id: state.id,
        workflow_id: state.workflow,
        workflow: plan.name.to_string(),
        version: state.version_number,
        version_id: state.version,
        status: instance_status(state.status),
        phase: phase(state.phase.as_str()),
        progress: state.progress(plan.nodes().len()),
        business_key: state.business_key.as_deref().map(str::to_owned),
        priority: state.priority,
        seq: state.seq,
        variables: Value::Object(
            state.variables.iter().map(|(name, value)| (name.to_string(), (*value.0).clone())).collect(),
        ),
        output: state.output.as_ref().map(|output| (*output.0).clone()),
        error: state.error.as_ref().map(failure),
        incidents: incidents(state, plan),
        created_at: Timestamp(state.created_at),
        started_at: state.started_at.map(Timestamp),
        ended_at: state.ended_at.map(Timestamp),
        pauses: Vec::new(),
        nodes: nodes(state, plan).into_iter().take(limits::INSTANCE_NODES).collect(),
        preview: None,
    }
}

/// Takes out what this caller may not see.
pub(crate) fn mask(mut view: InstanceView, permissions: PermissionSet) -> InstanceView {
    if !permissions.has(Permission::VariableView) {
        view.variables = Value::Object(Map::new());
        view.output = None;
        for node in &mut view.nodes {
            node.output = None;
        }
    }
    if !permissions.has(Permission::InstanceView) {
        view.nodes.clear();
        view.incidents.clear();
    }
    view
}

/// The nodes: those that were fired in the order of their last firing, then the others in the author's order.
pub(crate) fn nodes(state: &InstanceState, plan: &Plan) -> Vec<NodeView> {
    let mut nodes: Vec<(Option<u32>, NodeIx)> =
        plan.nodes().map(|(ix, _)| (state.nodes.get(&ix).and_then(|record| record.number), ix)).collect();
    nodes.sort_by_key(|&(number, ix)| (number.is_none(), number, ix));
    nodes.into_iter().map(|(_, ix)| node(state, plan, ix)).collect()
}

fn node(state: &InstanceState, plan: &Plan, ix: NodeIx) -> NodeView {
    let planned = plan.node(ix);
    let record = state.nodes.get(&ix);
    let number = record.and_then(|record| record.number);
    let fired = number.is_some();
    NodeView {
        id: number.map(|number| state.id.node_instance(number)),
        node_id: planned.id.to_string(),
        name: planned.name.to_string(),
        node_type: planned.node_type.as_str().to_owned(),
        status: node_status(state.node_status(ix)),
        reason: reason(state, number, record),
        attempt: record.map_or(0, |record| if fired { record.attempt.max(1) } else { 0 }),
        iteration: record.filter(|_| fired).map(|record| record.rounds.saturating_sub(1)),
        started_at: record.filter(|record| fired && record.started_at > 0).map(|record| Timestamp(record.started_at)),
        ended_at: record.and_then(|record| record.ended_at).map(Timestamp),
        output: record.and_then(|record| record.output.as_ref()).map(|output| (*output.0).clone()),
        error: record.and_then(|record| record.error.as_ref()).map(failure),
    }
}

fn reason(state: &InstanceState, number: Option<u32>, record: Option<&NodeRecord>) -> Option<String> {
    let waiting = number.and_then(|number| state.live.get(&number)).and_then(|execution| match &execution.active {
        Active::Task => Some("active"),
        Active::Job => Some("job"),
        Active::Timer(_) => Some("timer"),
        Active::Retry(_) => Some("retrying"),
        _ => None,
    });
    let timed_out = || {
        let record = record.filter(|record| record.status == lifecycle::NodeStatus::Failed)?;
        (record.error.as_ref()?.class.as_str() == "timeout").then_some("timed_out")
    };
    waiting.or_else(timed_out).map(str::to_owned)
}

/// An execution as the journal tells of it: an earlier round of a node that ran more than once.
pub(crate) fn executed(instance: InstanceId, plan: &Plan, row: NodeRow) -> NodeView {
    let name = plan.find(&row.node).map_or_else(|| row.node.to_string(), |ix| plan.node(ix).name.to_string());
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    NodeView {
        id: Some(instance.node_instance(row.number)),
        node_id: row.node.to_string(),
        name,
        node_type: row.node_type.to_string(),
        status: NodeStatus::from_word(row.status).unwrap_or(NodeStatus::Pending),
        reason: (!row.reason.is_empty()).then(|| row.reason.to_owned()),
        attempt: row.attempt,
        iteration: Some(row.iteration),
        started_at: (row.started_at > 0).then_some(Timestamp(row.started_at)),
        ended_at: row.ended_at.map(Timestamp),
        output: json(row.output),
        error: json(row.error).and_then(|error| serde_json::from_value::<Failure>(error).ok()).as_ref().map(failure),
    }
}

fn incidents(state: &InstanceState, plan: &Plan) -> Vec<IncidentView> {
    let views = state.incidents.iter().map(|(&number, incident)| IncidentView {
        id: state.id.incident(number),
        kind: incident.kind.as_str().to_owned(),
        node_id: incident.node.map(|ix| plan.node(ix).id.to_string()),
        code: incident.code.clone(),
        message: incident.message.clone(),
        opened_at: Timestamp(incident.opened_at),
    });
    views.collect()
}

fn failure(failure: &Failure) -> ErrorView {
    ErrorView {
        class: failure.class.as_str().to_owned(),
        code: failure.code.clone(),
        message: failure.message.clone(),
        details: (!failure.details.0.is_null()).then(|| (*failure.details.0).clone()),
        node_id: None,
        retryable: failure.retryable,
    }
}

/// One event.
pub(crate) fn event(instance: InstanceId, plan: &Plan, record: &EventRecord) -> EventView {
    let mut data = record.fields(plan, instance);
    if let Some(number) = record.event.execution() {
        data.insert("node_instance_id".to_owned(), Value::String(instance.node_instance(number).to_string()));
    }
    EventView {
        seq: record.seq,
        at: Timestamp(record.at),
        event_type: record.type_name(),
        node_id: record.node.map(|ix| plan.node(ix).id.to_string()),
        data,
    }
}

/// Takes values out of an event for a caller without `variable:view`.
pub(crate) fn mask_event(mut event: EventView, permissions: PermissionSet) -> EventView {
    if !permissions.has(Permission::VariableView) {
        for name in ["input", "output", "variables"] {
            event.data.remove(name);
        }
        // The settings of a task for a person are made of variables, its draft will be an output.
        if let Some(Value::Object(task)) = event.data.get_mut("task") {
            task.remove("config");
            task.remove("draft");
        }
    }
    event
}

/// A row of the list.
pub(crate) fn summary(row: InstanceRow) -> InstanceSummary {
    let status = InstanceStatus::from_word(&row.status).unwrap_or(InstanceStatus::Created);
    let progress = match status {
        InstanceStatus::Completed => 1.0,
        _ => f64::from(row.nodes_ended.min(row.nodes_expected)) / f64::from(row.nodes_expected.max(1)),
    };
    InstanceSummary {
        id: row.id,
        workflow_id: row.workflow,
        workflow: row.workflow_name,
        version: row.version_number,
        status,
        phase: phase(&row.phase),
        progress,
        business_key: row.business_key,
        priority: row.priority,
        incidents: row.incidents,
        seq: row.seq,
        created_at: Timestamp(row.created_at),
        started_at: row.started_at.map(Timestamp),
        ended_at: row.ended_at.map(Timestamp),
    }
}

fn phase(word: &str) -> Phase {
    if word == kernel::Phase::Compensating.as_str() { Phase::Compensating } else { Phase::Normal }
}

/// The contract's word for a status of the engine.
pub(crate) const fn instance_status(status: lifecycle::InstanceStatus) -> InstanceStatus {
    match status {
        lifecycle::InstanceStatus::Created => InstanceStatus::Created,
        lifecycle::InstanceStatus::Running => InstanceStatus::Running,
        lifecycle::InstanceStatus::Paused => InstanceStatus::Paused,
        lifecycle::InstanceStatus::Completed => InstanceStatus::Completed,
        lifecycle::InstanceStatus::Failed => InstanceStatus::Failed,
        lifecycle::InstanceStatus::Terminated => InstanceStatus::Terminated,
    }
}

pub(crate) const fn node_status(status: lifecycle::NodeStatus) -> NodeStatus {
    match status {
        lifecycle::NodeStatus::Pending => NodeStatus::Pending,
        lifecycle::NodeStatus::Running => NodeStatus::Running,
        lifecycle::NodeStatus::Completed => NodeStatus::Completed,
        lifecycle::NodeStatus::Failed => NodeStatus::Failed,
        lifecycle::NodeStatus::Skipped => NodeStatus::Skipped,
        lifecycle::NodeStatus::Cancelled => NodeStatus::Cancelled,
        lifecycle::NodeStatus::Compensated => NodeStatus::Compensated,
    }
}
