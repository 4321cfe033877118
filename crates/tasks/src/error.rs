//! `error`: fails on purpose, with the class and code that the author wants.

use crate::config::{info, invalid};
use heddle_engine::tasks::{ErrorClass, PureTask, TaskError, TaskInfo, TaskOutput};
use heddle_model::value::Value;

/// The code where the author names none.
const CODE: &str = "ERROR";

/// The `error` task.
#[derive(Debug, Clone, Copy)]
pub struct RaiseError;

impl PureTask for RaiseError {
    fn info(&self) -> TaskInfo {
        info("error")
    }

    fn evaluate(&self, input: &Value) -> Result<TaskOutput, TaskError> {
        let text = |name: &str| input.get(name).and_then(Value::as_str);
        let class = match text("class").unwrap_or("business") {
            "business" => ErrorClass::Business,
            "system" => ErrorClass::System,
            "timeout" => ErrorClass::Timeout,
            other => return Err(invalid(format!("`class` is `{other}`; write business, system or timeout"))),
        };
        let code = text("code").unwrap_or(CODE);
        let mut error = TaskError::new(class, code, text("message").unwrap_or(code));
        // What the process says itself does not change by asking again.
        error.retryable = input.get("retryable").and_then(Value::as_bool).unwrap_or(class != ErrorClass::Business);
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use heddle_model::value::json;

    #[test]
    fn it_raises_what_it_is_told() {
        let error = RaiseError.evaluate(&json!({ "code": "OUT_OF_STOCK", "message": "无货" })).unwrap_err();
        assert_eq!(
            (error.class, error.code.as_str(), error.message.as_str(), error.retryable),
            (ErrorClass::Business, "OUT_OF_STOCK", "无货", false)
        );
        let error = RaiseError.evaluate(&json!({ "class": "system" })).unwrap_err();
        assert_eq!((error.class, error.code.as_str(), error.retryable), (ErrorClass::System, "ERROR", true));
        assert_eq!(RaiseError.evaluate(&json!({ "class": "odd" })).unwrap_err().code, "CONFIG_INVALID");
    }
}
