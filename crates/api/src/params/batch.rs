//! Batches: one action on many instances.

use super::{ActionName, ActionParams, ListInstances};
use crate::time::Timestamp;
use heddle_model::ids::BatchId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which instances an action is done to: as the list of instances, all that is named must hold, and something must be named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BatchFilter {
    /// One or more statuses, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Id or name of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Number of the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Id of a node that is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Whether incidents are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<bool>,
    /// The business key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_key: Option<String>,
    /// Started at or after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_after: Option<Timestamp>,
    /// Started before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_before: Option<Timestamp>,
    /// Values of search variables: only names in the workflow's `settings.search`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub vars: BTreeMap<String, String>,
}

impl BatchFilter {
    /// The same as parameters of the list of instances.
    pub fn list(&self) -> ListInstances {
        let it = self.clone();
        ListInstances {
            status: it.status,
            workflow: it.workflow,
            version: it.version,
            node: it.node,
            incident: it.incident,
            business_key: it.business_key,
            started_after: it.started_after,
            started_before: it.started_before,
            vars: it.vars,
            ..ListInstances::default()
        }
    }
}

/// What is to be done, and to which instances. Exactly one of `filter` and `ids` says which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BatchWish {
    /// The action.
    pub action: ActionName,
    /// Details of the action; the same for all.
    #[serde(default)]
    pub params: ActionParams,
    /// Those that the filter finds now.
    #[serde(default)]
    pub filter: Option<BatchFilter>,
    /// Ids of instances.
    #[serde(default)]
    pub ids: Option<Vec<String>>,
}

/// Makes a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreateBatch {
    /// What.
    pub wish: BatchWish,
}

/// Tells what a batch would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviewBatch {
    /// What.
    pub wish: BatchWish,
}

/// Batches, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ListBatches {
    /// Rows of the page, 1–200.
    #[serde(default)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetBatch {
    /// Which.
    pub id: BatchId,
}

/// Items of a batch, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListBatchItems {
    /// Which batch.
    pub id: BatchId,
    /// Only in this status.
    #[serde(default)]
    pub status: Option<String>,
    /// Rows of the page, 1–200.
    #[serde(default)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// What can be done to a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BatchActionName {
    /// What is under way ends, nothing new begins.
    Pause,
    /// Goes on.
    Resume,
    /// What is under way ends, the rest is not done.
    Cancel,
}

impl BatchActionName {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::Pause, Self::Resume, Self::Cancel];

    /// Its word in the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
        }
    }

    /// The action of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// Does something to a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchAction {
    /// Which.
    pub id: BatchId,
    /// What.
    pub action: BatchActionName,
}
