//! What is sent to a lane.

use super::call::Prepared;
use super::door::Place;
use super::error::EngineError;
use super::proof::Proof;
use super::request::{CommandRequest, Outcome, StartRequest};
use crate::kernel::{Command, InstanceState, TaskResult};
use crate::storage::{Content, Parcel};
use heddle_model::ids::{InstanceId, ParcelId, WorkspaceId};
use heddle_model::plan::Plan;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Where an answer goes, and what the caller's place under way is held by. A caller that hung up is no error.
pub(super) struct Reply<T> {
    caller: oneshot::Sender<Result<T, EngineError>>,
    place: Option<Place>,
}

/// What a caller waits for.
pub(super) type Waiter<T> = oneshot::Receiver<Result<T, EngineError>>;

impl<T> Reply<T> {
    /// A reply, and where it arrives. `place` is `None` for what the engine asks itself.
    pub(super) fn new(place: Option<Place>) -> (Self, Waiter<T>) {
        let (caller, waiter) = oneshot::channel();
        (Self { caller, place }, waiter)
    }

    /// Answers. The place is given back before: who is answered may ask for the next one.
    pub(super) fn send(mut self, answer: Result<T, EngineError>) {
        self.committed();
        drop(self.caller.send(answer));
    }

    /// What was asked for is on disk; what is waited for now is no load.
    pub(super) fn committed(&mut self) {
        self.place = None;
    }

    /// Whether the caller hung up.
    pub(super) fn is_closed(&self) -> bool {
        self.caller.is_closed()
    }
}

/// A state that many readers share.
pub(super) type SharedState = Arc<InstanceState>;

pub(super) enum Message {
    Start {
        request: Box<StartRequest>,
        plan: Arc<Plan>,
        reply: Reply<SharedState>,
        /// It has the permit of its workflow's concurrency key.
        has_permit: bool,
    },
    /// An instance that stayed CREATED for want of a permit has one.
    Begin {
        key: Key,
    },
    /// A command of the engine's own.
    Enforce {
        key: Key,
        command: Command,
    },
    /// Answer when everything that came before is committed.
    Barrier {
        reply: Reply<()>,
    },
    Command {
        key: Key,
        request: CommandRequest,
        reply: Reply<Outcome>,
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
    /// Something came for an instance, or for one that is to be made.
    Parcel(Box<Parcel>),
    /// A called instance can be made.
    Called(Box<Prepared>),
    /// A parcel could not be dealt with now: it lies in the inbox.
    Reopen(ParcelId),
    /// There may be something in the inbox.
    Look,
    /// These shards are this lane's from now on: each with the last place in it.
    Own {
        shards: Vec<(u16, u64)>,
        reply: oneshot::Sender<()>,
    },
    /// These shards go to another server: answered when nothing is done for them any more.
    Disown {
        shards: Vec<u16>,
        reply: oneshot::Sender<()>,
    },
    /// The server was taken for dead: nothing in memory is true any more, and no shard is this lane's.
    Forget(oneshot::Sender<()>),
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
            Self::Start { .. } | Self::Peek { .. } | Self::Called(_) | Self::Reopen(_) | Self::Look => None,
            Self::Own { .. } | Self::Disown { .. } | Self::Forget(_) | Self::Barrier { .. } => None,
            Self::Parcel(parcel) => match parcel.content {
                Content::Start(_) | Content::Verdict(_) => None,
                _ => Some(Key { workspace: parcel.workspace, instance: parcel.instance }),
            },
            Self::Command { key, .. }
            | Self::TaskEnded { key, .. }
            | Self::JobEnded { key, .. }
            | Self::TimerDue { key, .. }
            | Self::Begin { key }
            | Self::Enforce { key, .. }
            | Self::Recover { key, .. }
            | Self::Wait { key, .. } => Some(*key),
        }
    }

    /// The instance that it is about, be it there already or not.
    pub(super) fn about(&self) -> Option<InstanceId> {
        match self {
            Self::Start { request, .. } => Some(request.instance),
            Self::Called(prepared) => Some(prepared.key.instance),
            Self::Parcel(parcel) => Some(parcel.instance),
            other => other.needs().map(|key| key.instance),
        }
    }

    /// Answers with an error, where anyone listens.
    pub(super) fn refuse(self, error: EngineError) {
        match self {
            Self::Start { reply, .. } => reply.send(Err(error)),
            Self::Command { reply, .. } => reply.send(Err(error)),
            Self::Wait { reply, .. } => reply.send(Err(error)),
            Self::JobEnded { reply, .. } | Self::Recover { reply, .. } | Self::Barrier { reply } => {
                reply.send(Err(error));
            }
            Self::Peek { reply, .. } => reply.send(Err(error)),
            Self::TaskEnded { .. } | Self::TimerDue { .. } | Self::Parcel(_) | Self::Called(_) => {}
            Self::Begin { .. } | Self::Enforce { .. } => {}
            Self::Reopen(_) | Self::Look | Self::Own { .. } | Self::Disown { .. } | Self::Forget(_) => {}
        }
    }
}
