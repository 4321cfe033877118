//! Compiling one node, without its edges.

use super::super::{EndKind, MutexPlan, NodeIx, NodeKind, PlanNode, Repeat, Round, ScopeIx, Undo};
use super::{Flat, PlanError, condition, container, error, mapping, template, trigger};
use crate::definition::{Compensate, Join, Node, NodeType, Split};
use crate::value::Value;

pub(super) fn compile(flat: &Flat<'_>, ix: NodeIx, node: &Node, scope: ScopeIx) -> Result<PlanNode, PlanError> {
    let default_split = match node.node_type {
        NodeType::Decision => Split::One,
        NodeType::EventGateway => Split::Event,
        _ => Split::All,
    };
    Ok(PlanNode {
        id: node.id.as_str().into(),
        name: node.name.as_deref().unwrap_or(&node.id).into(),
        node_type: node.node_type.clone(),
        kind: kind(flat, ix, node)?,
        scope,
        join: node.join.clone().unwrap_or_default(),
        round: round(flat, node)?,
        split: node.split.unwrap_or(default_split),
        incoming: Vec::new(),
        outgoing: Vec::new(),
        events: Vec::new(),
        output: if node.disabled { Vec::new() } else { mapping(&format!("{}/output", node.id), &node.output)? },
        guard: node.guard.as_deref().map(|text| condition(&format!("{}/guard", node.id), text)).transpose()?,
        mutex: mutex(node)?,
        cancel: None,
        repeat: repeat(node)?,
        compensate: compensate(flat, node)?,
        retry: node.retry.clone(),
        timeout: node.timeout,
        on_error: node.on_error,
        concurrency: super::limit(&node.id, node.concurrency.as_ref())?.map(Box::new),
        priority: node.priority,
        at_most_once: node.at_most_once,
    })
}

fn kind(flat: &Flat<'_>, ix: NodeIx, node: &Node) -> Result<NodeKind, PlanError> {
    let config = || template(&format!("{}/config", node.id), &Value::Object(node.config.clone()));
    if node.disabled && node.node_type != NodeType::End {
        return Ok(NodeKind::Pass);
    }
    match &node.node_type {
        NodeType::Start | NodeType::Decision | NodeType::Gateway | NodeType::Boundary => Ok(NodeKind::Pass),
        NodeType::End => Ok(NodeKind::End(end_kind(node)?)),
        NodeType::Task => match &node.action {
            None => Ok(NodeKind::Pass),
            Some(action) => Ok(NodeKind::Task { action: action.as_str().into(), config: config()? }),
        },
        NodeType::Custom(name) => Ok(NodeKind::Task { action: name.as_str().into(), config: config()? }),
        NodeType::Timer => Ok(NodeKind::Timer { config: config()? }),
        NodeType::EventGateway => Ok(NodeKind::Choice),
        NodeType::Message | NodeType::Signal | NodeType::Condition => Ok(NodeKind::Event(trigger::of_node(node)?)),
        NodeType::Send => Ok(NodeKind::Send(trigger::send(&node.id, &node.config)?)),
        NodeType::Group => Ok(NodeKind::Group(container::body(flat, ix, node)?)),
        NodeType::Foreach => Ok(NodeKind::Foreach(Box::new(container::foreach(flat, ix, node)?))),
        NodeType::Human => Ok(NodeKind::Human { config: config()? }),
        NodeType::Call => Ok(NodeKind::Call { config: config()?, wait: flag(node, "wait", true) }),
    }
}

pub(super) fn flag(node: &Node, key: &str, default: bool) -> bool {
    node.config.get(key).and_then(Value::as_bool).unwrap_or(default)
}

fn end_kind(node: &Node) -> Result<EndKind, PlanError> {
    let text = |key| node.config.get(key).and_then(Value::as_str);
    let code = || text("code").unwrap_or("ERROR").to_owned();
    match text("kind").unwrap_or("none") {
        "none" => Ok(EndKind::Plain),
        "terminate" => Ok(EndKind::Terminate { all: flag(node, "all", false) }),
        "error" => Ok(EndKind::Error { code: code() }),
        "escalation" => Ok(EndKind::Escalation { code: code() }),
        "compensate" => Ok(EndKind::Compensate),
        "cancel" => Ok(EndKind::Cancel),
        kind @ ("message" | "signal") => {
            let mut config = node.config.clone();
            let name = config.get("name").or_else(|| config.get("code")).cloned().unwrap_or(Value::Null);
            config.insert(kind.to_owned(), name);
            Ok(EndKind::Send(trigger::send(&node.id, &config)?))
        }
        other => Err(error(&node.id, format!("there are no ends of kind `{other}`"))),
    }
}

fn round(flat: &Flat<'_>, node: &Node) -> Result<Option<Box<Round>>, PlanError> {
    let Some(Join::NOfM { n, rest, region }) = &node.join else { return Ok(None) };
    let names = |key: &str| -> Vec<&str> {
        let list = region.as_ref().and_then(|region| region.get(key)).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let nodes = names("nodes").into_iter().map(|id| flat.node(&node.id, id)).collect::<Result<_, _>>()?;
    Ok(Some(Box::new(Round {
        n: template(&format!("{}/join/n", node.id), n)?,
        rest: *rest,
        has_region: region.is_some(),
        nodes,
        edge_names: names("edges").into_iter().map(str::to_owned).collect(),
        edges: Vec::new(),
    })))
}

fn mutex(node: &Node) -> Result<Option<MutexPlan>, PlanError> {
    let Some(mutex) = &node.mutex else { return Ok(None) };
    Ok(Some(MutexPlan { level: mutex.level, name: mutex.name.as_str().into(), permits: mutex.permits.max(1) }))
}

fn repeat(node: &Node) -> Result<Option<Box<Repeat>>, PlanError> {
    let Some(repeat) = &node.loop_ else { return Ok(None) };
    Ok(Some(Box::new(Repeat {
        condition: condition(&format!("{}/loop/while", node.id), &repeat.while_)?,
        test_after: repeat.test_after,
        max: repeat.max,
    })))
}

fn compensate(flat: &Flat<'_>, node: &Node) -> Result<Option<Box<Undo>>, PlanError> {
    let Some(compensate) = &node.compensate else { return Ok(None) };
    Ok(Some(Box::new(match compensate {
        Compensate::Node(id) => Undo::Node(flat.node(&node.id, id)?),
        Compensate::Task { task_type, config } => Undo::Task {
            action: task_type.as_str().into(),
            config: template(&format!("{}/compensate/config", node.id), &Value::Object(config.clone()))?,
        },
    })))
}
