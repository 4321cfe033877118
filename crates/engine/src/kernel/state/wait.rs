//! What is waited for, and what came too early.

use super::super::event::Json;
use heddle_model::plan::{EdgeIx, NodeIx};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who waits for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Owner {
    /// An execution.
    Execution(u32),
    /// A scope, for its event sub-scopes.
    Scope(u32),
}

/// An event that is waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// What happens then.
    pub then: Then,
    /// What is waited for.
    pub event: Awaited,
}

/// What an event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// The execution completes.
    Complete,
    /// A token on this edge: of a host or of an event gateway.
    Take(EdgeIx),
    /// This event sub-scope begins.
    Begin(NodeIx),
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Awaited {
    /// A message.
    Message {
        /// Its name.
        name: Arc<str>,
        /// Its key; `None`: any.
        key: Option<Arc<str>>,
    },
    /// A signal of this name.
    Signal(Arc<str>),
    /// A time.
    Timer {
        /// The timer's number.
        timer: u32,
        /// Milliseconds between repetitions, and how many are left (`None`: for ever).
        again: Option<(u64, Option<u32>)>,
    },
    /// Data; the plan has the condition.
    Condition,
}

impl Awaited {
    /// The word for what is waited for.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Signal(_) => "signal",
            Self::Timer { .. } => "timer",
            Self::Condition => "condition",
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// Its name.
    pub name: Arc<str>,
    /// Its key.
    pub key: Option<Arc<str>>,
    /// What it carries.
    pub payload: Json,
    /// Kept until then; `None`: until the instance ends.
    pub expires: Option<i64>,
}
