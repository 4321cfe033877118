//! One node in the full form.

use super::json::{Object, body, concurrency};
use crate::definition::{Compensate, Jitter, Join, Loop, Mutex, MutexLevel, Node, OnError, Rest, Retry, Split};
use crate::format::duration;
use crate::value::{Map, Value, json};

/// The node with its keys in their fixed order.
pub(super) fn node(node: &Node) -> Map<String, Value> {
    let mut out = Object::default();
    out.put("id", node.id.as_str());
    out.some("name", node.name.clone());
    out.put("type", node.node_type.as_str());
    properties(node, &mut out);
    out.some("body", node.body.as_ref().map(body));
    out.0
}

/// Everything but id, name, type and body.
pub(super) fn properties(node: &Node, out: &mut Object) {
    out.some("action", node.action.clone());
    out.some("description", node.description.clone());
    out.list("tags", &node.tags);
    if let Some(boundary) = &node.boundary {
        out.put("attached_to", boundary.attached_to.as_str());
        if !boundary.interrupting {
            out.put("interrupting", false);
        }
    }
    let config = node
        .boundary
        .as_ref()
        .map(|boundary| &boundary.event)
        .filter(|event| !event.is_empty())
        .unwrap_or(&node.config);
    if !config.is_empty() {
        out.put("config", config.clone());
    }
    out.values("output", &node.output);
    flow(node, out);
    policies(node, out);
    out.some("trigger", node.trigger.clone());
    out.some("sample", node.sample.clone());
}

fn flow(node: &Node, out: &mut Object) {
    out.some("join", node.join.as_ref().map(join));
    out.some("split", node.split.map(split));
    out.some("guard", node.guard.clone());
    out.some("mutex", node.mutex.as_ref().map(mutex));
    out.some("cancel", node.cancel.clone());
    out.some("loop", node.loop_.as_ref().map(loop_));
}

fn policies(node: &Node, out: &mut Object) {
    out.some("retry", node.retry.as_ref().map(retry));
    out.some("timeout", node.timeout.map(duration::print));
    match node.on_error {
        OnError::Fail => {}
        OnError::Skip => out.put("on_error", "skip"),
        OnError::Incident => out.put("on_error", "incident"),
        OnError::Compensate => out.put("on_error", "compensate"),
    }
    out.some("compensate", node.compensate.as_ref().map(compensate));
    out.some("concurrency", node.concurrency.as_ref().map(concurrency));
    out.some("priority", node.priority);
    if node.at_most_once {
        out.put("at_most_once", true);
    }
    if node.disabled {
        out.put("disabled", true);
    }
}

fn join(join: &Join) -> Value {
    match join {
        Join::Inclusive => "inclusive".into(),
        Join::Any => "any".into(),
        Join::All => "all".into(),
        Join::Count(count) => json!({ "count": count }),
        Join::NOfM { n, rest, region } => {
            let mut out = Object::default();
            out.put("n", n.clone());
            if *rest == Rest::Cancel {
                out.put("rest", "cancel");
            }
            out.some("region", region.clone());
            Value::Object(out.0)
        }
    }
}

fn split(split: Split) -> Value {
    match split {
        Split::All => "all".into(),
        Split::One => "one".into(),
        Split::Event => "event".into(),
        Split::Count(count) => json!({ "count": count }),
    }
}

fn mutex(mutex: &Mutex) -> Value {
    let mut out = Object::default();
    out.put("name", mutex.name.as_str());
    match mutex.level {
        MutexLevel::Instance => {}
        MutexLevel::Workflow => out.put("level", "workflow"),
        MutexLevel::Workspace => out.put("level", "workspace"),
    }
    if mutex.permits != 1 {
        out.put("permits", mutex.permits);
    }
    Value::Object(out.0)
}

fn loop_(repeat: &Loop) -> Value {
    let mut out = Object::default();
    out.put("while", repeat.while_.as_str());
    if repeat.test_after {
        out.put("test", "after");
    }
    out.some("max", repeat.max);
    Value::Object(out.0)
}

/// `max_attempts` always; the rest where it is not what would be taken anyway.
fn retry(retry: &Retry) -> Value {
    let default = Retry::default();
    let mut out = Object::default();
    out.put("max_attempts", retry.max_attempts);
    if retry.base_delay != default.base_delay {
        out.put("base_delay", duration::print(retry.base_delay));
    }
    if retry.factor.to_bits() != default.factor.to_bits() {
        out.put("factor", retry.factor);
    }
    if retry.max_delay != default.max_delay {
        out.put("max_delay", duration::print(retry.max_delay));
    }
    match retry.jitter {
        Jitter::Full => {}
        Jitter::None => out.put("jitter", "none"),
        Jitter::Equal => out.put("jitter", "equal"),
    }
    if retry.on != default.on {
        out.put("on", retry.on.clone());
    }
    out.list("codes", &retry.codes);
    Value::Object(out.0)
}

fn compensate(compensate: &Compensate) -> Value {
    match compensate {
        Compensate::Node(id) => Value::from(id.as_str()),
        Compensate::Task { task_type, config } => {
            let mut out = Object::default();
            out.put("type", task_type.as_str());
            if !config.is_empty() {
                out.put("config", config.clone());
            }
            Value::Object(out.0)
        }
    }
}
