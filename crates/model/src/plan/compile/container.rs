//! Scopes and the nodes that hold them: groups, event sub-scopes, for-each.

use super::super::{Foreach, Handler, NodeIx, NodeKind, PlanEdge, PlanNode, PlanScope, ScopeIx, graph};
use super::node::flag;
use super::{Flat, PlanError, condition, counts, error, template, trigger};
use crate::definition::{Compensate, Node, NodeType, Rest};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a node's body becomes a scope of its own.
pub(super) const fn has_scope(node: &Node) -> bool {
    matches!(node.node_type, NodeType::Group | NodeType::Foreach) && !node.disabled
}

/// The scope of a container's body.
pub(super) fn body(flat: &Flat<'_>, ix: NodeIx, node: &Node) -> Result<ScopeIx, PlanError> {
    flat.inner.get(&ix).copied().ok_or_else(|| error(&node.id, "it has no `body`"))
}

pub(super) fn foreach(flat: &Flat<'_>, ix: NodeIx, node: &Node) -> Result<Foreach, PlanError> {
    let at = |key: &str| format!("{}/config/{key}", node.id);
    let optional = |key: &str| node.config.get(key).map(|value| template(&at(key), value)).transpose();
    let word = |key: &str| node.config.get(key).and_then(Value::as_str);
    let complete_when =
        node.config.get("complete_when").and_then(Value::as_str).map(|text| condition(&at("complete_when"), text));
    Ok(Foreach {
        body: body(flat, ix, node)?,
        items: optional("items")?,
        count: optional("count")?,
        name: word("as").unwrap_or("item").into(),
        sequential: word("mode") == Some("sequential"),
        max_parallel: optional("max_parallel")?,
        complete_when: complete_when.transpose()?,
        rest: if word("rest") == Some("leave") { Rest::Absorb } else { Rest::Cancel },
        open: flag(node, "open", false),
        wait: flag(node, "wait", true),
        collect: optional("collect")?,
        goes_on: word("on_failure") == Some("continue"),
        max_failures: optional("max_failures")?,
    })
}

/// All scopes, the root first.
pub(super) fn scopes(flat: &Flat<'_>, nodes: &[PlanNode], edges: &[PlanEdge]) -> Result<Vec<PlanScope>, PlanError> {
    let mut scopes: Vec<PlanScope> = flat
        .hosts
        .iter()
        .map(|host| PlanScope {
            host: *host,
            nodes: Vec::new(),
            starts: Vec::new(),
            handlers: Vec::new(),
            counted: true,
            has_items: host.is_some_and(|host| matches!(nodes[host.0 as usize].kind, NodeKind::Foreach(_))),
        })
        .collect();
    for (ix, (node, scope)) in flat.nodes.iter().enumerate() {
        let own = &mut scopes[scope.0 as usize];
        let ix = NodeIx(ix as u32);
        own.nodes.push(ix);
        if let Some(trigger) = &node.trigger {
            let event = trigger.as_object().ok_or_else(|| error(&node.id, "`trigger` is no mapping"))?;
            let interrupting = event.get("interrupting").and_then(Value::as_bool).unwrap_or(true);
            own.handlers.push(Handler { node: ix, trigger: trigger::of_boundary(&node.id, event)?, interrupting });
        } else if node.node_type == NodeType::Start {
            own.starts.push(ix);
        }
    }
    let undoing = undoing(flat);
    for scope in &mut scopes {
        if scope.starts.is_empty() {
            let is_start = |ix: &NodeIx| {
                let node = &flat.nodes[ix.0 as usize].0;
                nodes[ix.0 as usize].incoming.is_empty()
                    && node.trigger.is_none()
                    && !undoing.contains(node.id.as_str())
            };
            scope.starts = scope.nodes.iter().copied().filter(is_start).collect();
        }
        let own: Vec<&PlanNode> = scope.nodes.iter().map(|ix| &nodes[ix.0 as usize]).collect();
        scope.counted = counts(&own, edges) && scope.handlers.is_empty();
    }
    for (ix, is_cyclic) in cycles(nodes, edges, scopes.len()).into_iter().enumerate() {
        scopes[ix].counted &= !is_cyclic;
    }
    Ok(scopes)
}

/// Nodes that undo others: nothing flows into them.
fn undoing<'d>(flat: &Flat<'d>) -> BTreeSet<&'d str> {
    let undo = |(node, _): &(&'d Node, ScopeIx)| match &node.compensate {
        Some(Compensate::Node(id)) => Some(id.as_str()),
        _ => None,
    };
    flat.nodes.iter().filter_map(undo).collect()
}

/// Which scopes have a cycle. Edges stay within their scope, so each is a graph of its own.
fn cycles(nodes: &[PlanNode], edges: &[PlanEdge], scopes: usize) -> Vec<bool> {
    let mut own: BTreeMap<ScopeIx, Vec<(u32, u32)>> = BTreeMap::new();
    for edge in edges {
        own.entry(nodes[edge.from.0 as usize].scope).or_default().push((edge.from.0, edge.to.0));
    }
    let mut cyclic = vec![false; scopes];
    for (scope, pairs) in own {
        let mut dense: BTreeMap<u32, u32> = BTreeMap::new();
        let mut place = |ix: u32| {
            let next = dense.len() as u32;
            *dense.entry(ix).or_insert(next)
        };
        let pairs: Vec<(u32, u32)> = pairs.into_iter().map(|(from, to)| (place(from), place(to))).collect();
        cyclic[scope.0 as usize] = graph::is_cyclic(dense.len(), &pairs);
    }
    cyclic
}
