//! The built-in task types of the simulation: they take virtual time, fail as their config says, and are written down by the world.

use super::world::World;
use heddle_engine::tasks::{
    ErrorClass, PureTask, Registry, Task, TaskError, TaskInfo, TaskOutput, TaskType, TimerTask, async_trait,
};
use heddle_model::value::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Works for `ms`; fails in the first `fail` attempts; gives the number of the attempt among all that ran.
struct Work {
    world: Arc<World>,
    name: &'static str,
    slots: Option<usize>,
}

#[async_trait]
impl TaskType for Work {
    fn info(&self) -> TaskInfo {
        info(self.name)
    }
    fn slots(&self) -> Option<usize> {
        self.slots
    }
    fn default_timeout(&self) -> Duration {
        Duration::from_secs(8)
    }
    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        let run = self.world.runs(task.instance, task.node.clone(), task.key.clone(), task.attempt);
        self.world.trace(format_args!("run {run}: {} attempt {}", task.key, task.attempt));
        let number = |key: &str| task.input.get(key).and_then(Value::as_u64).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(number("ms"))).await;
        if u64::from(task.attempt) <= number("fail") {
            return Err(TaskError::new(ErrorClass::System, "FLAKY", format!("run {run}")));
        }
        Ok(TaskOutput::value(json!({ "run": run })))
    }
}

/// Writes variables.
struct Set;
impl PureTask for Set {
    fn info(&self) -> TaskInfo {
        info("set")
    }
    fn evaluate(&self, input: &Value) -> Result<TaskOutput, TaskError> {
        let set = input.as_object().cloned().unwrap_or_default();
        let variables = set.into_iter().map(|(name, value)| (Arc::from(name), Arc::new(value))).collect();
        Ok(TaskOutput { variables, ..TaskOutput::default() })
    }
}

/// Waits for `ms`.
struct Nap;
impl TimerTask for Nap {
    fn info(&self) -> TaskInfo {
        info("nap")
    }
    fn duration_ms(&self, input: &Value) -> Result<u64, TaskError> {
        Ok(input["ms"].as_u64().unwrap_or(0))
    }
}

fn info(name: &'static str) -> TaskInfo {
    TaskInfo { name, aliases: &[], schema: json!({}) }
}

pub(crate) fn registry(world: &Arc<World>) -> Registry {
    let mut registry = Registry::default();
    registry.register(Work { world: world.clone(), name: "echo", slots: None }).unwrap();
    registry.register(Work { world: world.clone(), name: "narrow", slots: Some(1) }).unwrap();
    registry.register_pure(Set).unwrap();
    registry.register_timer(Nap).unwrap();
    registry
}
