//! Counts.

use heddle_model::ids::WorkflowId;
use serde::{Deserialize, Serialize};

/// Instances by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct StatusCounts {
    /// Not begun.
    pub created: u64,
    /// Under way.
    pub running: u64,
    /// Held.
    pub paused: u64,
    /// Ended well.
    pub completed: u64,
    /// Ended with an error.
    pub failed: u64,
    /// Ended by somebody.
    pub terminated: u64,
    /// Of all these, those with open incidents.
    pub incidents: u64,
}

/// Counts of one workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WorkflowStats {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub workflow_id: WorkflowId,
    /// Its name.
    pub workflow: String,
    /// Its instances by status.
    #[serde(flatten)]
    pub counts: StatusCounts,
}

/// Counts of one node of one workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NodeStats {
    /// Id of its workflow.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub workflow_id: WorkflowId,
    /// The node's id in the definition.
    pub node_id: String,
    /// Node instances that ended well.
    pub completed: u64,
    /// Node instances that failed.
    pub failed: u64,
    /// Mean time from begin to end, in milliseconds.
    pub mean_ms: Option<u64>,
}
