//! The full form as a JSON value: the public language, not the serde form of the types.

use super::node;
use crate::definition::{Body, Concurrency, Definition, Edge, EdgeEvent, OnFailure, Settings};
use crate::format::duration;
use crate::value::{Map, Value, json};
use indexmap::IndexMap;

/// The version of the language that is written and read.
pub(in crate::format) const API_VERSION: &str = "heddle/v1";

/// The definition in the full form.
pub fn to_json(definition: &Definition) -> Value {
    let mut out = Object::default();
    out.put("apiVersion", API_VERSION);
    out.put("name", definition.name.as_str());
    head(definition, &mut out);
    let mut map = out.0;
    let body = graph(&definition.nodes, &definition.edges);
    map.extend(body);
    let mut out = Object(map);
    tail(definition, &mut out);
    Value::Object(out.0)
}

/// What stands before the graph, the name left out.
pub(super) fn head(definition: &Definition, out: &mut Object) {
    out.some("version", definition.version.clone());
    out.some("description", definition.description.clone());
    out.list("tags", &definition.tags);
    out.some("inputs", definition.inputs.clone());
    out.values("outputs", &definition.outputs);
    out.values("variables", &definition.variables);
    if !definition.settings.is_default() {
        out.put("settings", settings(&definition.settings));
    }
    out.some("triggers", definition.triggers.clone());
}

/// What stands after the graph.
pub(super) fn tail(definition: &Definition, out: &mut Object) {
    if !definition.layout.is_empty() {
        let layout: Map<String, Value> = definition
            .layout
            .iter()
            .map(|(id, at)| (id.clone(), json!({ "x": number(at.x), "y": number(at.y) })))
            .collect();
        out.put("layout", layout);
    }
    for key in ["frames", "notes", "comments"] {
        out.some(key, definition.beside.get(key).cloned());
    }
}

pub(super) fn graph(nodes: &[crate::definition::Node], edges: &[Edge]) -> Map<String, Value> {
    let mut out = Object::default();
    out.put("nodes", nodes.iter().map(|node| Value::Object(node::node(node))).collect::<Vec<_>>());
    out.put("edges", edges.iter().map(|edge| Value::Object(whole_edge(edge))).collect::<Vec<_>>());
    out.0
}

pub(super) fn body(body: &Body) -> Value {
    Value::Object(graph(&body.nodes, &body.edges))
}

fn whole_edge(edge: &Edge) -> Map<String, Value> {
    let mut out = Object::default();
    out.some("id", edge.id.clone());
    out.put("from", edge.from.as_str());
    out.put("to", edge.to.as_str());
    event(edge, &mut out);
    way(edge, &mut out);
    out.0
}

/// What decides whether an edge is taken, and what people see of it.
pub(super) fn way(edge: &Edge, out: &mut Object) {
    out.some("condition", edge.condition.clone());
    if edge.default {
        out.put("default", true);
    }
    out.some("label", edge.label.clone());
    out.some("priority", edge.priority);
}

/// The event that an edge stands for.
fn event(edge: &Edge, out: &mut Object) {
    out.some("on", edge.on.map(event_word));
    out.list("codes", &edge.codes);
    out.some("name", edge.event_name.clone());
    out.some("interrupting", edge.interrupting);
}

pub(super) const fn event_word(event: EdgeEvent) -> &'static str {
    match event {
        EdgeEvent::Error => "error",
        EdgeEvent::Timeout => "timeout",
        EdgeEvent::Message => "message",
        EdgeEvent::Signal => "signal",
    }
}

fn settings(settings: &Settings) -> Map<String, Value> {
    let mut out = Object::default();
    out.some("timeout", settings.timeout.map(duration::print));
    out.some("priority", settings.priority);
    match settings.on_failure {
        OnFailure::Fail => {}
        OnFailure::Compensate => out.put("on_failure", "compensate"),
        OnFailure::Incident => out.put("on_failure", "incident"),
    }
    out.some("concurrency", settings.concurrency.as_ref().map(concurrency));
    out.list("search", &settings.search);
    out.some("retention", settings.retention.map(duration::print));
    out.some("log_level", settings.log_level.clone());
    out.list("sensitive", &settings.sensitive);
    out.0
}

pub(super) fn concurrency(concurrency: &Concurrency) -> Value {
    use crate::definition::AtLimit;
    let mut out = Object::default();
    out.put("key", concurrency.key.as_str());
    out.put("limit", concurrency.limit);
    match concurrency.at_limit {
        AtLimit::Queue => {}
        AtLimit::Reject => out.put("at_limit", "reject"),
        AtLimit::Replace => out.put("at_limit", "replace"),
    }
    Value::Object(out.0)
}

/// A coordinate: whole ones without a fraction, as people write them.
fn number(value: f64) -> Value {
    // Up to 2^53 every whole double is exactly an integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT && !(value == 0.0 && value.is_sign_negative()) {
        return Value::from(value as i64);
    }
    Value::from(value)
}

/// An object in the making.
#[derive(Default)]
pub(super) struct Object(pub(super) Map<String, Value>);

impl Object {
    pub(super) fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    pub(super) fn some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    pub(super) fn list(&mut self, key: &str, items: &[String]) {
        if !items.is_empty() {
            self.put(key, items.to_vec());
        }
    }

    pub(super) fn values(&mut self, key: &str, values: &IndexMap<String, Value>) {
        if !values.is_empty() {
            self.put(key, values.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>());
        }
    }
}
