//! Pauses wider than an instance.

use serde::{Deserialize, Serialize};

/// What a pause is about, as in its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseOf {
    /// `engine`, `task-type` or `workflow`.
    pub scope: String,
    /// `all`, the name of the task type, or the id of the workflow.
    pub subject: String,
}

/// Pauses something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutPause {
    /// What.
    pub of: PauseOf,
    /// Why.
    pub reason: String,
}
