//! Policies that have an effect and do not contradict each other.

use super::super::context::Context;
use crate::definition::{EdgeEvent, Node, NodeType, OnError};
use crate::diagnostic::{Code, Diagnostic, Fix, Severity};

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (index, node) in context.graph.nodes.iter().enumerate() {
        if !node.is_task()
            && matches!(node.node_type, NodeType::Start | NodeType::End | NodeType::Decision | NodeType::Gateway)
        {
            idle(node, index, found);
        }
        let Some(retry) = &node.retry else { continue };
        let contradiction = |other: &str, why| contradiction(context, index, ("retry", other), why);
        if node.at_most_once && retry.max_attempts > 1 {
            found.push(contradiction("at_most_once", "r_retry_once"));
        }
        if retry.base_delay > retry.max_delay {
            found.push(contradiction("max_delay", "r_delays"));
        }
    }
    for (index, edge) in context.definition.edges.iter().enumerate() {
        let Some(&from) = context.graph.by_id.get(edge.from.as_str()) else { continue };
        let node = &context.graph.nodes[from];
        match edge.on {
            Some(EdgeEvent::Timeout) if node.timeout.is_none() => {
                found.push(never(context, index, node, ("timeout", "r_no_timeout")))
            }
            Some(EdgeEvent::Error) if cannot_fail(node) => {
                found.push(never(context, index, node, ("error", "r_no_failure")))
            }
            Some(EdgeEvent::Error) if edge.codes.is_empty() && node.on_error != OnError::Fail => {
                found.push(contradiction(context, from, ("on_error", "on: error"), "r_edge_catches"));
            }
            _ => {}
        }
    }
}

/// Policies of work on a node that does none.
fn idle(node: &Node, index: usize, found: &mut Vec<Diagnostic>) {
    let fields = [
        ("retry", node.retry.is_some()),
        ("timeout", node.timeout.is_some()),
        ("on_error", node.on_error != OnError::Fail),
        ("at_most_once", node.at_most_once),
    ];
    for (field, _) in fields.iter().filter(|(_, there)| *there) {
        let pointer = format!("/nodes/{index}/{field}");
        let problem = Diagnostic::new(Code::Misplaced, &pointer)
            .concerning(&node.id)
            .with("field", field)
            .with_term("needs", "r_tasks_only");
        found.push(problem.as_grave_as(Severity::Warning).fixed_by(Fix::Remove { pointer }));
    }
}

/// Passes tokens on and computes nothing.
fn cannot_fail(node: &Node) -> bool {
    let is_pass = match node.node_type {
        NodeType::Start | NodeType::Decision | NodeType::Gateway => true,
        NodeType::Task => node.action.is_none(),
        _ => false,
    };
    (is_pass || node.disabled) && node.output.is_empty()
}

fn contradiction(context: &Context<'_>, index: usize, (field, other): (&str, &str), why: &str) -> Diagnostic {
    let mut problem =
        context.node(Code::Contradiction, index).with("field", field).with("other", other).with_term("why", why);
    problem.pointer = format!("/nodes/{index}/{field}");
    problem
}

fn never(context: &Context<'_>, index: usize, node: &Node, (on, why): (&str, &str)) -> Diagnostic {
    context.edge(Code::EdgeNeverTaken, index).with("id", node.shown()).with("on", on).with_term("why", why)
}
