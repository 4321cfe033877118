//! `echo`: gives back its value. The trivial step of examples and benchmarks.
//!
//! It only computes, yet it is dispatched like a task that acts (ready queue, attempt, timeout, a durable result before the next node
//! begins), because it stands for such tasks where the engine is measured: run inside the commit it would measure nothing.

use crate::config::info;
use heddle_engine::tasks::{Task, TaskError, TaskInfo, TaskOutput, TaskType, async_trait};

/// The `echo` task.
#[derive(Debug, Clone, Copy)]
pub struct Echo;

#[async_trait]
impl TaskType for Echo {
    fn info(&self) -> TaskInfo {
        info("echo")
    }

    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        Ok(TaskOutput::value(task.input.get("value").cloned().unwrap_or_default()))
    }
}
