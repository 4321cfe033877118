//! Batches: one action on many instances.

use crate::params::{ActionName, BatchFilter};
use crate::time::Timestamp;
use heddle_model::ids::{BatchId, InstanceId};
use serde::{Deserialize, Serialize};

/// A batch and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BatchView {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: BatchId,
    /// What it does.
    pub action: ActionName,
    /// What chose its instances; null where they were named.
    pub filter: Option<BatchFilter>,
    /// Why, as its maker said.
    pub reason: Option<String>,
    /// `RUNNING`, `PAUSED`, `COMPLETED` or `CANCELLED`.
    pub status: String,
    /// Its items.
    pub total: u64,
    /// Items that have ended.
    pub done: u64,
    /// Of those: the action was done.
    pub succeeded: u64,
    /// Of those: something went wrong.
    pub failed: u64,
    /// Of those: the instance could not take the action.
    pub refused: u64,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a server began with it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What became of one item of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BatchItemView {
    /// Its place in the batch, from 0.
    pub number: u64,
    /// The instance.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub instance_id: InstanceId,
    /// `PENDING`, `STARTED`, `SUCCEEDED`, `FAILED`, `REFUSED` or `CANCELLED`.
    pub status: String,
    /// Code of the error.
    pub code: Option<String>,
    /// What happened, in the language of the request.
    pub detail: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What a batch would do: each instance was asked, nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BatchPreview {
    /// Instances that it would be about.
    pub total: u64,
    /// Of those, how many were asked: at most 1,000.
    pub previewed: u64,
    /// The action would be done.
    pub would_succeed: u64,
    /// The instance could not take it.
    pub would_be_refused: u64,
    /// Why not, by code.
    pub refusals: Vec<RefusalCount>,
    /// Nodes that would begin, or begin again.
    pub runs: Vec<NodeCount>,
    /// Nodes that have completed, and would run again when the flow comes by.
    pub again: Vec<NodeCount>,
    /// Nodes whose work would be withdrawn.
    pub cancels: Vec<NodeCount>,
    /// Nodes whose work would be undone.
    pub compensates: Vec<NodeCount>,
}

/// How many would be refused with a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RefusalCount {
    /// Code of the error.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// In how many instances something would happen at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NodeCount {
    /// Name of the workflow.
    pub workflow: String,
    /// Id of the node.
    pub node_id: String,
    /// In how many instances.
    pub count: u64,
}
