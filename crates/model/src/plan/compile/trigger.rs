//! Compiling what is waited for and what is sent: messages, signals, timers, conditions, errors.

use super::super::{Keep, Send, Trigger};
use super::{PlanError, codes, condition, error, template};
use crate::definition::{Node, NodeType};
use crate::format::duration::of_seconds_or_text;
use crate::value::{Map, Value};
use heddle_expr::Template;

/// What an event node waits for.
pub(super) fn of_node(node: &Node) -> Result<Trigger, PlanError> {
    let config = Value::Object(node.config.clone());
    match node.node_type {
        NodeType::Message => message(&node.id, &config),
        NodeType::Signal => signal(&node.id, &config),
        NodeType::Condition => when(&node.id, &config),
        _ => Err(error(&node.id, "it waits for nothing")),
    }
}

/// What a boundary event or an event sub-scope waits for: the one key of its settings that names an event.
pub(super) fn of_boundary(at: &str, event: &Map<String, Value>) -> Result<Trigger, PlanError> {
    let (kind, value) =
        event.iter().find(|(key, _)| key.as_str() != "interrupting").ok_or_else(|| error(at, "it names no event"))?;
    match kind.as_str() {
        "error" => Ok(Trigger::Error { codes: codes(value) }),
        "escalation" => Ok(Trigger::Escalation { codes: codes(value) }),
        "timeout" => Ok(Trigger::Timeout),
        "timer" => timer(at, value),
        "message" => message(at, value),
        "signal" => signal(at, value),
        "condition" => when(at, value),
        other => Err(error(at, format!("there is no event `{other}`"))),
    }
}

/// A timer's settings: `{ duration }`, `{ until }`, `{ cycle }`, or a duration alone.
fn timer(at: &str, value: &Value) -> Result<Trigger, PlanError> {
    let config = if value.is_object() { value.clone() } else { serde_json::json!({ "duration": value }) };
    Ok(Trigger::Timer { config: template(at, &config)? })
}

fn message(at: &str, value: &Value) -> Result<Trigger, PlanError> {
    let keep = match value.get("keep") {
        None => Keep::Always,
        Some(Value::String(word)) if word == "none" => Keep::Never,
        Some(Value::String(word)) if word == "persistent" => Keep::Always,
        Some(other) => of_seconds_or_text(other).map(Keep::For).ok_or_else(|| error(at, "`keep` is no duration"))?,
    };
    Ok(Trigger::Message { name: name(at, value)?, key: optional(at, value, "key")?, keep })
}

fn signal(at: &str, value: &Value) -> Result<Trigger, PlanError> {
    Ok(Trigger::Signal { name: name(at, value)? })
}

fn when(at: &str, value: &Value) -> Result<Trigger, PlanError> {
    let text = value.as_str().or_else(|| value.get("when").and_then(Value::as_str));
    let text = text.ok_or_else(|| error(at, "`when` is missing"))?;
    Ok(Trigger::Condition(Box::new(condition(at, text)?)))
}

fn name(at: &str, value: &Value) -> Result<Template, PlanError> {
    let name = if value.is_string() { Some(value) } else { value.get("name") };
    template(at, name.ok_or_else(|| error(at, "`name` is missing"))?)
}

fn optional(at: &str, value: &Value, key: &str) -> Result<Option<Template>, PlanError> {
    value.get(key).map(|value| template(at, value)).transpose()
}

/// What a `send` node or an end of kind `message` or `signal` gives away.
pub(super) fn send(at: &str, config: &Map<String, Value>) -> Result<Box<Send>, PlanError> {
    let whole = Value::Object(config.clone());
    let kinds = ["message", "signal", "escalation"];
    let kind = kinds.into_iter().find(|kind| config.contains_key(*kind));
    let kind = kind.ok_or_else(|| error(at, "it names neither a message, a signal nor an escalation"))?;
    // `send: { message: name }`, or `{ message: true, name: … }` as the table of the language has it.
    let name = match config.get(kind) {
        Some(Value::String(name)) => Value::String(name.clone()),
        Some(Value::Object(map)) => map.get("name").cloned().unwrap_or(Value::Null),
        _ => config.get("name").cloned().unwrap_or(Value::Null),
    };
    if !name.is_string() {
        return Err(error(at, "`name` is missing"));
    }
    let inner = config.get(kind).filter(|value| value.is_object()).unwrap_or(&whole);
    let field = |key: &str| inner.get(key).or_else(|| config.get(key)).map(|value| template(at, value)).transpose();
    Ok(Box::new(Send {
        kind: match kind {
            "message" => super::super::SendKind::Message,
            "signal" => super::super::SendKind::Signal,
            _ => super::super::SendKind::Escalation,
        },
        name: template(at, &name)?,
        key: field("key")?,
        payload: field("payload")?,
        ttl: field("ttl")?,
    }))
}
