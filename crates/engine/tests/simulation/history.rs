//! The history: what clients and workers asked, and what they were told.

use super::server::Answer;
use heddle_model::ids::InstanceId;
use std::sync::Mutex;

/// A start that somebody wanted once; asked for again under the same key where nobody knew.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    /// Its number: the instance's input carries it.
    pub(crate) wish: u64,
    pub(crate) instance: InstanceId,
    /// The instance that the answer named.
    pub(crate) answer: Answer<InstanceId>,
}

/// A command.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) instance: InstanceId,
    /// Unique: the journal names it.
    pub(crate) actor: String,
    /// The command's word.
    pub(crate) word: &'static str,
    /// The number that a message carries.
    pub(crate) message: Option<u64>,
    pub(crate) answer: Answer<()>,
}

/// A worker's answer.
#[derive(Debug, Clone)]
pub(crate) struct Worked {
    pub(crate) token: u64,
    /// When it was sent, among everything that happened.
    pub(crate) began: u64,
    pub(crate) answer: Answer<()>,
}

/// Everything that was asked.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) starts: Mutex<Vec<Start>>,
    pub(crate) asked: Mutex<Vec<Asked>>,
    pub(crate) worked: Mutex<Vec<Worked>>,
}
