//! Commands of a for-each that is at work.

use heddle_model::ids::InstanceId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is done to a for-each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeachStep {
    /// These items join it, all or none.
    Items(Vec<Value>),
    /// No more items will join it.
    Close,
    /// It ends now: what is under way is withdrawn, the flow goes on.
    Complete,
    /// It is withdrawn: the flow does not go on from it.
    Cancel,
}

/// Does something to a for-each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForeachCommand {
    /// Which instance.
    pub id: InstanceId,
    /// Id of the node instance, or of the node.
    pub node: String,
    /// What.
    pub step: ForeachStep,
}
