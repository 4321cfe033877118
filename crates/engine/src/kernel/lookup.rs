//! Names in expressions, looked up in the state of an instance as one of its scopes sees it.

use super::event::{Failure, Json};
use super::state::{InstanceState, NodeRecord};
use heddle_expr::Scope;
use heddle_model::plan::Plan;
use heddle_model::value::{Shared, Value, json};
use std::sync::Arc;

/// What an expression can see. Values are shared, and built only when a name asks for them.
pub(super) struct InstanceScope<'a> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a InstanceState,
    pub(super) now: i64,
    /// The scope in which the expression stands.
    pub(super) scope: u32,
    /// Variables written by the step under way; they come before the instance's.
    pub(super) written: &'a [(Arc<str>, Json)],
    /// Names that exist only for this expression.
    pub(super) names: &'a [(&'static str, Value)],
    /// The node's output, in an output mapping.
    pub(super) output: Option<&'a Json>,
    /// The error, on an error edge.
    pub(super) error: Option<&'a Failure>,
}

impl Scope for InstanceScope<'_> {
    fn get(&self, name: &str) -> Option<Shared> {
        if let Some((_, value)) = self.names.iter().find(|(own, _)| *own == name) {
            return Some(Arc::new(value.clone()));
        }
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
            _ => self.marking(name).or_else(|| self.variable(name)),
        }
    }

    fn now_ms(&self) -> i64 {
        self.now
    }

    fn variable(&self, name: &str) -> Option<Shared> {
        if let Some((_, value)) = self.written.iter().rev().find(|(written, _)| &**written == name) {
            return Some(value.0.clone());
        }
        self.inner()
            .find_map(|inner| inner.variables.get(name))
            .or_else(|| self.state.variables.get(name))
            .map(|value| value.0.clone())
    }

    fn variables(&self) -> Option<Shared> {
        let text = |(name, value): (&Arc<str>, &Json)| (name.to_string(), (*value.0).clone());
        let mut all: heddle_model::value::Map<String, Value> = self.state.variables.iter().map(text).collect();
        let inner: Vec<_> = self.inner().collect();
        inner.into_iter().rev().for_each(|inner| all.extend(inner.variables.iter().map(text)));
        all.extend(self.written.iter().map(|(name, value)| (name.to_string(), (*value.0).clone())));
        Some(Arc::new(Value::Object(all)))
    }

    fn node_output(&self, id: &str) -> Option<Shared> {
        let record = self.record(id)?;
        Some(record.output.as_ref().map_or_else(Shared::default, |output| output.0.clone()))
    }

    fn node(&self, id: &str) -> Option<Shared> {
        let record = self.record(id)?;
        Some(Arc::new(json!({
            "output": record.output.as_ref().map(|output| &*output.0),
            "status": record.status.as_str(),
            "attempt": record.attempt,
            "error": record.error,
        })))
    }
}

impl InstanceScope<'_> {
    /// The inner scopes around the expression, the nearest first.
    fn inner(&self) -> impl Iterator<Item = &super::marking::Scope> {
        std::iter::successors(self.state.scopes.get(&self.scope), |inner| self.state.scopes.get(&inner.parent))
    }

    /// What is known of a node: in the nearest scope that it is part of, else the last that ran anywhere.
    fn record(&self, id: &str) -> Option<&NodeRecord> {
        let ix = self.plan.find(id)?;
        let own = self.plan.node(ix).scope;
        match self.inner().find(|inner| inner.of == own) {
            Some(inner) => inner.nodes.get(&ix),
            None => self.state.nodes.get(&ix),
        }
    }

    /// `active("node")`, `completed("node")`, `tokens("edge")`: the marking, for guards.
    fn marking(&self, name: &str) -> Option<Shared> {
        let (function, id) = name.strip_suffix(')')?.split_once('(')?;
        let value = match function {
            "active" => {
                let ix = self.plan.find(id)?;
                Value::from(
                    self.state.live.values().any(|execution| execution.node == ix && !execution.active.is_failed()),
                )
            }
            "completed" => {
                let ix = self.plan.find(id)?;
                let rounds = self.state.nodes.get(&ix).map_or(0, |record| record.rounds);
                let open = self
                    .state
                    .live
                    .values()
                    .chain(self.state.suspended.values())
                    .filter(|execution| execution.node == ix)
                    .count() as u32;
                Value::from(rounds.saturating_sub(open))
            }
            "tokens" => {
                let (ix, _) = self.plan.edges().find(|(_, edge)| &*edge.id == id)?;
                let count = |scope| self.state.tokens(scope).iter().filter(|&&edge| edge == ix).count();
                Value::from(self.state.open_scopes().map(count).sum::<usize>())
            }
            _ => return None,
        };
        Some(Arc::new(value))
    }
}
