//! Decisions have a choice, conditions leave a way out, and no way is hidden behind another.

use super::super::context::Context;
use crate::definition::{NodeType, Split};
use crate::diagnostic::{Code, Diagnostic, Fix};
use std::collections::HashMap;

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let written = written(context);
    for (index, node) in context.graph.nodes.iter().enumerate() {
        if context.graph.by_id.get(node.id.as_str()) != Some(&index) {
            continue;
        }
        let ways = context.graph.ways(index);
        let (count, all_conditional) = written.get(node.id.as_str()).copied().unwrap_or((0, true));
        if node.node_type == NodeType::Decision && !node.disabled && count < 2 {
            found.push(context.node(Code::FewWays, index).with("found", count));
        }
        if count > 0 && all_conditional {
            found.push(context.node(Code::NoDefault, index));
        }
        if node.effective_split() == Split::One {
            hidden(context, index, &ways, found);
        }
    }
}

/// Ways out of each node and whether all are conditional. One to a node that does not exist is a way: where it leads is told already.
fn written<'d>(context: &Context<'d>) -> HashMap<&'d str, (usize, bool)> {
    let mut written = HashMap::new();
    for edge in context.definition.edges.iter().filter(|edge| edge.on.is_none()) {
        let (count, all_conditional) = written.entry(edge.from.as_str()).or_insert((0, true));
        *count += 1;
        *all_conditional &= edge.condition.is_some() && !edge.default;
    }
    written
}

/// Ways behind one that is always taken.
fn hidden(
    context: &Context<'_>,
    index: usize,
    ways: &[(usize, &crate::definition::Edge)],
    found: &mut Vec<Diagnostic>,
) {
    let Some(first) = ways.iter().position(|(_, edge)| edge.condition.is_none() && !edge.default) else { return };
    for (place, (edge_index, edge)) in ways.iter().enumerate() {
        if place > first || edge.default {
            let fix = Fix::Set { pointer: format!("/edges/{}/default", ways[first].0), value: true.into() };
            let problem = context
                .edge(Code::NeverTaken, *edge_index)
                .with("id", context.graph.nodes[index].shown())
                .with("to", &edge.to);
            found.push(problem.fixed_by(fix));
        }
    }
}
