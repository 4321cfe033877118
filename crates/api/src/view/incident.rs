//! Incidents in lists and groups.

use super::PreviewView;
use crate::time::Timestamp;
use heddle_model::ids::{IncidentId, InstanceId, NodeInstanceId, WorkflowId};
use serde::{Deserialize, Serialize};

/// Something that needs, or needed, a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IncidentSummary {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: IncidentId,
    /// `OPEN` or `RESOLVED`.
    pub status: String,
    /// `error`, `no_path`, `deadlock`, `poisoned`, `expression`, `limit`, `compensation` or `quarantined`.
    pub kind: String,
    /// The instance.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub instance_id: InstanceId,
    /// What the instance's starter calls it.
    pub business_key: Option<String>,
    /// The instance's workflow.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub workflow_id: WorkflowId,
    /// Name of that workflow.
    pub workflow: String,
    /// Number of the version that the instance runs.
    pub version: u32,
    /// The node it is about.
    pub node_id: Option<String>,
    /// The node instance it is about; only of an open one, and not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub node_instance_id: Option<NodeInstanceId>,
    /// Code of the error.
    pub code: String,
    /// What happened.
    pub message: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// Of a dry run: what resolving it would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<PreviewView>,
}

/// Open incidents that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IncidentGroup {
    /// The workflow.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub workflow_id: WorkflowId,
    /// Its name.
    pub workflow: String,
    /// The node they are about.
    pub node_id: Option<String>,
    /// Code of the error.
    pub code: String,
    /// How many are open.
    pub count: u64,
    /// When the oldest was opened.
    pub first_at: Timestamp,
    /// When the newest was opened.
    pub last_at: Timestamp,
}
