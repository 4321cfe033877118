//! Reading the config of a task, and what the model knows of its type.

use heddle_engine::tasks::{ErrorClass, Task, TaskError, TaskInfo, TaskOutput};
use heddle_model::ids::WorkspaceId;
use heddle_model::validate::BUILTIN;
use heddle_model::value::Value;
use serde::de::DeserializeOwned;

/// Code of a config that a task cannot work with: what an expression gave is of the wrong kind.
pub(crate) const CONFIG_INVALID: &str = "CONFIG_INVALID";

/// Name, aliases and schema of a built-in type, as the model has them.
pub(crate) fn info(name: &'static str) -> TaskInfo {
    match BUILTIN.iter().find(|builtin| builtin.name == name) {
        Some(builtin) => TaskInfo { name: builtin.name, aliases: builtin.aliases, schema: builtin.schema_value() },
        None => TaskInfo { name, aliases: &[], schema: Value::Bool(true) },
    }
}

/// The config as a type's own structure.
pub(crate) fn read<C: DeserializeOwned>(input: &Value) -> Result<C, TaskError> {
    C::deserialize(input).map_err(|error| invalid(error.to_string()))
}

/// An error about the config: the process is wrong, and trying again helps nothing.
pub(crate) fn invalid(message: impl Into<String>) -> TaskError {
    TaskError::new(ErrorClass::Business, CONFIG_INVALID, message).permanent()
}

/// Whether an operator's list of workspaces lets this one in; an empty list is for everybody.
pub(crate) fn is_open_to(workspaces: &[WorkspaceId], workspace: WorkspaceId) -> bool {
    workspaces.is_empty() || workspaces.contains(&workspace)
}

/// The `max_bytes` of a task: what it asks for, within what is allowed.
pub(crate) fn max_bytes(asked: Option<usize>, default: usize, most: usize) -> Result<usize, TaskError> {
    let asked = asked.unwrap_or(default);
    if asked == 0 || asked > most {
        return Err(invalid(format!("`max_bytes` is {asked}; it may be 1 to {most}")));
    }
    Ok(asked)
}

/// Work that ends when nobody wants its result any more; what it holds is dropped, and so is stopped.
pub(crate) async fn until_cancelled(
    task: &Task,
    work: impl Future<Output = Result<TaskOutput, TaskError>>,
) -> Result<TaskOutput, TaskError> {
    tokio::select! {
        biased;
        () = task.cancelled.cancelled() => Err(TaskError::new(ErrorClass::System, "CANCELLED", "nobody waits for the answer any more")),
        result = work => result,
    }
}

/// A text as it is, everything else as JSON.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
