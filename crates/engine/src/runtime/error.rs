//! What the engine answers instead of success.

use crate::kernel::{CommandError, HumanRefusal};
use crate::storage::StorageError;
use serde::{Deserialize, Serialize};

/// What the engine answers instead of success.
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
pub enum EngineError {
    /// There is no such instance in that workspace.
    #[error("there is no such instance")]
    NotFound,
    /// The life cycle has no such step.
    #[error("{id} cannot go from {from} to {to}")]
    IllegalTransition {
        /// Where it stands.
        from: String,
        /// Where it should go.
        to: String,
        /// What it is about.
        id: String,
    },
    /// The answer is for an attempt that is no longer the current one. Nothing was changed.
    #[error("the attempt is no longer the current one")]
    StaleToken,
    /// The instance has moved on since the caller looked.
    #[error("the instance is at event {actual}, not at {expected}")]
    SeqMismatch {
        /// What the caller expected.
        expected: u64,
        /// Where it is.
        actual: u64,
    },
    /// Something with this key exists.
    #[error("taken: {0}")]
    Conflict(String),
    /// There is no such node.
    #[error("there is no node or node instance `{0}`")]
    NoSuchNode(String),
    /// The command cannot be applied to what is there.
    #[error("{0}")]
    InvalidCommand(String),
    /// More is under way than the server can take.
    #[error("the server has more work than it can take; try again in {retry_after_ms} ms")]
    Overloaded {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// The instance belongs to a shard of another server. The engine asks there; callers see it only when nobody owns the shard.
    #[error("another server is taking over the instance; try again")]
    Elsewhere,
    /// The workspace has its share of what the server can take under way; others may still be served.
    #[error("the workspace has as much under way as its share; try again in {retry_after_ms} ms")]
    OverShare {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// As many instances as the workflow's concurrency key allows are under way.
    #[error("as many instances as the workflow's concurrency key allows are under way")]
    AtLimit,
    /// The database cannot be reached, or the server is stopping.
    #[error("not available at the moment: {0}")]
    Unavailable(String),
    /// A defect.
    #[error("{0}")]
    Internal(String),
    /// What is stored of the instance does not fit together: nothing is done to it any more.
    #[error("{0}")]
    Damaged(String),
    /// The database refuses for good what this comes to. Nothing of it was stored.
    #[error("the database cannot store what this comes to: {0}")]
    Refused(String),
    /// A task for a person is not for who asks, or not now.
    #[error(transparent)]
    Human(#[from] HumanRefusal),
}

impl From<StorageError> for EngineError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Transient(_) => Self::Unavailable(error.to_string()),
            StorageError::Fatal(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<CommandError> for EngineError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Illegal(illegal) => {
                Self::IllegalTransition { from: illegal.from.to_owned(), to: illegal.to.to_owned(), id: illegal.id }
            }
            CommandError::Stale => Self::StaleToken,
            CommandError::NoSuchNode(node) => Self::NoSuchNode(node),
            CommandError::Nothing(why) => Self::InvalidCommand(why),
            CommandError::Damaged(why) => Self::Internal(why.to_string()),
            CommandError::Human(why) => Self::Human(why),
        }
    }
}
