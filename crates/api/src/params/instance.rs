//! Instances: starting, listing and reading them, and what is done to single things of them.

use crate::time::Timestamp;
use crate::view::InstanceStatus;
use heddle_model::ids::InstanceId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Starts an instance. Exactly one of `workflow_id` and `workflow` names what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct StartInstance {
    /// Id of the workflow.
    pub workflow_id: Option<String>,
    /// Name of the workflow.
    pub workflow: Option<String>,
    /// Number of the version; the latest where absent.
    pub version: Option<u32>,
    /// The input; each key becomes a variable.
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub input: Map<String, Value>,
    /// What the caller calls it.
    pub business_key: Option<String>,
    /// Refuses when an open instance of the workflow has the same business key.
    pub unique_business_key: bool,
    /// 0–9, 9 goes first; the workflow's where absent.
    pub priority: Option<u8>,
    /// Not before this time.
    pub start_at: Option<Timestamp>,
    /// How long to wait for the end, in milliseconds, at most 60,000.
    pub wait_ms: Option<u64>,
}

/// Starts up to 1,000 instances in one call; each succeeds or fails on its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BatchStart {
    /// The starts. `wait_ms` is not looked at.
    pub items: Vec<StartInstance>,
}

/// Which instances.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct ListInstances {
    /// One or more statuses, separated by commas.
    pub status: Option<String>,
    /// Id or name of the workflow.
    pub workflow: Option<String>,
    /// Number of the version.
    pub version: Option<u32>,
    /// Id of a node that is live.
    pub node: Option<String>,
    /// Whether incidents are open.
    pub incident: Option<bool>,
    /// The business key.
    pub business_key: Option<String>,
    /// Started at or after this time.
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>))]
    pub started_after: Option<Timestamp>,
    /// Started before this time.
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>))]
    pub started_before: Option<Timestamp>,
    /// An id, or the beginning of a business key.
    pub q: Option<String>,
    /// `-started_at` (default) or `started_at`.
    pub sort: Option<String>,
    /// `var.NAME=value`: only names in the workflow's `settings.search`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ssr", param(value_type = Object, style = DeepObject))]
    pub vars: BTreeMap<String, String>,
    /// Rows of the page, 1–200; 50 where absent.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl ListInstances {
    /// The statuses asked for; `Err` holds the first word that is none.
    pub fn statuses(&self) -> Result<Vec<InstanceStatus>, String> {
        self.status
            .iter()
            .flat_map(|list| list.split(','))
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(|word| InstanceStatus::from_word(word).ok_or_else(|| word.to_owned()))
            .collect()
    }
}

/// One instance with its nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetInstance {
    /// Which.
    pub id: InstanceId,
}

/// The node instances of an instance, in the order of their making.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListNodes {
    /// Which instance.
    pub id: InstanceId,
    /// Rows of the page, 1–200.
    #[serde(default)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// The nodes of an instance that wait, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListWaiting {
    /// Which instance.
    pub id: InstanceId,
    /// Only this node.
    #[serde(default)]
    pub node: Option<String>,
    /// Rows of the page, 1–200.
    #[serde(default)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// The journal of an instance, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEvents {
    /// Which instance.
    pub id: InstanceId,
    /// Only events with a higher `seq`.
    #[serde(default)]
    pub after: Option<u64>,
    /// Rows of the page, 1–200.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// The log lines that tasks of an instance wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListLogs {
    /// Which instance.
    pub id: InstanceId,
    /// Least level: `debug`, `info`, `warn` or `error`.
    #[serde(default)]
    pub level: Option<String>,
    /// Only this node.
    #[serde(default)]
    pub node: Option<String>,
    /// Part of the message.
    #[serde(default)]
    pub q: Option<String>,
    /// Rows of the page, 1–200.
    #[serde(default)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Changes variables by a JSON merge patch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatchVariables {
    /// Which instance.
    pub id: InstanceId,
    /// The patch; null removes.
    pub patch: Map<String, Value>,
    /// `seq` that the caller has seen; 409 when the instance has moved on.
    #[serde(default)]
    pub expected_seq: Option<u64>,
}

/// Completes a waiting task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompleteTask {
    /// Which instance.
    pub id: InstanceId,
    /// Id of the node or of the node instance.
    pub task: String,
    /// Its output.
    #[serde(default)]
    pub output: Value,
}

/// Fails a waiting task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailTask {
    /// Which instance.
    pub id: InstanceId,
    /// Id of the node or of the node instance.
    pub task: String,
    /// Code of the error.
    #[serde(default)]
    pub code: String,
    /// What happened.
    #[serde(default)]
    pub message: String,
    /// Whether another attempt makes sense.
    #[serde(default)]
    pub retryable: bool,
}

/// Gives an instance a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendMessage {
    /// Which instance.
    pub id: InstanceId,
    /// Name of the message.
    pub name: String,
    /// Its correlation key, where its receiver asks for one.
    #[serde(default)]
    pub key: Option<String>,
    /// What it carries.
    #[serde(default)]
    pub payload: Value,
}

/// Follows one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchInstance {
    /// Which.
    pub id: InstanceId,
    /// Events up to this `seq` are known; a snapshot comes first where absent.
    #[serde(default)]
    pub after: Option<u64>,
}
