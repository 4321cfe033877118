//! `echo`: gives back its value. The trivial step of examples and benchmarks.

use crate::config::info;
use heddle_engine::tasks::{PureTask, TaskError, TaskInfo, TaskOutput};
use heddle_model::value::Value;

/// The `echo` task.
#[derive(Debug, Clone, Copy)]
pub struct Echo;

impl PureTask for Echo {
    fn info(&self) -> TaskInfo {
        info("echo")
    }

    fn evaluate(&self, input: &Value) -> Result<TaskOutput, TaskError> {
        Ok(TaskOutput::value(input.get("value").cloned().unwrap_or_default()))
    }
}
