//! Exactly one start, at least one end, and no more nodes and edges than a definition may have.

use super::super::context::Context;
use crate::definition::{Edge, Node, NodeType};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::limits;

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let nodes = context.graph.nodes;
    let (all_nodes, all_edges) = size(nodes, &context.definition.edges, 0);
    for (what, count, limit) in
        [("nodes", all_nodes, limits::DEFINITION_NODES), ("edges", all_edges, limits::DEFINITION_EDGES)]
    {
        if count > limit {
            found.push(
                Diagnostic::new(Code::TooManyElements, format!("/{what}"))
                    .with("found", count)
                    .with("limit", limit)
                    .with_term("what", what),
            );
        }
    }
    if !found.is_empty() {
        return;
    }
    let starts: Vec<usize> = (0..nodes.len()).filter(|&node| nodes[node].node_type == NodeType::Start).collect();
    match starts.as_slice() {
        [] => found.push(Diagnostic::new(Code::NoStart, "/nodes")),
        [_] => {}
        [_, others @ ..] => found.extend(others.iter().map(|&node| {
            context.node(Code::SeveralStarts, node).fixed_by(Fix::Remove { pointer: format!("/nodes/{node}") })
        })),
    }
    if !nodes.iter().any(|node| node.node_type == NodeType::End) {
        found.push(Diagnostic::new(Code::NoEnd, "/nodes"));
    }
}

/// Nodes and edges, bodies included.
fn size(nodes: &[Node], edges: &[Edge], depth: usize) -> (usize, usize) {
    let mut total = (nodes.len(), edges.len());
    if depth < limits::DOCUMENT_DEPTH {
        for body in nodes.iter().filter_map(|node| node.body.as_ref()) {
            let inner = size(&body.nodes, &body.edges, depth + 1);
            total = (total.0 + inner.0, total.1 + inner.1);
        }
    }
    total
}
