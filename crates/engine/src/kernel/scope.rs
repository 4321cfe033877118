//! Names in expressions, looked up in the state of an instance.

use super::event::{Failure, Json};
use super::state::InstanceState;
use heddle_expr::Scope;
use heddle_model::plan::Plan;
use heddle_model::value::{Shared, Value, json};
use std::sync::Arc;

/// What an expression can see. Values are shared, and built only when a name asks for them.
pub(super) struct InstanceScope<'a> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a InstanceState,
    pub(super) now: i64,
    /// Variables written by the step under way; they come before the instance's.
    pub(super) written: &'a [(Arc<str>, Json)],
    /// The node's output, in an output mapping.
    pub(super) output: Option<&'a Json>,
    /// The error, on an error edge.
    pub(super) error: Option<&'a Failure>,
}

impl Scope for InstanceScope<'_> {
    fn get(&self, name: &str) -> Option<Shared> {
        match name {
            "output" if self.output.is_some() => self.output.map(|output| output.0.clone()),
            "error" if self.error.is_some() => {
                self.error.and_then(|error| serde_json::to_value(error).ok()).map(Arc::new)
            }
            "input" => Some(self.state.input.0.clone()),
            "instance" => Some(Arc::new(json!({
                "id": self.state.id.to_string(),
                "started_at": self.state.started_at.unwrap_or(self.now),
                "priority": self.state.priority,
                "business_key": self.state.business_key.as_deref(),
            }))),
            _ => self.variable(name),
        }
    }

    fn now_ms(&self) -> i64 {
        self.now
    }

    fn variable(&self, name: &str) -> Option<Shared> {
        let written = self.written.iter().rev().find(|(written, _)| &**written == name).map(|(_, value)| value);
        written.or_else(|| self.state.variables.get(name)).map(|value| value.0.clone())
    }

    fn variables(&self) -> Option<Shared> {
        let mut all: heddle_model::value::Map<String, Value> =
            self.state.variables.iter().map(|(name, value)| (name.to_string(), (*value.0).clone())).collect();
        for (name, value) in self.written {
            all.insert(name.to_string(), (*value.0).clone());
        }
        Some(Arc::new(Value::Object(all)))
    }

    fn node_output(&self, id: &str) -> Option<Shared> {
        let record = self.state.nodes.get(&self.plan.find(id)?)?;
        Some(record.output.as_ref().map_or_else(Shared::default, |output| output.0.clone()))
    }

    fn node(&self, id: &str) -> Option<Shared> {
        let record = self.state.nodes.get(&self.plan.find(id)?)?;
        Some(Arc::new(json!({
            "output": record.output.as_ref().map(|output| &*output.0),
            "status": record.status.as_str(),
            "attempt": record.attempt,
            "error": record.error,
        })))
    }
}
