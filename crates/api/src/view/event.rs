//! What happened in an instance.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One event of an instance's journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EventView {
    /// Its number in the instance, from 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What, such as `node.completed`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The node it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// Members that belong to the type.
    #[serde(flatten)]
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub data: Map<String, Value>,
}

/// One line that a task logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LogView {
    /// When.
    pub at: Timestamp,
    /// `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The node that wrote it.
    pub node_id: Option<String>,
    /// The attempt that wrote it.
    pub attempt: Option<u32>,
    /// What it says.
    pub message: String,
}
