//! `transform`: computes values with expressions. `set` writes variables, `value` only gives an output.

use crate::config::{info, invalid};
use heddle_engine::tasks::{PureTask, TaskError, TaskInfo, TaskOutput};
use heddle_model::value::{Shared, Value};
use std::sync::Arc;

/// The `transform` task.
#[derive(Debug, Clone, Copy)]
pub struct Transform;

impl PureTask for Transform {
    fn info(&self) -> TaskInfo {
        info("transform")
    }

    fn evaluate(&self, input: &Value) -> Result<TaskOutput, TaskError> {
        let set = match input.get("set") {
            None => None,
            Some(Value::Object(set)) => Some(set),
            Some(_) => return Err(invalid("`set` is an object of variable names and values")),
        };
        let output = match (input.get("value"), set) {
            (Some(value), _) => value.clone(),
            (None, Some(set)) => Value::Object(set.clone()),
            (None, None) => return Err(invalid("`transform` needs `set` or `value`")),
        };
        let variables = set
            .into_iter()
            .flatten()
            .map(|(name, value)| (Arc::from(name.as_str()), Shared::new(value.clone())))
            .collect();
        Ok(TaskOutput { variables, ..TaskOutput::value(output) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use heddle_model::value::json;

    #[test]
    fn set_writes_variables_in_order() {
        let output = Transform.evaluate(&json!({ "set": {"b": 1, "金额": null}, "value": "x" })).unwrap();
        assert_eq!(*output.output, json!("x"));
        assert_eq!(output.variables, [("b".into(), Shared::new(json!(1))), ("金额".into(), Shared::new(json!(null)))]);
        assert_eq!(*Transform.evaluate(&json!({ "set": {"a": 1} })).unwrap().output, json!({"a": 1}));
        assert!(Transform.evaluate(&json!({ "value": 3 })).unwrap().variables.is_empty());
        assert!(Transform.evaluate(&json!({})).is_err() && Transform.evaluate(&json!({ "set": 1 })).is_err());
    }
}
