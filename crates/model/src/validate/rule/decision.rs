//! Decisions have a choice, conditions leave a way out, and no way is hidden behind another.

use super::super::context::Context;
use crate::definition::{NodeType, Split};
use crate::diagnostic::{Code, Diagnostic, Fix};

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (index, node) in context.graph.nodes.iter().enumerate() {
        if context.graph.by_id.get(node.id.as_str()) != Some(&index) {
            continue;
        }
        let ways = context.graph.ways(index);
        if node.node_type == NodeType::Decision && !node.disabled {
            // A way to a node that does not exist is a way: that it leads nowhere is told already.
            let written = context.definition.edges.iter().filter(|edge| edge.from == node.id && edge.on.is_none()).count();
            if ways.len() < 2 && written < 2 {
                found.push(context.node(Code::FewWays, index).with("found", written));
            }
        }
        let all_conditional = !ways.is_empty() && ways.iter().all(|(_, edge)| edge.condition.is_some() && !edge.default);
        if all_conditional {
            found.push(context.node(Code::NoDefault, index));
        }
        if node.effective_split() == Split::One {
            hidden(context, index, &ways, found);
        }
    }
}

/// Ways behind one that is always taken.
fn hidden(context: &Context<'_>, index: usize, ways: &[(usize, &crate::definition::Edge)], found: &mut Vec<Diagnostic>) {
    let Some(first) = ways.iter().position(|(_, edge)| edge.condition.is_none() && !edge.default) else { return };
    for (place, (edge_index, edge)) in ways.iter().enumerate() {
        if place > first || edge.default {
            let fix = Fix::Set { pointer: format!("/edges/{}/default", ways[first].0), value: true.into() };
            let problem = context.edge(Code::NeverTaken, *edge_index).with("id", context.graph.nodes[index].shown()).with("to", &edge.to);
            found.push(problem.fixed_by(fix));
        }
    }
}
