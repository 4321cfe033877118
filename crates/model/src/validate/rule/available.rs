//! What this version does not run is said, never ignored.

use super::super::context::Context;
use super::super::supported;
use crate::diagnostic::{Code, Diagnostic};

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let definition = context.definition;
    for (index, node) in definition.nodes.iter().enumerate() {
        let at = format!("/nodes/{index}");
        if !supported::runs(node) {
            found.push(
                problem(format!("{at}/type"), &format!("type: {}", node.node_type.as_str())).concerning(&node.id),
            );
            continue;
        }
        found.extend(
            supported::missing_of_node(node)
                .into_iter()
                .map(|(field, what)| problem(format!("{at}{field}"), &what).concerning(&node.id)),
        );
    }
    for (index, edge) in definition.edges.iter().enumerate() {
        for (field, what) in supported::missing_of_edge(edge) {
            found.push(problem(format!("/edges/{index}{field}"), &what).concerning(&edge.from).concerning(&edge.to));
        }
    }
    found.extend(
        supported::missing_of_settings(&definition.settings)
            .into_iter()
            .map(|(field, what)| problem(format!("/settings{field}"), &what)),
    );
    if !supported::TRIGGERS && definition.triggers.is_some() {
        found.push(problem("/triggers".to_owned(), "triggers"));
    }
}

pub(super) fn problem(pointer: String, what: &str) -> Diagnostic {
    Diagnostic::new(Code::NotAvailable, pointer).with("what", what)
}
