//! The life cycles, as tables. Anything that is not in a table is refused with [`IllegalTransition`]; no other code may set a status.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A change of status that no table has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{id} cannot go from {from} to {to}")]
pub struct IllegalTransition {
    /// Where it stands.
    pub from: &'static str,
    /// Where it should go.
    pub to: &'static str,
    /// What it is about, in print.
    pub id: String,
}

macro_rules! machine {
    ($(#[$doc:meta])* $name:ident { $($(#[$sdoc:meta])* $state:ident = $word:literal => [$($to:ident),*];)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $($(#[$sdoc])* $state),* }

        impl $name {
            /// Every state, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$state),*];

            /// The word that people and programs see.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$state => $word),* } }

            /// The states that may follow.
            pub const fn next(self) -> &'static [Self] { match self { $(Self::$state => &[$(Self::$to),*]),* } }

            /// `to`, where the table allows it.
            pub fn to(self, to: Self, id: impl fmt::Display) -> Result<Self, IllegalTransition> {
                if self.next().contains(&to) {
                    Ok(to)
                } else {
                    Err(IllegalTransition { from: self.as_str(), to: to.as_str(), id: id.to_string() })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

machine! {
    /// Where an instance stands.
    InstanceStatus {
        /// Made, not begun.
        Created = "CREATED" => [Running, Terminated];
        /// Under way.
        Running = "RUNNING" => [Paused, Completed, Failed, Terminated];
        /// Nothing moves until it is resumed.
        Paused = "PAUSED" => [Running, Terminated];
        /// Ended well. RUNNING only by rollback or compensation.
        Completed = "COMPLETED" => [Running];
        /// Ended by an error; can be repaired.
        Failed = "FAILED" => [Running];
        /// Ended by a person. Final.
        Terminated = "TERMINATED" => [];
    }
}

machine! {
    /// Where a node instance stands.
    NodeStatus {
        /// Not yet active.
        Pending = "PENDING" => [Running, Skipped, Cancelled];
        /// Active, or waiting for what its reason says.
        Running = "RUNNING" => [Completed, Failed, Pending, Skipped, Cancelled];
        /// Ended well.
        Completed = "COMPLETED" => [Compensated];
        /// Ended by an error; can be repaired.
        Failed = "FAILED" => [Pending, Completed, Skipped, Cancelled];
        /// Never needed, or passed over.
        Skipped = "SKIPPED" => [];
        /// Withdrawn.
        Cancelled = "CANCELLED" => [];
        /// Undone.
        Compensated = "COMPENSATED" => [];
    }
}

machine! {
    /// Where a job for a worker stands.
    JobStatus {
        /// Waits for a worker.
        Ready = "READY" => [Leased, Ended];
        /// A worker has it.
        Leased = "LEASED" => [Ready, Leased, Ended];
        /// Answered or withdrawn.
        Ended = "ENDED" => [];
    }
}

machine! {
    /// Where a timer stands.
    TimerStatus {
        /// Will fire.
        Armed = "ARMED" => [Fired, Disarmed, Frozen];
        /// Keeps what was left while its instance is paused.
        Frozen = "FROZEN" => [Armed, Disarmed];
        /// Has fired.
        Fired = "FIRED" => [];
        /// No longer wanted.
        Disarmed = "DISARMED" => [];
    }
}

machine! {
    /// Where an incident stands.
    IncidentStatus {
        /// Needs a person.
        Open = "OPEN" => [Resolved];
        /// Repaired, or gone with its instance.
        Resolved = "RESOLVED" => [];
    }
}

machine! {
    /// Where a task for a person stands.
    HumanTaskStatus {
        /// Nobody has it.
        Open = "OPEN" => [Claimed, Done, Cancelled];
        /// Somebody has it.
        Claimed = "CLAIMED" => [Open, Claimed, Done, Cancelled];
        /// Its node has completed.
        Done = "DONE" => [];
        /// Its node was skipped, has failed or was withdrawn. A retry asks again.
        Cancelled = "CANCELLED" => [Open, Claimed];
    }
}

machine! {
    /// Where a batch stands: one action on many instances.
    BatchStatus {
        /// A server goes through it, or will.
        Running = "RUNNING" => [Paused, Completed, Cancelled];
        /// Nothing new begins.
        Paused = "PAUSED" => [Running, Cancelled];
        /// Every item has ended.
        Completed = "COMPLETED" => [];
        /// The rest is not done.
        Cancelled = "CANCELLED" => [];
    }
}

machine! {
    /// Where an item of a batch stands.
    BatchItemStatus {
        /// Not begun.
        Pending = "PENDING" => [Started, Cancelled];
        /// Begun; not yet known how it ended. PENDING again when it was not done and is not to be done now.
        Started = "STARTED" => [Pending, Succeeded, Failed, Refused];
        /// The action was done.
        Succeeded = "SUCCEEDED" => [];
        /// Something went wrong.
        Failed = "FAILED" => [];
        /// The instance could not take the action.
        Refused = "REFUSED" => [];
        /// Never begun: the batch was cancelled.
        Cancelled = "CANCELLED" => [];
    }
}

machine! {
    /// Where a version of a workflow stands.
    VersionStatus {
        /// Can be started.
        Published = "PUBLISHED" => [Retired];
        /// Kept for its instances and for history.
        Retired = "RETIRED" => [Published];
    }
}

impl InstanceStatus {
    /// COMPLETED, FAILED or TERMINATED.
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Terminated)
    }
}

impl NodeStatus {
    /// Not PENDING and not RUNNING.
    pub const fn is_ended(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::enum_glob_use)]
mod tests;
