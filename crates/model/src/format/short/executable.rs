//! The executable form shows an edge `on: error` as the boundary event it stands for; reading folds it back into the edge.

use super::super::tree::{Entry, Spanned, Tree};
use super::Implied;
use std::collections::HashMap;

/// Between the host's id and the event in the id of such a boundary: no author's id is built like this by the writer.
pub(crate) const MARK: char = '@';

/// Takes the boundary nodes that stand for edges out of the nodes and gives their edge its event.
pub(super) fn fold_boundaries(nodes: &mut Vec<Spanned>, implied: &mut [Implied]) {
    let mut hosts: HashMap<String, (String, Vec<Entry>)> = HashMap::new();
    nodes.retain(|node| match shorthand(node) {
        Some((id, host, event)) => {
            hosts.insert(id, (host, event));
            false
        }
        None => true,
    });
    if hosts.is_empty() {
        return;
    }
    for edge in implied {
        if let Some((host, event)) = hosts.get(&edge.from) {
            edge.from.clone_from(host);
            edge.rest.extend(event.iter().cloned());
        }
    }
}

/// Id, host and the fields of the edge, if the node stands for one.
fn shorthand(node: &Spanned) -> Option<(String, String, Vec<Entry>)> {
    let word = |key: &str| node.get(key).and_then(Spanned::scalar);
    let (id, host) = (word("id")?, word("attached_to")?);
    if word("type")? != "boundary" || !id.starts_with(&format!("{host}{MARK}")) {
        return None;
    }
    let [event] = node.get("config")?.entries() else { return None };
    let on = match event.key.as_str() {
        "timer" => "timeout",
        other => other,
    };
    let mut fields = vec![Entry { key: "on".into(), place: event.place, value: Spanned::text(event.place, on) }];
    if let Tree::Map(details) = &event.value.tree {
        fields.extend(details.iter().cloned());
    }
    if let Some(entry) = node.entries().iter().find(|entry| entry.key == "interrupting") {
        fields.push(entry.clone());
    }
    Some((id, host, fields))
}
