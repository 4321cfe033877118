//! Compiling: definition → plan.

use super::{EdgeIx, EndKind, NodeIx, NodeKind, Plan, PlanEdge, PlanNode, graph};
use crate::definition::{Definition, Edge, Join, Node, NodeType, Split};
use crate::value::Value;
use heddle_expr::{Condition, Template};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A definition that validation should have refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct PlanError {
    /// The element.
    pub at: String,
    /// What is wrong with it.
    pub what: String,
}

fn error(at: &str, what: impl ToString) -> PlanError {
    PlanError { at: at.to_owned(), what: what.to_string() }
}

impl Plan {
    /// Compiles a definition. Only one that validation has not proven can fail here.
    pub fn compile(definition: &Definition) -> Result<Self, PlanError> {
        let mut by_id = BTreeMap::new();
        for (ix, node) in definition.nodes.iter().enumerate() {
            if by_id.insert(Arc::<str>::from(node.id.as_str()), NodeIx(ix as u32)).is_some() {
                return Err(error(&node.id, "the id is used twice"));
            }
        }
        let edges = edges(definition, &by_id)?;
        let nodes = nodes(definition, &edges)?;
        let start = nodes
            .iter()
            .position(|node| node.node_type == NodeType::Start)
            .ok_or_else(|| error("nodes", "there is no start"))?;
        let pairs: Vec<(u32, u32)> = edges.iter().map(|edge| (edge.from.0, edge.to.0)).collect();
        let plain_joins =
            nodes.iter().all(|node| node.incoming.len() < 2 || matches!(node.join, Join::Inclusive | Join::All));
        let order = graph::reverse_post_order(nodes.len(), &pairs, start as u32).into_iter().map(NodeIx).collect();
        Ok(Self {
            name: definition.name.as_str().into(),
            start: NodeIx(start as u32),
            variables: mapping("variables", &definition.variables)?,
            outputs: mapping("outputs", &definition.outputs)?,
            timeout: definition.settings.timeout,
            priority: definition.settings.priority.unwrap_or(5),
            on_failure: definition.settings.on_failure,
            search: definition.settings.search.iter().map(|name| name.as_str().into()).collect(),
            counted: plain_joins && !graph::is_cyclic(nodes.len(), &pairs),
            masks: nodes.iter().map(|_| OnceLock::new()).collect(),
            nodes,
            edges,
            by_id,
            order,
        })
    }
}

fn template(at: &str, value: &Value) -> Result<Template, PlanError> {
    Template::parse(value).map_err(|(pointer, why)| error(&format!("{at}{pointer}"), why))
}

fn mapping(at: &str, entries: &IndexMap<String, Value>) -> Result<Vec<(Arc<str>, Template)>, PlanError> {
    entries.iter().map(|(name, value)| Ok((name.as_str().into(), template(&format!("{at}/{name}"), value)?))).collect()
}

fn edges(definition: &Definition, by_id: &BTreeMap<Arc<str>, NodeIx>) -> Result<Vec<PlanEdge>, PlanError> {
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    definition
        .edges
        .iter()
        .map(|edge| {
            let nth = seen.entry((&edge.from, &edge.to)).or_default();
            let id = edge.stable_id(*nth);
            *nth += 1;
            compile_edge(edge, id, by_id)
        })
        .collect()
}

fn compile_edge(edge: &Edge, id: String, by_id: &BTreeMap<Arc<str>, NodeIx>) -> Result<PlanEdge, PlanError> {
    let end = |node: &str| by_id.get(node).copied().ok_or_else(|| error(&id, format!("there is no node `{node}`")));
    let condition = edge.condition.as_deref().map(Condition::parse).transpose().map_err(|why| error(&id, why))?;
    Ok(PlanEdge {
        from: end(&edge.from)?,
        to: end(&edge.to)?,
        id: id.as_str().into(),
        condition,
        default: edge.default,
        event: edge.on,
        codes: edge.codes.clone(),
    })
}

fn nodes(definition: &Definition, edges: &[PlanEdge]) -> Result<Vec<PlanNode>, PlanError> {
    let mut nodes: Vec<PlanNode> = definition.nodes.iter().map(compile_node).collect::<Result<_, _>>()?;
    for (ix, edge) in edges.iter().enumerate() {
        let ix = EdgeIx(ix as u32);
        nodes[edge.to.0 as usize].incoming.push(ix);
        let from = &mut nodes[edge.from.0 as usize];
        if edge.event.is_some() { from.events.push(ix) } else { from.outgoing.push(ix) }
    }
    for node in &mut nodes {
        // Siblings by their priority where they have one; the sort is stable, so the order of writing decides the rest.
        node.outgoing.sort_by_key(|ix| definition.edges[ix.0 as usize].priority.unwrap_or(i64::MAX));
        node.events.sort_by_key(|ix| edges[ix.0 as usize].codes.is_empty());
        if node.incoming.len() < 2 {
            node.join = Join::Any;
        }
    }
    Ok(nodes)
}

fn compile_node(node: &Node) -> Result<PlanNode, PlanError> {
    let decision = node.node_type == NodeType::Decision;
    Ok(PlanNode {
        id: node.id.as_str().into(),
        name: node.name.as_deref().unwrap_or(&node.id).into(),
        node_type: node.node_type.clone(),
        kind: kind(node)?,
        join: node.join.clone().unwrap_or_default(),
        split: node.split.unwrap_or(if decision { Split::One } else { Split::All }),
        incoming: Vec::new(),
        outgoing: Vec::new(),
        events: Vec::new(),
        output: if node.disabled { Vec::new() } else { mapping(&format!("{}/output", node.id), &node.output)? },
        retry: node.retry.clone(),
        timeout: node.timeout,
        on_error: node.on_error,
        priority: node.priority,
        at_most_once: node.at_most_once,
    })
}

fn kind(node: &Node) -> Result<NodeKind, PlanError> {
    let config = || template(&format!("{}/config", node.id), &Value::Object(node.config.clone()));
    if node.disabled && node.node_type != NodeType::End {
        return Ok(NodeKind::Pass);
    }
    match &node.node_type {
        NodeType::Start | NodeType::Decision | NodeType::Gateway => Ok(NodeKind::Pass),
        NodeType::End => Ok(NodeKind::End(end_kind(node)?)),
        NodeType::Task => match &node.action {
            None => Ok(NodeKind::Pass),
            Some(action) => Ok(NodeKind::Task { action: action.as_str().into(), config: config()? }),
        },
        NodeType::Custom(name) => Ok(NodeKind::Task { action: name.as_str().into(), config: config()? }),
        NodeType::Timer => Ok(NodeKind::Timer { config: config()? }),
        other => Err(error(&node.id, format!("nodes of type `{}` are not available in this version", other.as_str()))),
    }
}

fn end_kind(node: &Node) -> Result<EndKind, PlanError> {
    let text = |key| node.config.get(key).and_then(Value::as_str);
    match text("kind").unwrap_or("none") {
        "none" => Ok(EndKind::Plain),
        "terminate" => Ok(EndKind::Terminate),
        "error" => Ok(EndKind::Error { code: text("code").unwrap_or("ERROR").to_owned() }),
        other => Err(error(&node.id, format!("ends of kind `{other}` are not available in this version"))),
    }
}
