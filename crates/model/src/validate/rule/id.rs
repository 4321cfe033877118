//! Ids are unique over the whole definition, bodies included; equal names are worth a warning.

use super::super::context::Context;
use crate::definition::Node;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits;
use std::collections::{HashMap, HashSet};

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen = Seen::default();
    nodes(context.graph.nodes, "", 0, &mut seen, found);
    let mut edges = HashSet::new();
    for (index, edge) in context.definition.edges.iter().enumerate() {
        if let Some(id) = &edge.id
            && !edges.insert(id.as_str())
        {
            found.push(context.edge(Code::DuplicateId, index).concerning(id).with("id", id));
        }
    }
}

#[derive(Default)]
struct Seen<'d> {
    ids: HashSet<&'d str>,
    names: HashMap<&'d str, &'d str>,
}

fn nodes<'d>(all: &'d [Node], pointer: &str, depth: usize, seen: &mut Seen<'d>, found: &mut Vec<Diagnostic>) {
    for (index, node) in all.iter().enumerate() {
        let at = || format!("{pointer}/nodes/{index}");
        if node.id.is_empty() {
            continue;
        }
        if !seen.ids.insert(&node.id) {
            found.push(
                Diagnostic::new(Code::DuplicateId, format!("{}/id", at())).concerning(&node.id).with("id", &node.id),
            );
        } else {
            let name = node.name.as_deref().unwrap_or(&node.id);
            if let Some(other) = seen.names.insert(name, &node.id) {
                found.push(
                    Diagnostic::new(Code::DuplicateName, at())
                        .concerning(&node.id)
                        .concerning(other)
                        .with("name", name),
                );
            }
        }
        if let Some(body) = &node.body
            && depth < limits::DOCUMENT_DEPTH
        {
            nodes(&body.nodes, &format!("{}/body", at()), depth + 1, seen, found);
        }
    }
}
