//! What repairs keep: a rollback that waits for its compensations, and how nodes of earlier versions are undone.

use super::super::event::Json;
use super::Record;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A rollback whose compensations run first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Return {
    /// The event to whose end it goes back.
    pub to: u64,
    /// The state at that event, in its stored form: it outlives changes of its type.
    pub past: Vec<u8>,
    /// What was done since and is to stand.
    pub kept: Vec<Record>,
    /// The instance was paused when it was asked for: its compensations run all the same.
    pub while_paused: bool,
}

/// How a node of an earlier version is undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handler {
    /// The node's id in that version.
    pub node: Arc<str>,
    /// The task type, or job type.
    pub action: Arc<str>,
    /// Its settings as they were written.
    pub config: Json,
}
