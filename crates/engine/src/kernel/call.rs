//! Calling another workflow: what is started, and what its end means here (docs/semantics, A.5, A.10).

use super::command::CommandError;
use super::decide::Step;
use super::event::{Event, Failure, Json};
use super::state::{Active, Called, Held, InstanceState};
use crate::tasks::{ErrorClass, TaskError};
use heddle_expr::Template;
use heddle_model::ids::{InstanceId, uuid_v7};
use heddle_model::lifecycle::NodeStatus;
use heddle_model::limits;
use heddle_model::value::{Map, Value};
use std::sync::Arc;

/// An instance that is to be started, once the events are durable. Its id is fixed here, so starting it twice is no second instance.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildStart {
    /// The execution that called it.
    pub number: u32,
    /// The id of the new instance.
    pub instance: InstanceId,
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// `latest`, a number, or `label:…`.
    pub version: Value,
    /// What it is started with.
    pub input: Json,
    /// Whether its end is awaited.
    pub wait: bool,
    /// Calls around it: 1 for what a started instance calls.
    pub depth: u32,
}

impl Step<'_> {
    /// Another workflow is called.
    pub(super) fn call(&mut self, number: u32, config: &Template, wait: bool) -> Result<(), CommandError> {
        let config = match self.evaluate(number, config) {
            Ok(config) => config,
            Err(why) => return self.fail(number, Failure::expression(&why), None),
        };
        let Some(workflow) = config.get("workflow").and_then(Value::as_str) else {
            let error = TaskError::new(ErrorClass::Business, "BAD_CALL", "`workflow` names no workflow").permanent();
            return self.fail(number, error.into(), None);
        };
        let depth = self.state.caller.map_or(0, |caller| caller.depth) + 1;
        if depth > limits::CALL_DEPTH {
            let message = format!("workflows call each other more than {} deep", limits::CALL_DEPTH);
            let error = TaskError::new(ErrorClass::Business, "RECURSION_LIMIT", message).permanent();
            return self.fail(number, error.into(), None);
        }
        let random = u128::from(self.entropy.next()) << 64 | u128::from(self.entropy.next());
        let child = Called {
            instance: InstanceId::from_u128(uuid_v7(self.context.now.max(0) as u64, random)),
            workflow: workflow.into(),
        };
        let input: Json = config.get("input").cloned().unwrap_or_else(|| Value::Object(Map::new())).into();
        self.effects.children.push(ChildStart {
            number,
            instance: child.instance,
            workflow: child.workflow.clone(),
            version: config.get("version").cloned().unwrap_or_else(|| "latest".into()),
            input: input.clone(),
            wait,
            depth,
        });
        let instance = child.instance;
        self.emit(Event::ChildCalled { number, child, input })?;
        if wait {
            return Ok(());
        }
        let output = serde_json::json!({ "instance": instance.to_string() });
        self.complete(number, output.into(), Vec::new())
    }

    /// The called workflow ended: its output is the node's, its error the node's failure.
    pub(super) fn child_ended(&mut self, number: u32, result: Result<Value, TaskError>) -> Result<(), CommandError> {
        let waits = self.state.live.get(&number).is_some_and(|it| matches!(it.active, Active::Call(_)));
        if !waits || self.state.held_result(number) {
            return Err(CommandError::Stale);
        }
        let result = result.map(Json::from).map_err(Failure::from);
        if self.waits(number) {
            return self.emit(Event::ResultHeld(Held::Child { number, result }));
        }
        self.child_result(number, result)
    }

    pub(super) fn child_result(&mut self, number: u32, result: Result<Json, Failure>) -> Result<(), CommandError> {
        match result {
            Ok(output) => self.complete(number, output, Vec::new()),
            Err(error) => self.fail(number, error, None),
        }
    }
}

impl InstanceState {
    pub(super) fn change_call(&mut self, event: &Event) -> Result<(), String> {
        let Event::ChildCalled { number, child, .. } = event else { return Err("no event about a call".to_owned()) };
        self.execution(*number)?.active = Active::Call(Box::new(child.clone()));
        self.running(*number, |record| record.status = NodeStatus::Running)
    }
}
