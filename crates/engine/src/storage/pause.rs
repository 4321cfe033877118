//! Pauses wider than an instance.

use heddle_model::ids::{WorkflowId, WorkspaceId};

/// What a pause covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseScope {
    /// Everything on every server of this database.
    Engine,
    /// Tasks and jobs of this type, in every workspace.
    TaskType(String),
    /// Instances of this workflow.
    Workflow(WorkspaceId, WorkflowId),
}

/// A pause: tasks and jobs that are ready stay queued, what runs goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What it covers.
    pub scope: PauseScope,
    /// Since when.
    pub since: i64,
    /// Who paused, in print.
    pub by: String,
    /// Why, in the words of who did.
    pub reason: String,
}

impl PauseScope {
    /// The word for it, in addresses and in the table.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::TaskType(_) => "task-type",
            Self::Workflow(..) => "workflow",
        }
    }

    /// What it is about, in addresses and in the table.
    pub fn subject(&self) -> String {
        match self {
            Self::Engine => "all".to_owned(),
            Self::TaskType(name) => name.clone(),
            Self::Workflow(_, workflow) => workflow.to_string(),
        }
    }

    /// Reads it back; `None` for what is none.
    pub fn parse(scope: &str, subject: &str, workspace: Option<WorkspaceId>) -> Option<Self> {
        match (scope, subject, workspace) {
            ("engine", "all", _) => Some(Self::Engine),
            ("task-type", name, _) if !name.is_empty() => Some(Self::TaskType(name.to_owned())),
            ("workflow", id, Some(workspace)) => Some(Self::Workflow(workspace, id.parse().ok()?)),
            _ => None,
        }
    }
}
