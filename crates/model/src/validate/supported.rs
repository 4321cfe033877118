//! What this version of the engine runs: the one table. Everything else of the language is read and kept, and refused when
//! publishing. A new feature of the engine is a line here.

use crate::definition::{Edge, Node, NodeType, Settings};
use crate::value::Value;

/// Types of node that run. Task types run by their registry, or as jobs of external workers.
const fn node_type(node_type: &NodeType) -> bool {
    use NodeType as T;
    match node_type {
        T::Start
        | T::End
        | T::Task
        | T::Decision
        | T::Gateway
        | T::EventGateway
        | T::Group
        | T::Foreach
        | T::Human
        | T::Timer
        | T::Message
        | T::Signal
        | T::Condition
        | T::Boundary
        | T::Call
        | T::Send
        | T::Custom(_) => true,
    }
}

/// Settings of a type that later versions bring: type, key, and the values in question (none named: every value).
const LATER_SETTINGS: [(&str, &str, &[&str]); 1] = [("http", "auth", &[])];

/// Whether the node's type runs; otherwise nothing else needs to be said about the node.
pub(super) const fn runs(node: &Node) -> bool {
    node_type(&node.node_type)
}

/// Fields of a node that do not run yet: the pointer below the node, and what messages call it.
pub(super) fn missing_of_node(node: &Node) -> Vec<(String, String)> {
    let mut missing = Vec::new();
    // Only what has attempts can be limited: a scope, a person's task or a wait has none.
    if node.concurrency.is_some() && node.task_type().is_none() {
        missing.push(own("concurrency", "concurrency"));
    }
    let name = node.task_type().unwrap_or(node.node_type.as_str());
    for (_, key, values) in LATER_SETTINGS.iter().filter(|(of, ..)| *of == name) {
        match node.config.get(*key) {
            Some(Value::String(value)) if values.contains(&value.as_str()) => {
                missing.push((format!("/config/{key}"), format!("{name}: {key}: {value}")))
            }
            Some(_) if values.is_empty() => missing.push((format!("/config/{key}"), format!("{name}: {key}"))),
            _ => {}
        }
    }
    missing
}

/// Fields of an edge that do not run yet.
pub(super) fn missing_of_edge(edge: &Edge) -> Vec<(String, String)> {
    let mut missing = Vec::new();
    if edge.on.is_some() && edge.condition.is_some() {
        missing.push(own("condition", "on + condition"));
    }
    missing
}

/// Settings of the workflow that do not run yet.
pub(super) fn missing_of_settings(settings: &Settings) -> Vec<(String, String)> {
    let fields = [("log_level", settings.log_level.is_some()), ("sensitive", !settings.sensitive.is_empty())];
    fields.iter().filter(|(_, there)| *there).map(|(name, _)| own(name, &format!("settings.{name}"))).collect()
}

/// Whether expressions may read secrets.
pub(super) const SECRETS: bool = false;
/// Whether `triggers` in the text make triggers.
pub(super) const TRIGGERS: bool = false;

fn own(field: &str, shown: &str) -> (String, String) {
    (format!("/{field}"), shown.to_owned())
}
