//! Pauses wider than an instance.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A pause wider than an instance: tasks and jobs that are ready stay queued, what runs goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PauseView {
    /// `engine`, `task-type` or `workflow`.
    pub scope: String,
    /// `all`, the name of the task type, or the id of the workflow.
    pub subject: String,
    /// Since when.
    pub since: Timestamp,
    /// Who paused.
    pub paused_by: String,
    /// Why.
    pub reason: String,
}
