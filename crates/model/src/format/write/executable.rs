//! The executable form: the flat graph, each node with its ways out; edges `on:` shown as the boundary events they stand for.

use super::json::{Object, event_word, head, tail, way};
use super::node::properties;
use crate::definition::{Body, Definition, Edge, EdgeEvent, Node};
use crate::format::short::MARK;
use crate::value::{Map, Value, json};
use std::collections::HashMap;

/// `{id, name, version, tasks: [{id, type, name, properties, next: [{id, condition, default}]}]}`. `id` is the name; a server that
/// knows the workflow's id puts that in its place. It reads back as the same definition, edges grouped by the node they leave.
pub fn to_executable(definition: &Definition) -> Value {
    let mut out = Object::default();
    out.put("id", definition.name.as_str());
    out.put("name", definition.name.as_str());
    head(definition, &mut out);
    out.put("tasks", tasks(&definition.nodes, &definition.edges));
    tail(definition, &mut out);
    Value::Object(out.0)
}

fn tasks(nodes: &[Node], edges: &[Edge]) -> Vec<Value> {
    let mut outgoing: HashMap<&str, Vec<&Edge>> = HashMap::new();
    for edge in edges {
        outgoing.entry(&edge.from).or_default().push(edge);
    }
    let mut tasks = Vec::with_capacity(nodes.len());
    for node in nodes {
        let ways = outgoing.remove(node.id.as_str()).unwrap_or_default();
        let (events, plain): (Vec<&Edge>, Vec<&Edge>) = ways.into_iter().partition(|edge| edge.on.is_some());
        tasks.push(task(node, &plain));
        let mut nth: HashMap<&str, usize> = HashMap::new();
        for edge in events {
            let Some(event) = edge.on else { continue };
            let count = nth.entry(event_word(event)).or_default();
            *count += 1;
            tasks.push(boundary(node, edge, event, *count));
        }
    }
    tasks
}

fn task(node: &Node, ways: &[&Edge]) -> Value {
    let mut out = Object::default();
    out.put("id", node.id.as_str());
    out.put("type", node.node_type.as_str());
    out.some("name", node.name.clone());
    let mut own = Object::default();
    properties(node, &mut own);
    if !own.0.is_empty() {
        out.put("properties", own.0);
    }
    if let Some(Body { nodes, edges }) = &node.body {
        out.put("tasks", tasks(nodes, edges));
    }
    if !ways.is_empty() {
        out.put("next", ways.iter().map(|edge| next(edge)).collect::<Vec<_>>());
    }
    Value::Object(out.0)
}

fn next(edge: &Edge) -> Value {
    let mut out = Object::default();
    out.put("id", edge.to.as_str());
    out.some("edge", edge.id.clone());
    way(edge, &mut out);
    Value::Object(out.0)
}

/// The event behind an edge `on:`; its id tells the reader that it stands for the edge.
fn boundary(host: &Node, edge: &Edge, event: EdgeEvent, nth: usize) -> Value {
    let word = match event {
        EdgeEvent::Timeout => "timer",
        other => event_word(other),
    };
    let suffix = if nth > 1 { format!("#{nth}") } else { String::new() };
    let mut details = Object::default();
    details.list("codes", &edge.codes);
    details.some("name", edge.event_name.clone());
    let mut own = Object::default();
    own.put("attached_to", host.id.as_str());
    own.some("interrupting", edge.interrupting);
    own.put("config", Map::from_iter([(word.to_owned(), Value::Object(details.0))]));
    json!({ "id": format!("{}{MARK}{}{suffix}", host.id, event_word(event)), "type": "boundary", "properties": own.0, "next": [next(edge)] })
}
