//! Tasks for people: listing them, and what is done about one.

use crate::time::Timestamp;
use heddle_model::ids::HumanTaskId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which tasks: those asked last first; with `due_before`, the most overdue first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct ListHumanTasks {
    /// Those that the caller has. With `claimable`: either.
    pub mine: Option<bool>,
    /// Those that nobody has and that the caller may take.
    pub claimable: Option<bool>,
    /// `open`, `claimed`, `done` or `cancelled`; where absent, all that wait.
    pub status: Option<String>,
    /// Id or name of the workflow.
    pub workflow: Option<String>,
    /// Id of the instance.
    pub instance: Option<String>,
    /// Due before this time.
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>))]
    pub due_before: Option<Timestamp>,
    /// Answer with `counts` as well.
    pub counts: Option<bool>,
    /// Rows of the page, 1–200; 50 where absent.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetHumanTask {
    /// Which.
    pub id: HumanTaskId,
}

/// To whom a task is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AssignTask {
    /// The name that they sign in with.
    pub to: String,
    /// What was filled in so far is kept; `true` where absent.
    #[serde(default = "yes")]
    pub keep_draft: bool,
}

const fn yes() -> bool {
    true
}

/// What is done about a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum HumanTaskStep {
    /// The caller takes it.
    Claim,
    /// It is given back.
    Release,
    /// It goes to somebody.
    Assign(AssignTask),
    /// What is filled in so far is kept.
    Draft(Value),
    /// It is done, with what was filled in.
    Complete(Value),
}

/// Does something about a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HumanTaskAction {
    /// Which.
    pub id: HumanTaskId,
    /// What.
    pub step: HumanTaskStep,
}
