//! Tasks for people, in lists and whole.

use crate::time::Timestamp;
use heddle_model::ids::{HumanTaskId, InstanceId, NodeInstanceId, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A task for a person, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HumanTaskSummary {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: HumanTaskId,
    /// `OPEN` (nobody has it), `CLAIMED`, `DONE` (its node has completed) or `CANCELLED` (it waits for nobody any more).
    pub status: String,
    /// What is to be done.
    pub title: String,
    /// Who has it, or had it at its end: the name they sign in with.
    pub assignee: Option<String>,
    /// When it was to be done.
    pub due: Option<Timestamp>,
    /// It waits, and its time is over.
    pub overdue: bool,
    /// When it went to others because it was overdue.
    pub escalated_at: Option<Timestamp>,
    /// Its instance or its node is paused: nobody can take it or do it.
    pub paused: bool,
    /// The instance.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub instance_id: InstanceId,
    /// What the instance's starter calls it.
    pub business_key: Option<String>,
    /// The instance's priority, 0–9.
    pub priority: u8,
    /// The instance's workflow.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub workflow_id: WorkflowId,
    /// Name of that workflow.
    pub workflow: String,
    /// Number of the version that the instance runs.
    pub version: u32,
    /// The node.
    pub node_id: String,
    /// The node instance.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub node_instance_id: NodeInstanceId,
    /// Since when it waits.
    pub asked_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Who may take a task while nobody has it. Where nobody is named, everybody who may work on tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CandidatesView {
    /// Names that people sign in with.
    pub users: Vec<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Roles of the workspace.
    pub roles: Vec<String>,
}

/// A task for a person, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HumanTaskView {
    /// What lists show.
    #[serde(flatten)]
    pub summary: HumanTaskSummary,
    /// JSON Schema of what is filled in; null where anything will do.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<Object>))]
    pub form: Option<Value>,
    /// Who may take it.
    pub candidates: CandidatesView,
    /// What is filled in so far; for who has it, and for those who see variables.
    pub draft: Option<Value>,
    /// What was filled in at the end; likewise.
    pub output: Option<Value>,
    /// What the caller may do about it now: `claim`, `release`, `assign`, `draft`, `complete`.
    pub actions: Vec<String>,
}

/// How many tasks wait, each count up to 1,000: that many stands for as many or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HumanTaskCounts {
    /// The caller has them.
    pub mine: u64,
    /// The caller has them, and their time is over.
    pub mine_overdue: u64,
    /// The caller may take them.
    pub claimable: u64,
    /// Nobody has them; only for callers who see all tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<u64>,
    /// Somebody has them; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<u64>,
    /// Their time is over; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<u64>,
}

/// One page of tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HumanTaskPage {
    /// The rows.
    pub items: Vec<HumanTaskSummary>,
    /// What to send as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// How many wait, where asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<HumanTaskCounts>,
}
