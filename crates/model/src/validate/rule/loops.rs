//! Loops have a way out, and something happens in them.

use super::super::context::Context;
use crate::definition::{Node, NodeType};
use crate::diagnostic::{Code, Diagnostic};

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let graph = &context.graph;
    for (number, cycle) in graph.cycles.iter().enumerate() {
        let [first, ..] = cycle.as_slice() else { continue };
        let number = number as u32;
        let has_way_out = cycle.iter().any(|&node| graph.out(node).any(|link| graph.cycle[link.to] != Some(number)));
        let code = if !has_way_out {
            Code::EndlessLoop
        } else if cycle.iter().all(|&node| is_idle(&graph.nodes[node])) {
            Code::BusyLoop
        } else {
            continue;
        };
        // Loops name all their nodes, so that the canvas can show them; the message names where people enter.
        let entry = cycle
            .iter()
            .copied()
            .find(|&node| graph.into(node).any(|link| graph.cycle[link.from] != Some(number)))
            .unwrap_or(*first);
        let mut problem = context.node(code, entry);
        problem.ids.extend(cycle.iter().filter(|&&node| node != entry).map(|&node| graph.nodes[node].id.clone()));
        found.push(problem);
    }
}

/// Neither works, nor waits, nor writes a variable: after it everything is as before.
fn is_idle(node: &Node) -> bool {
    let is_pass = match &node.node_type {
        NodeType::Decision | NodeType::Gateway => true,
        NodeType::Task => node.action.is_none(),
        _ => false,
    };
    (is_pass || node.disabled) && node.output.is_empty()
}
