//! Instances, their nodes and their incidents.

use crate::error::Problem;
use crate::time::Timestamp;
use heddle_model::ids::{IncidentId, InstanceId, NodeInstanceId, VersionId, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! statuses {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $name:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        pub enum $enum {
            $($(#[$variant_doc])* #[serde(rename = $text)] $name,)*
        }

        impl $enum {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The one of a word, in any case.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|status| status.as_str().eq_ignore_ascii_case(word))
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

statuses! {
    /// What a person sees of an instance's state.
    InstanceStatus {
        /// Not begun.
        Created = "CREATED",
        /// Under way.
        Running = "RUNNING",
        /// Held.
        Paused = "PAUSED",
        /// Ended well.
        Completed = "COMPLETED",
        /// Ended with an error; can be repaired.
        Failed = "FAILED",
        /// Ended by somebody.
        Terminated = "TERMINATED",
    }
}

statuses! {
    /// What a person sees of a node's state.
    NodeStatus {
        /// Not begun, or waiting for its turn.
        Pending = "PENDING",
        /// Under way.
        Running = "RUNNING",
        /// Ended well.
        Completed = "COMPLETED",
        /// Ended with an error.
        Failed = "FAILED",
        /// Passed by.
        Skipped = "SKIPPED",
        /// Withdrawn.
        Cancelled = "CANCELLED",
        /// Undone.
        Compensated = "COMPENSATED",
    }
}

impl InstanceStatus {
    /// Whether it has ended.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Terminated)
    }
}

statuses! {
    /// What an instance does within its status.
    Phase {
        /// The usual.
        Normal = "normal",
        /// It undoes what was done.
        Compensating = "compensating",
    }
}

/// An error of a node or an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ErrorView {
    /// `system`, `business` or `timeout`.
    pub class: String,
    /// Its code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// The node it came from, where it reached the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// Whether another attempt makes sense.
    pub retryable: bool,
}

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IncidentView {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: IncidentId,
    /// `error`, `no_path`, `deadlock`, `poisoned`, `expression`, `limit`, `compensation` or `quarantined`.
    pub kind: String,
    /// The node it is about.
    pub node_id: Option<String>,
    /// Code of the error.
    pub code: String,
    /// What happened.
    pub message: String,
    /// Since when.
    pub opened_at: Timestamp,
}

/// One node instance. A node that was never reached has no id and is PENDING.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NodeView {
    /// Its id; null for a node that was never fired.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub id: Option<NodeInstanceId>,
    /// The node's id in the definition.
    pub node_id: String,
    /// The node's name.
    pub name: String,
    /// The node's type.
    #[serde(rename = "type")]
    pub node_type: String,
    /// Its status.
    pub status: NodeStatus,
    /// Why it is in that status.
    pub reason: Option<String>,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// Number of the loop round or the item, from 0.
    pub iteration: Option<u32>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What it gave.
    pub output: Option<Value>,
    /// Why it failed.
    pub error: Option<ErrorView>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InstanceView {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: InstanceId,
    /// Its workflow.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub workflow_id: WorkflowId,
    /// Name of its workflow.
    pub workflow: String,
    /// Number of its version.
    pub version: u32,
    /// Id of its version.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub version_id: VersionId,
    /// Its status.
    pub status: InstanceStatus,
    /// What it does within its status.
    pub phase: Phase,
    /// Ended nodes ÷ nodes not skipped, 0–1.
    pub progress: f64,
    /// What its starter calls it.
    pub business_key: Option<String>,
    /// 0–9, 9 goes first.
    pub priority: u8,
    /// Number of its last event: also the ETag.
    pub seq: u64,
    /// Variables of the root scope.
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub variables: Value,
    /// What it gave, when it has ended well.
    pub output: Option<Value>,
    /// Why it failed.
    pub error: Option<ErrorView>,
    /// The open incidents.
    pub incidents: Vec<IncidentView>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Wider pauses that cover it: of its workflow, of a task type that it waits for, of everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<super::PauseView>,
    /// Its node instances, the first 1,000.
    pub nodes: Vec<NodeView>,
    /// Of a dry run only: what would come of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<PreviewView>,
}

/// What an action would do at once, by the ids of nodes; what follows from it later is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PreviewView {
    /// They begin, or begin again.
    pub runs: Vec<String>,
    /// They have completed, and run again when the flow comes by.
    pub again: Vec<String>,
    /// They are passed over.
    pub skips: Vec<String>,
    /// What they do is withdrawn.
    pub cancels: Vec<String>,
    /// What they did is undone, in this order.
    pub compensates: Vec<String>,
    /// What they did stands, though the flow goes back before them.
    pub keeps: Vec<String>,
    /// Names of messages that stay consumed, though the flow goes back before their receipt.
    pub messages: Vec<String>,
    /// Called instances that are terminated.
    #[cfg_attr(feature = "ssr", schema(value_type = Vec<String>))]
    pub children: Vec<InstanceId>,
}

/// A row of the list of instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InstanceSummary {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: InstanceId,
    /// Its workflow.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub workflow_id: WorkflowId,
    /// Name of its workflow.
    pub workflow: String,
    /// Number of its version.
    pub version: u32,
    /// Its status.
    pub status: InstanceStatus,
    /// What it does within its status.
    pub phase: Phase,
    /// Ended nodes ÷ nodes not skipped, 0–1.
    pub progress: f64,
    /// What its starter calls it.
    pub business_key: Option<String>,
    /// 0–9, 9 goes first.
    pub priority: u8,
    /// How many incidents are open.
    pub incidents: u32,
    /// Number of its last event.
    pub seq: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What became of one start of a batch: the instance or the problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BatchItem {
    /// Id of the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub id: Option<InstanceId>,
    /// Its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<InstanceStatus>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What became of a batch, in its order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BatchStarted {
    /// One per start.
    pub items: Vec<BatchItem>,
}
