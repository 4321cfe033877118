//! Every node is connected, can be reached from the start and can reach an end.

use super::super::context::Context;
use crate::definition::{Compensate, Node, NodeType};
use crate::diagnostic::{Code, Diagnostic, Fix};

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let graph = &context.graph;
    let has_end = graph.nodes.iter().any(|node| node.node_type == NodeType::End);
    let has_edges = dangling_ends(context);
    let undoing = undoing(context);
    for (index, node) in graph.nodes.iter().enumerate() {
        // The second of two equal ids has no edges of its own; that it is a second is told already.
        if graph.by_id.get(node.id.as_str()) != Some(&index) {
            continue;
        }
        // An event sub-scope is begun by its event, and what undoes a node by that node.
        if node.trigger.is_some() || undoing.contains(node.id.as_str()) {
            continue;
        }
        let is_alone = graph.start.is_some()
            && graph.out(index).next().is_none()
            && graph.into(index).next().is_none()
            && !has_edges.contains(node.id.as_str());
        if is_alone {
            found.push(
                context.node(Code::Unconnected, index).fixed_by(Fix::Remove { pointer: format!("/nodes/{index}") }),
            );
        } else if graph.start.is_some() && !graph.reached[index] && node.node_type != NodeType::Start {
            found.push(context.node(Code::Unreachable, index));
        } else if has_end
            && !graph.ending[index]
            && !is_endless(context, index)
            && !has_edges.contains(node.id.as_str())
        {
            found.push(context.node(Code::NoWayToEnd, index));
        }
    }
}

/// Nodes that undo others.
fn undoing<'d>(context: &'d Context<'_>) -> std::collections::HashSet<&'d str> {
    let undo = |node: &'d Node| match &node.compensate {
        Some(Compensate::Node(id)) => Some(id.as_str()),
        _ => None,
    };
    context.graph.nodes.iter().filter_map(undo).collect()
}

/// Nodes with an edge whose other end is missing: the edge is the problem, not the node.
fn dangling_ends<'d>(context: &'d Context<'_>) -> std::collections::HashSet<&'d str> {
    let known = |id: &str| context.graph.by_id.contains_key(id);
    context
        .definition
        .edges
        .iter()
        .filter(|edge| !known(&edge.from) || !known(&edge.to))
        .flat_map(|edge| [edge.from.as_str(), edge.to.as_str()])
        .collect()
}

/// A loop without a way out is told once, not for each of its nodes.
fn is_endless(context: &Context<'_>, node: usize) -> bool {
    let graph = &context.graph;
    graph.cycle[node].is_some_and(|cycle| {
        graph.cycles[cycle as usize].iter().all(|&node| graph.out(node).all(|link| graph.cycle[link.to] == Some(cycle)))
    })
}
