//! Compiling: definition → plan. Scopes are laid flat: every node and edge of every body has its own index, the root's first, so that
//! a definition without bodies compiles to the indices that it always had.

mod container;
mod node;
mod trigger;
mod wiring;

use super::{Code, EdgeIx, Limit, NodeIx, Plan, PlanEdge, PlanNode, ScopeIx, graph};
use crate::definition::{Concurrency, Definition, Edge, Join, Node, NodeType, Split};
use crate::limits;
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

/// A definition with its scopes laid flat.
pub(super) struct Flat<'d> {
    nodes: Vec<(&'d Node, ScopeIx)>,
    edges: Vec<&'d Edge>,
    by_id: BTreeMap<Arc<str>, NodeIx>,
    /// The body's scope of each node that has one.
    inner: BTreeMap<NodeIx, ScopeIx>,
    hosts: Vec<Option<NodeIx>>,
}

impl<'d> Flat<'d> {
    fn of(definition: &'d Definition) -> Result<Self, PlanError> {
        let mut flat = Self {
            nodes: definition.nodes.iter().map(|node| (node, ScopeIx::ROOT)).collect(),
            edges: definition.edges.iter().collect(),
            by_id: BTreeMap::new(),
            inner: BTreeMap::new(),
            hosts: vec![None],
        };
        let mut next = 0;
        while let Some(&(node, _)) = flat.nodes.get(next) {
            let ix = NodeIx(next as u32);
            next += 1;
            if flat.by_id.insert(node.id.as_str().into(), ix).is_some() {
                return Err(error(&node.id, "the id is used twice"));
            }
            if flat.hosts.len() > limits::DEFINITION_NODES {
                return Err(error(&node.id, "there are too many scopes"));
            }
            if let Some(body) = node.body.as_ref().filter(|_| container::has_scope(node)) {
                let scope = ScopeIx(flat.hosts.len() as u32);
                flat.hosts.push(Some(ix));
                flat.inner.insert(ix, scope);
                flat.nodes.extend(body.nodes.iter().map(|node| (node, scope)));
                flat.edges.extend(&body.edges);
            }
        }
        Ok(flat)
    }

    fn node(&self, at: &str, id: &str) -> Result<NodeIx, PlanError> {
        self.by_id.get(id).copied().ok_or_else(|| error(at, format!("there is no node `{id}`")))
    }
}

impl Plan {
    /// Compiles a definition. Only one that validation has not proven can fail here.
    pub fn compile(definition: &Definition) -> Result<Self, PlanError> {
        let flat = Flat::of(definition)?;
        let mut edges = wiring::edges(&flat)?;
        let mut nodes: Vec<PlanNode> = Vec::with_capacity(flat.nodes.len());
        for (ix, (node, scope)) in flat.nodes.iter().enumerate() {
            nodes.push(node::compile(&flat, NodeIx(ix as u32), node, *scope)?);
        }
        wiring::attach(&flat, &mut nodes, &mut edges)?;
        wiring::cancels(&flat, &mut nodes, &edges)?;
        let scopes = container::scopes(&flat, &nodes, &edges)?;
        let start = flat
            .nodes
            .iter()
            .position(|(node, scope)| *scope == ScopeIx::ROOT && node.node_type == NodeType::Start)
            .ok_or_else(|| error("nodes", "there is no start"))?;
        let pairs: Vec<(u32, u32)> = edges.iter().map(|edge| (edge.from.0, edge.to.0)).collect();
        let order = graph::reverse_post_order(nodes.len(), &pairs, start as u32).into_iter().map(NodeIx).collect();
        Ok(Self {
            name: definition.name.as_str().into(),
            start: NodeIx(start as u32),
            variables: mapping("variables", &definition.variables)?,
            outputs: mapping("outputs", &definition.outputs)?,
            timeout: definition.settings.timeout,
            priority: definition.settings.priority.unwrap_or(5),
            on_failure: definition.settings.on_failure,
            concurrency: limit("settings", definition.settings.concurrency.as_ref())?,
            search: definition.settings.search.iter().map(|name| name.as_str().into()).collect(),
            has_gates: nodes.iter().any(|node| node.guard.is_some() || node.mutex.is_some()),
            shares_names: nodes.iter().any(|node| {
                node.mutex.as_ref().is_some_and(|mutex| mutex.level != crate::definition::MutexLevel::Instance)
            }),
            masks: nodes.iter().map(|_| OnceLock::new()).collect(),
            ranks: OnceLock::new(),
            nodes,
            edges,
            scopes,
            by_id: flat.by_id,
            order,
        })
    }
}

fn template(at: &str, value: &Value) -> Result<Template, PlanError> {
    Template::parse(value).map_err(|(pointer, why)| error(&format!("{at}{pointer}"), why))
}

fn limit(at: &str, concurrency: Option<&Concurrency>) -> Result<Option<Limit>, PlanError> {
    let Some(Concurrency { key, limit, at_limit }) = concurrency else { return Ok(None) };
    let key = template(&format!("{at}/concurrency/key"), &Value::from(key.as_str()))?;
    Ok(Some(Limit { key, limit: (*limit).max(1), at_limit: *at_limit }))
}

fn condition(at: &str, text: &str) -> Result<Condition, PlanError> {
    Condition::parse(text).map_err(|why| error(at, why))
}

fn mapping(at: &str, entries: &IndexMap<String, Value>) -> Result<Vec<(Arc<str>, Template)>, PlanError> {
    entries.iter().map(|(name, value)| Ok((name.as_str().into(), template(&format!("{at}/{name}"), value)?))).collect()
}

/// Error codes named by `codes: […]`, `codes: X` or `code: X`.
fn codes(value: &Value) -> Vec<Code> {
    let found = value.get("codes").or_else(|| value.get("code")).unwrap_or(&Value::Null);
    match found {
        Value::String(code) => vec![code.as_str().into()],
        Value::Array(codes) => codes.iter().filter_map(Value::as_str).map(Into::into).collect(),
        _ => Vec::new(),
    }
}

/// Whether dead edges can be counted in a scope: nothing in it makes a second token, or a token that comes while its node goes on.
fn counts(nodes: &[&PlanNode], edges: &[PlanEdge]) -> bool {
    nodes.iter().all(|node| {
        let is_plain = node.incoming.len() < 2 && !matches!(node.join, Join::Count(_) | Join::NOfM { .. })
            || matches!(node.join, Join::Inclusive | Join::All);
        let is_ended_by_events = node.events.iter().all(|ix: &EdgeIx| edges[ix.0 as usize].is_interrupting());
        is_plain && is_ended_by_events && !matches!(node.split, Split::Count(_))
    })
}
