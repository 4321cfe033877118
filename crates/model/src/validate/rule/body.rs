//! The graph inside a container keeps the same rules as the root's; it sees the names around it and some of its own.

use super::super::context::Context;
use super::super::supported;
use super::{BODY_RULES, ask};
use crate::definition::{Definition, Node, NodeType};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::value::Value;

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (index, node) in context.graph.nodes.iter().enumerate() {
        let is_container = matches!(node.node_type, NodeType::Group | NodeType::Foreach);
        if !is_container && node.body.is_some() {
            let pointer = format!("/nodes/{index}/body");
            let problem = Diagnostic::new(Code::Misplaced, &pointer).concerning(&node.id).with("field", "body");
            found.push(problem.with_term("needs", "r_body").fixed_by(Fix::Remove { pointer }));
        }
        if !is_container || !supported::runs(node) {
            continue;
        }
        let Some(body) = node.body.as_ref().filter(|body| !body.nodes.is_empty()) else {
            let pointer = format!("/nodes/{index}");
            found.push(Diagnostic::new(Code::MissingField, pointer).concerning(&node.id).with("field", "body"));
            continue;
        };
        let inner = Definition { nodes: body.nodes.clone(), edges: body.edges.clone(), ..Definition::default() };
        let names = own_names(node);
        let inside = Context::inside(context, &inner, names.iter().map(String::as_str));
        let at = format!("/nodes/{index}/body");
        found.extend(ask(&BODY_RULES, &inside).into_iter().map(|problem| moved(problem, &at)));
    }
}

/// Names that exist only inside: the item and its place, the event that began it.
fn own_names(node: &Node) -> Vec<String> {
    if node.node_type == NodeType::Foreach {
        let item = node.config.get("as").and_then(Value::as_str).unwrap_or("item");
        return vec![item.to_owned(), "index".to_owned()];
    }
    if node.trigger.is_some() { vec!["event".to_owned()] } else { Vec::new() }
}

/// A problem of the inner graph, as one of the whole text.
fn moved(mut problem: Diagnostic, at: &str) -> Diagnostic {
    problem.pointer.insert_str(0, at);
    if let Some(Fix::Set { pointer, .. } | Fix::Remove { pointer } | Fix::RenameKey { pointer, .. }) = &mut problem.fix
    {
        pointer.insert_str(0, at);
    }
    problem
}
