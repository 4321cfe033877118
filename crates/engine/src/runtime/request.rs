//! What callers ask of the engine, and what they are told.

use crate::kernel::{Command, InstanceState, Preview};
use crate::storage::IdempotencyRow;
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A start.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version to run.
    pub version: VersionId,
    /// Its number.
    pub version_number: u32,
    /// The new instance's id (`Engine::new_instance_id`).
    pub instance: InstanceId,
    /// An object, already proven against the definition's `inputs`.
    pub input: Value,
    /// What the starter calls it.
    pub business_key: Option<String>,
    /// Refuse when an open instance of the workflow has this business key.
    pub unique_business_key: bool,
    /// 0–9; the definition's where absent.
    pub priority: Option<u8>,
    /// Not before this time, in Unix milliseconds; it stays CREATED until then.
    pub start_at: Option<i64>,
    /// Who, in print.
    pub actor: Arc<str>,
    /// Claimed in the same transaction.
    pub idempotency: Option<IdempotencyRow>,
    /// A test run.
    pub test: bool,
    /// Answer when the instance has ended, or after so long.
    pub wait: Option<Duration>,
}

/// A started instance.
#[derive(Debug, Clone)]
pub struct Started {
    /// Its id.
    pub instance: InstanceId,
    /// Its state: after the first commit, or at the end where that was awaited.
    pub state: Arc<InstanceState>,
}

/// A command of a person or program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandRequest {
    /// What.
    pub command: Command,
    /// Who, in print.
    pub actor: Arc<str>,
    /// Refuse when the instance has moved on from here.
    pub expected_seq: Option<u64>,
    /// Only tell what would come of it.
    pub dry_run: bool,
    /// Claimed in the same transaction: the command is refused as [`EngineError::Conflict`] where the key is taken.
    ///
    /// [`EngineError::Conflict`]: super::EngineError::Conflict
    pub idempotency: Option<IdempotencyRow>,
}

impl CommandRequest {
    /// Whether nothing may be decided before it in the same commit: of a migration, because that is written in the places of the
    /// version so far; of one with a key, because a commit claims one key per instance.
    pub(super) fn begins_a_commit(&self) -> bool {
        !self.dry_run && (self.command.migrate().is_some() || self.idempotency.is_some())
    }
}

/// What became of a command.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The state after it; with `dry_run`, the state that would be.
    pub state: Arc<InstanceState>,
    /// With `dry_run`: what it would do.
    pub preview: Option<Preview>,
}

/// A hint that something was committed. Losing one costs a poll, never data.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The instance.
    pub instance: InstanceId,
    /// Number of its last event.
    pub seq: u64,
    /// Where it stands.
    pub status: InstanceStatus,
}
