//! Why a node waits.

use super::NodeStatus;
use crate::time::Timestamp;
use heddle_model::ids::{IncidentId, InstanceId, NodeInstanceId};
use serde::{Deserialize, Serialize};

/// A node that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WaitingView {
    /// Id of the node instance; null for a node that has not begun.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub id: Option<NodeInstanceId>,
    /// The node's id in the definition.
    pub node_id: String,
    /// The node's name.
    pub name: String,
    /// Its status.
    pub status: NodeStatus,
    /// Number of the scope it stands in: 0 for the instance's own, others are groups and items.
    pub scope: u32,
    /// Why, the nearest reason first.
    pub reasons: Vec<ReasonView>,
}

/// Why a node waits, and what would release it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ReasonView {
    /// The word for it: `not_reached`, `not_started`, `paused`, `compensating`, `join`, `guard`, `mutex`, `queued`, `active`, `job`, `timer`,
    /// `retrying`, `message`, `signal`, `condition`, `human`, `children`, `open`, `call`, `incident`, `failed`.
    pub reason: String,
    /// Why it waits, in the language of the request.
    pub message: String,
    /// What would release it, in the language of the request.
    pub release: String,
    /// When it goes on by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What is left of a timer that stands still, or until a rate allows more, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<i64>,
    /// Name of the message, the signal or the mutex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Key of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Who has the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Ids of the ways in that are empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edge_ids: Vec<String>,
    /// Ids of the nodes that it waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_ids: Vec<String>,
    /// Ids of the node instances that it waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ssr", schema(value_type = Vec<String>))]
    pub node_instance_ids: Vec<NodeInstanceId>,
    /// The instance that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub instance_id: Option<InstanceId>,
    /// The incident that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub incident_id: Option<IncidentId>,
    /// `queued`: what holds it back beside its turn: `engine_paused`, `type_paused`, `workflow_paused`, `concurrency_key`, `slots`,
    /// `type_slots`, `rate` or `workspace_rate`, the widest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<String>,
    /// `queued`: how many attempts stand before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<u64>,
    /// How many are under way inside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}
