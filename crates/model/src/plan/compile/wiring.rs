//! Edges, boundary events and cancel regions: what joins nodes to each other.

use super::super::{Cancel, EdgeIx, NodeIx, PlanEdge, PlanNode, Trigger, Way};
use super::{Flat, PlanError, condition, error, template, trigger};
use crate::definition::{Edge, EdgeEvent, Join};
use crate::value::Value;
use std::collections::BTreeMap;

/// The author's edges, in their order.
pub(super) fn edges(flat: &Flat<'_>) -> Result<Vec<PlanEdge>, PlanError> {
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    flat.edges
        .iter()
        .map(|edge| {
            let nth = seen.entry((&edge.from, &edge.to)).or_default();
            let id = edge.stable_id(*nth);
            *nth += 1;
            compile(flat, edge, id)
        })
        .collect()
}

fn compile(flat: &Flat<'_>, edge: &Edge, id: String) -> Result<PlanEdge, PlanError> {
    let (from, to) = (flat.node(&id, &edge.from)?, flat.node(&id, &edge.to)?);
    if flat.nodes[from.0 as usize].1 != flat.nodes[to.0 as usize].1 {
        return Err(error(&id, "it crosses the border of a container"));
    }
    let name = || template(&id, &Value::String(edge.event_name.clone().unwrap_or_default()));
    let trigger = match edge.on {
        None => None,
        Some(EdgeEvent::Error) => {
            Some(Trigger::Error { codes: edge.codes.iter().map(|code| code.as_str().into()).collect() })
        }
        Some(EdgeEvent::Timeout) => Some(Trigger::Timeout),
        Some(EdgeEvent::Message) => Some(Trigger::Message { name: name()?, key: None, keep: Default::default() }),
        Some(EdgeEvent::Signal) => Some(Trigger::Signal { name: name()? }),
    };
    Ok(PlanEdge {
        from,
        to,
        condition: edge.condition.as_deref().map(|text| condition(&id, text)).transpose()?,
        id: id.as_str().into(),
        default: edge.default,
        way: trigger.map(|trigger| Box::new(Way { trigger, interrupting: edge.interrupting.unwrap_or(true) })),
    })
}

/// Ways in and out of each node. A boundary event hangs on its host by an edge of its own, behind the author's.
pub(super) fn attach(flat: &Flat<'_>, nodes: &mut [PlanNode], edges: &mut Vec<PlanEdge>) -> Result<(), PlanError> {
    for (ix, (node, scope)) in flat.nodes.iter().enumerate() {
        let Some(boundary) = node.boundary.as_ref().filter(|_| !node.disabled) else { continue };
        let host = flat.node(&node.id, &boundary.attached_to)?;
        if flat.nodes[host.0 as usize].1 != *scope {
            return Err(error(&node.id, "it is attached to a node of another scope"));
        }
        let trigger = trigger::of_boundary(&node.id, &boundary.event)?;
        edges.push(PlanEdge {
            id: format!("{}~>{}", boundary.attached_to, node.id).into(),
            from: host,
            to: NodeIx(ix as u32),
            condition: None,
            default: false,
            way: Some(Box::new(Way { trigger, interrupting: boundary.interrupting })),
        });
    }
    for (ix, edge) in edges.iter().enumerate() {
        let ix = EdgeIx(ix as u32);
        nodes[edge.to.0 as usize].incoming.push(ix);
        let from = &mut nodes[edge.from.0 as usize];
        if edge.way.is_some() { from.events.push(ix) } else { from.outgoing.push(ix) }
    }
    let priority = |ix: &EdgeIx| flat.edges.get(ix.0 as usize).and_then(|edge| edge.priority).unwrap_or(i64::MAX);
    for node in nodes {
        // Siblings by their priority where they have one; the sort is stable, so the order of writing decides the rest.
        node.outgoing.sort_by_key(priority);
        node.events.sort_by_key(|ix| edges[ix.0 as usize].catches_all());
        // Every rule that asks for tokens of different edges says the same of one.
        if node.incoming.len() < 2 && matches!(node.join, Join::Inclusive | Join::All) {
            node.join = Join::Any;
        }
    }
    Ok(())
}

/// What nodes withdraw when they complete, and what joins that cancel the rest withdraw: ids become indices.
pub(super) fn cancels(flat: &Flat<'_>, nodes: &mut [PlanNode], edges: &[PlanEdge]) -> Result<(), PlanError> {
    let named = || edges.iter().enumerate().map(|(ix, edge)| (&*edge.id, EdgeIx(ix as u32)));
    let uses = flat.nodes.iter().any(|(node, _)| node.cancel.is_some() || matches!(node.join, Some(Join::NOfM { .. })));
    if !uses {
        return Ok(());
    }
    let by_id: BTreeMap<&str, EdgeIx> = named().collect();
    let edge = |at: &str, id: &str| by_id.get(id).copied().ok_or_else(|| error(at, format!("there is no edge `{id}`")));
    for (ix, (node, _)) in flat.nodes.iter().enumerate() {
        if let Some(round) = &mut nodes[ix].round {
            round.edges = round.edge_names.iter().map(|id| edge(&node.id, id)).collect::<Result<_, _>>()?;
        }
        let Some(cancel) = node.cancel.as_ref().filter(|_| !node.disabled) else { continue };
        let names =
            |key: &str| cancel.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let flag = |key: &str| cancel.get(key).and_then(Value::as_bool).unwrap_or(false);
        nodes[ix].cancel = Some(Box::new(Cancel {
            nodes: names("nodes").map(|id| flat.node(&node.id, id)).collect::<Result<_, _>>()?,
            edges: names("edges").map(|id| edge(&node.id, id)).collect::<Result<_, _>>()?,
            scope: flag("scope"),
            instance: flag("instance"),
        }));
    }
    Ok(())
}
