//! What events are made of.

use super::{Edges, Json};
use crate::kernel::state::Handler;
use heddle_model::ids::{VersionId, WorkflowId};
use heddle_model::plan::{EdgeIx, NodeIx, ScopeIx};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What an instance is made with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version.
    pub version: VersionId,
    /// Its number.
    pub version_number: u32,
    /// What the starter calls it.
    pub business_key: Option<Arc<str>>,
    /// 0–9.
    pub priority: u8,
    /// Who.
    pub started_by: Arc<str>,
    /// A test run.
    pub test: bool,
    /// What it is started with.
    pub input: Json,
    /// First values of variables, the input's included.
    pub variables: Vec<(Arc<str>, Json)>,
}

/// Where everything of a version stands in the next one that an instance runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Migrated {
    /// The next version.
    pub version: VersionId,
    /// Its number.
    pub version_number: u32,
    /// The next place of each node, by its place so far; `None`: it is gone.
    pub nodes: Vec<Option<NodeIx>>,
    /// The next place of each edge.
    pub edges: Vec<Option<EdgeIx>>,
    /// The next place of each scope.
    pub scopes: Vec<Option<ScopeIx>>,
    /// The place that stands for nodes that are gone, where something they did may still have to be undone.
    pub stand_in: NodeIx,
    /// How nodes of the version so far are undone; they follow those that are known.
    pub handlers: Vec<Handler>,
    /// Which of all handlers undoes what an execution did.
    pub made: Vec<(u32, u32)>,
}

/// What became of a node that failed for good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AfterFailure {
    /// An `on:` edge caught it: tokens are there, the other ways out are dead.
    Caught(Edges),
    /// An incident waits for a person; the execution stays live.
    Incident,
    /// The instance fails with it; the execution is suspended.
    Instance,
    /// A container around it deals with it; the execution is over.
    Scope,
}

/// Why a node was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SkipCause {
    /// `on_error: skip`.
    Policy,
    /// A person.
    Command,
    /// The condition of its loop was false at once.
    Loop,
}

/// What an incident is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// A task failed.
    Error,
    /// No way out of a node.
    NoPath,
    /// Nothing can move any more.
    Deadlock,
    /// Attempts are used up by lost ones.
    Poisoned,
    /// An expression cannot be evaluated.
    Expression,
    /// A limit of the engine.
    Limit,
    /// The database refused its data.
    Quarantined,
    /// Undoing failed.
    Compensation,
}

impl IncidentKind {
    /// The word in tables and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::NoPath => "no_path",
            Self::Deadlock => "deadlock",
            Self::Poisoned => "poisoned",
            Self::Expression => "expression",
            Self::Limit => "limit",
            Self::Quarantined => "quarantined",
            Self::Compensation => "compensation",
        }
    }
}

/// How a scope ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ScopeEnd {
    /// Well; what it gave.
    Completed(Json),
    /// With an error that none of its nodes caught.
    Failed,
    /// It was withdrawn.
    Cancelled,
}
