//! What is sent to a lane.

use super::error::EngineError;
use super::proof::Proof;
use super::request::{CommandRequest, StartRequest};
use crate::kernel::{InstanceState, TaskResult};
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::plan::Plan;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Where an answer goes. A caller that hung up is no error.
pub(super) type Reply<T> = oneshot::Sender<Result<T, EngineError>>;

/// A state that many readers share.
pub(super) type SharedState = Arc<InstanceState>;

pub(super) enum Message {
    Start {
        request: Box<StartRequest>,
        plan: Arc<Plan>,
        reply: Reply<SharedState>,
    },
    Command {
        key: Key,
        request: CommandRequest,
        reply: Reply<SharedState>,
    },
    /// A built-in task's attempt ended.
    TaskEnded {
        key: Key,
        number: u32,
        attempt: u32,
        result: TaskResult,
    },
    /// A worker's answer, its token already looked up.
    JobEnded {
        key: Key,
        number: u32,
        proof: Proof,
        result: TaskResult,
        reply: Reply<()>,
    },
    TimerDue {
        key: Key,
        timer: u32,
    },
    /// Attempts were lost with the server before this one.
    Recover {
        key: Key,
        reply: Reply<()>,
    },
    /// Answer when the instance has ended.
    Wait {
        key: Key,
        reply: Reply<SharedState>,
    },
    /// The state of an instance that is in memory; `None`: it is not, read the database.
    Peek {
        instance: InstanceId,
        reply: Reply<Option<SharedState>>,
    },
}

/// Whose instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) workspace: WorkspaceId,
    pub(super) instance: InstanceId,
}

impl Message {
    /// The instance that must be in memory before this can be decided; `None`: it needs none.
    pub(super) const fn needs(&self) -> Option<Key> {
        match self {
            Self::Start { .. } | Self::Peek { .. } => None,
            Self::Command { key, .. }
            | Self::TaskEnded { key, .. }
            | Self::JobEnded { key, .. }
            | Self::TimerDue { key, .. }
            | Self::Recover { key, .. }
            | Self::Wait { key, .. } => Some(*key),
        }
    }

    /// Answers with an error, where anyone listens.
    pub(super) fn refuse(self, error: EngineError) {
        match self {
            Self::Start { reply, .. } => drop(reply.send(Err(error))),
            Self::Command { reply, .. } | Self::Wait { reply, .. } => drop(reply.send(Err(error))),
            Self::JobEnded { reply, .. } | Self::Recover { reply, .. } => drop(reply.send(Err(error))),
            Self::Peek { reply, .. } => drop(reply.send(Err(error))),
            Self::TaskEnded { .. } | Self::TimerDue { .. } => {}
        }
    }
}
