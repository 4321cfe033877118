//! What callers send: one type per use case, the same for both doors.

mod action;
mod auth;
mod batch;
mod foreach;
mod human;
mod incident;
mod instance;
mod job;
mod message;
mod pause;
mod workflow;

pub use action::{ActionName, ActionParams, InstanceAction, ModifyChange, Move, TimerPolicy};
pub use auth::{PasswordGrant, SetUp, SignIn};
pub use batch::{
    BatchAction, BatchActionName, BatchFilter, BatchWish, CreateBatch, GetBatch, ListBatchItems, ListBatches,
    PreviewBatch,
};
pub use foreach::{ForeachCommand, ForeachStep};
pub use human::{AssignTask, GetHumanTask, HumanTaskAction, HumanTaskStep, ListHumanTasks};
pub use incident::{GetIncident, GroupIncidents, ListIncidents, Resolution, ResolveIncident, ResolveParams};
pub use instance::{
    BatchStart, CompleteTask, FailTask, GetInstance, ListEvents, ListInstances, ListLogs, ListNodes, ListWaiting,
    PatchVariables, SendMessage, StartInstance, WatchInstance,
};
pub use job::{ActivateJobs, CompleteJob, FailJob, HeartbeatJob};
pub use message::{ListChildren, PublishMessage, SendSignal};
pub use pause::{PauseOf, PutPause};
pub use workflow::{
    ApplyWorkflow, CreateWorkflow, DefinitionFormat, DefinitionText, DeleteWorkflow, ExportFormat, ExportWorkflow,
    GetVersion, GetWorkflow, ListVersions, ListWorkflows, ReplaceWorkflow,
};

use serde::{Deserialize, Serialize};

/// Which page of a list: how many rows, and after which.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct PageParams {
    /// Rows of the page, 1–200; 50 where absent.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A list filter over counts and figures: the time range.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct StatsRange {
    /// Only this workflow, by id or name.
    pub workflow: Option<String>,
    /// Only instances that started at or after this time; of nodes, what ended since the beginning of its hour.
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>))]
    pub started_after: Option<crate::Timestamp>,
}
