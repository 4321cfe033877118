//! What is waited for, and what is sent.

use heddle_expr::{Condition, Template};
use std::sync::Arc;

/// An error code.
pub type Code = Arc<str>;

/// A way out of a node that an event takes: an `on:` edge, or the edge between a host and its boundary event.
#[derive(Debug)]
pub struct Way {
    /// The event.
    pub trigger: Trigger,
    /// Whether it ends the host.
    pub interrupting: bool,
}

/// What is waited for.
#[derive(Debug)]
pub enum Trigger {
    /// The host failed.
    Error {
        /// Only with one of these codes; empty: any.
        codes: Vec<Code>,
    },
    /// The host's own time is up.
    Timeout,
    /// Something inside the host escalated.
    Escalation {
        /// Only with one of these codes; empty: any.
        codes: Vec<Code>,
    },
    /// A time has come.
    Timer {
        /// `duration`, `until` or `cycle`.
        config: Template,
    },
    /// A message came.
    Message {
        /// Its name.
        name: Template,
        /// The correlation key; `None`: any message of that name.
        key: Option<Template>,
        /// How long one that comes too early is kept.
        keep: Keep,
    },
    /// A signal came.
    Signal {
        /// Its name.
        name: Template,
    },
    /// Data made this true.
    Condition(Box<Condition>),
}

/// How long an instance keeps a message that nothing waits for yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Until the instance ends.
    #[default]
    Always,
    /// Not at all: it is dropped, and the journal says so.
    Never,
    /// So many milliseconds.
    For(u64),
}

/// What a `send` node gives away.
#[derive(Debug)]
pub struct Send {
    /// What it is.
    pub kind: SendKind,
    /// Its name, or the escalation's code.
    pub name: Template,
    /// The correlation key of a message.
    pub key: Option<Template>,
    /// What it carries.
    pub payload: Option<Template>,
    /// How long a message may wait for a receiver.
    pub ttl: Option<Template>,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendKind {
    /// To one receiver.
    Message,
    /// To everyone who waits now.
    Signal,
    /// To the scopes around.
    Escalation,
}

impl Trigger {
    /// The word for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Error { .. } => "error",
            Self::Timeout => "timeout",
            Self::Escalation { .. } => "escalation",
            Self::Timer { .. } => "timer",
            Self::Message { .. } => "message",
            Self::Signal { .. } => "signal",
            Self::Condition(_) => "condition",
        }
    }

    /// Whether it must be armed: errors, time-outs and escalations are thrown by the host itself.
    pub const fn is_armed(&self) -> bool {
        matches!(self, Self::Timer { .. } | Self::Message { .. } | Self::Signal { .. } | Self::Condition(_))
    }
}
