//! What passes between instances, and between doors and instances of other servers.
//!
//! A [`Parcel`] is a row of the inbox of its receiver's shard: whoever writes it does so in the commit of what it follows from, and
//! the shard's owner takes it in the commit of what follows from it. So it is never lost and never taken twice, whichever server
//! dies in between. Whom a message by name or a permit goes to is found by pairing rows inside the database
//! (docs/adr/0015-post-office.md).

use crate::kernel::{Failure, Json, Letter};
use crate::scheduler::Verdict;
use heddle_model::ids::{InstanceId, MessageId, ParcelId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Something on its way to an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// Its id, drawn by the sender.
    pub id: ParcelId,
    /// The workspace of both ends.
    pub workspace: WorkspaceId,
    /// The receiver.
    pub instance: InstanceId,
    /// When it was sent.
    pub sent_at: i64,
    /// What it is.
    pub content: Content,
}

impl Parcel {
    /// The shard whose owner takes it.
    pub const fn shard(&self) -> u16 {
        self.instance.shard()
    }
}

/// What is in a parcel; stored as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A message by name, for the subscription that was found for it.
    Message {
        /// Its id in the mailbox.
        id: MessageId,
        /// The subscription's number in the receiver.
        subscription: u32,
        /// The message.
        letter: Letter,
    },
    /// A signal.
    Signal {
        /// Its name.
        name: Arc<str>,
        /// What it carries.
        payload: Json,
    },
    /// A node of another instance calls a workflow: the receiver is to be made.
    Start(Box<Call>),
    /// A called workflow has ended.
    ChildEnded {
        /// The execution that called it.
        number: u32,
        /// What it gave, or failed with.
        result: Result<Json, Failure>,
    },
    /// Nobody waits for a called workflow any more.
    Unwanted,
    /// A permit of a name was granted.
    Granted {
        /// The execution that asked.
        number: u32,
        /// The name.
        name: Arc<str>,
    },
    /// What a door of another server asks, as the runtime writes it; answered by a [`ReplyRow`].
    Request {
        /// Whom the answer is for.
        reply: ParcelId,
        /// The request, as JSON text.
        request: String,
    },
    /// What the books of concurrency keys came to for the receiver, or for a part of it.
    Verdict(Verdict),
}

/// A call of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The instance that calls.
    pub caller: InstanceId,
    /// Its execution.
    pub number: u32,
    /// Whether its end is awaited.
    pub wait: bool,
    /// Calls around it: 1 for what a started instance calls.
    pub depth: u32,
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// `latest`, a number, or `label:…`.
    pub version: Json,
    /// What it is started with.
    pub input: Json,
    /// 0–9.
    pub priority: u8,
    /// Who started the caller, in print.
    pub started_by: Arc<str>,
    /// A test run.
    pub test: bool,
}

/// What a subscription waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Awaits {
    /// One message, of a name and a key.
    Message,
    /// Any signal of a name.
    Signal,
}

impl Awaits {
    /// The stored number.
    pub const fn number(self) -> i16 {
        match self {
            Self::Message => 0,
            Self::Signal => 1,
        }
    }
}

/// An instance waits for a message or a signal by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Its number in the instance.
    pub number: u32,
    /// For what.
    pub awaits: Awaits,
    /// The name.
    pub name: Arc<str>,
    /// The key of a message; only a message with the same key, or like it without one, fits.
    pub key: Option<Arc<str>>,
    /// Since when: the first in line is served first.
    pub since: i64,
}

/// A message by name, in the mailbox until someone takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The message; `expires` is always set.
    pub letter: Letter,
    /// When it was sent.
    pub sent_at: i64,
}

/// A signal for all who wait now.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalRow {
    /// Its name.
    pub name: Arc<str>,
    /// What it carries.
    pub payload: Json,
}

/// An execution asks for one of the permits of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitRow {
    /// The execution.
    pub number: u32,
    /// The name, with its reach (`mutex/…`), unique in the workspace.
    pub name: Arc<str>,
    /// How many may hold it at a time.
    pub permits: u32,
    /// Since when: the first in line is served first.
    pub since: i64,
}

/// The answer to a [`Content::Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyRow {
    /// Whom it is for.
    pub id: ParcelId,
    /// As the runtime writes it, JSON text.
    pub content: String,
    /// When.
    pub at: i64,
}

/// What became of a message by name that a door brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Published {
    /// Someone waited: it is on its way.
    Sent(Box<Parcel>),
    /// It lies in the mailbox.
    Kept,
    /// Nobody waits, and it may not wait either. Nothing was written.
    Refused,
}

/// A parcel that led to no event: taken, with what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// The parcel and its shard.
    pub taken: (u16, ParcelId),
    /// An answer.
    pub reply: Option<ReplyRow>,
    /// A parcel that follows.
    pub sent: Option<Parcel>,
    /// A message that goes back to its mailbox: its receiver did not wait any more.
    pub returned: Option<MessageRow>,
}

/// A version that a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The workflow.
    pub workflow: heddle_model::ids::WorkflowId,
    /// The version.
    pub version: heddle_model::ids::VersionId,
    /// Its number.
    pub version_number: u32,
}

/// A server that is known to the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// The process that runs under it, or did last: a new start under the name is another one.
    pub server: heddle_model::ids::ServerId,
    /// Its lease has not ended.
    pub alive: bool,
}
