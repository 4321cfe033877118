//! `log`, also `print`: writes a line into the instance's log.

use crate::config::info;
use heddle_engine::tasks::{PureTask, TaskError, TaskInfo, TaskOutput};
use heddle_model::limits;
use heddle_model::value::{Value, json};

/// The `log` task.
#[derive(Debug, Clone, Copy)]
pub struct Log;

impl PureTask for Log {
    fn info(&self) -> TaskInfo {
        info("log")
    }

    fn evaluate(&self, input: &Value) -> Result<TaskOutput, TaskError> {
        let message = match input.get("message") {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let message = cut(message, limits::LOG_MESSAGE_BYTES);
        let level = input.get("level").and_then(Value::as_str).unwrap_or("info");
        let output = TaskOutput::value(json!({ "message": message }));
        Ok(TaskOutput { logs: vec![(level.into(), message)], ..output })
    }
}

/// The first bytes of a text, up to a whole character.
fn cut(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn any_value_is_a_line() {
        let output = Log.evaluate(&json!({ "message": {"金额": 1}, "level": "warn" })).unwrap();
        assert_eq!(output.logs, [("warn".into(), "{\"金额\":1}".to_owned())]);
        assert_eq!(*output.output, json!({ "message": "{\"金额\":1}" }));
        assert_eq!(Log.evaluate(&json!({ "message": "hi" })).unwrap().logs, [("info".into(), "hi".to_owned())]);
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let output = Log.evaluate(&json!({ "message": "金".repeat(limits::LOG_MESSAGE_BYTES) })).unwrap();
        let line = &output.logs[0].1;
        assert!(
            line.len() <= limits::LOG_MESSAGE_BYTES
                && line.len() > limits::LOG_MESSAGE_BYTES - 3
                && line.chars().all(|c| c == '金')
        );
    }
}
