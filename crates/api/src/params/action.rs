//! Actions: what can be done to a whole instance, one or many of them.

use heddle_model::ids::InstanceId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What can be done to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActionName {
    /// Nothing new begins.
    Pause,
    /// Goes on.
    Resume,
    /// Ends for good.
    Terminate,
    /// Tries what failed again.
    Retry,
    /// Goes past a node.
    Skip,
    /// Ends a node with an output.
    Complete,
    /// Undoes what was done, the last first; it ends FAILED.
    Compensate,
    /// Cancels, starts and moves by hand, in one step.
    Modify,
    /// Goes back to an earlier point of the journal.
    Rollback,
    /// Goes on on another version.
    Migrate,
}

impl ActionName {
    /// Every action of this version.
    pub const ALL: [Self; 10] = [
        Self::Pause,
        Self::Resume,
        Self::Terminate,
        Self::Retry,
        Self::Skip,
        Self::Complete,
        Self::Compensate,
        Self::Modify,
        Self::Rollback,
        Self::Migrate,
    ];

    /// Its word in the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Terminate => "terminate",
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::Complete => "complete",
            Self::Compensate => "compensate",
            Self::Modify => "modify",
            Self::Rollback => "rollback",
            Self::Migrate => "migrate",
        }
    }

    /// The action of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// What becomes of timers while an instance is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimerPolicy {
    /// They stand still.
    Freeze,
    /// They run on, and what falls due happens after the pause.
    #[default]
    Run,
}

/// One change of `modify`: `{"cancel": node}`, `{"start": node}` or `{"move": {"from": node, "to": node}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ModifyChange {
    /// What stands at this node is withdrawn; nothing comes out of it.
    Cancel(String),
    /// This node begins, whatever its join says.
    Start(String),
    /// What stands at one node goes on at another.
    Move(Move),
}

/// From where to where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Id of the node where it stands.
    pub from: String,
    /// Id of the node where it goes on.
    pub to: String,
}

/// Details of an action; each action reads its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ActionParams {
    /// `pause`: what becomes of timers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timers: Option<TimerPolicy>,
    /// Why, for the journal and the audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `skip`, `complete`, `retry`: which node, by its id or a node instance's. `pause`, `resume`: only this node, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// `retry`: everything from this node on runs again, by its id or a node instance's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `migrate`, `retry`: number of the version to go on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// `migrate`, `retry` with `version`: nodes and edges that are called otherwise there, old id to new id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<Object>))]
    pub mapping: Option<BTreeMap<String, String>>,
    /// `rollback`: number of the event to go back to, the last one of its step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_seq: Option<u64>,
    /// `rollback`, `retry` with `from`: what these nodes have done since is to stand, by their ids or their node instances'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<Vec<String>>,
    /// `skip`, `complete`: the node's output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// `retry`, `modify`: variables that are changed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<Object>))]
    pub variables: Option<Map<String, Value>>,
    /// `modify`: the changes, in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<ModifyChange>>,
    /// `terminate`: what was done is undone first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensate: Option<bool>,
    /// `seq` that the caller has seen; 409 when the instance has moved on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_seq: Option<u64>,
}

/// Does something to an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceAction {
    /// Which instance.
    pub id: InstanceId,
    /// What.
    pub action: ActionName,
    /// Its details.
    #[serde(default)]
    pub params: ActionParams,
    /// Only tells what would come of it.
    #[serde(default)]
    pub dry_run: bool,
}
