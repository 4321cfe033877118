//! Reading the config of a task, and what the model knows of its type.

use heddle_engine::tasks::{ErrorClass, TaskError, TaskInfo};
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
