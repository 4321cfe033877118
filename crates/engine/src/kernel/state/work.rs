//! What containers, people, calls and compensations keep while they are under way.

use super::super::event::{Failure, Json};
use heddle_model::ids::InstanceId;
use heddle_model::plan::NodeIx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The items of a for-each.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Items {
    /// The items, in order.
    pub items: Vec<Json>,
    /// The next one to be started.
    pub next: u32,
    /// Under way.
    pub active: u32,
    /// Ended well.
    pub completed: u32,
    /// Failed.
    pub failed: u32,
    /// Withdrawn.
    pub cancelled: u32,
    /// What each item gave, by its place.
    pub results: BTreeMap<u32, Json>,
    /// Items that are to run again, before those that never ran.
    pub again: Vec<u32>,
    /// At most so many at a time.
    pub max_parallel: u32,
    /// More failed ones than this fail the node.
    pub max_failures: Option<u32>,
    /// No more may be added.
    pub closed: bool,
    /// No more are started.
    pub stopped: bool,
}

/// A task for a person.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HumanTask {
    /// The evaluated settings: title, form, candidates, due…
    pub config: Json,
    /// Who has it.
    pub assignee: Option<Arc<str>>,
    /// What the assignee has filled in so far.
    pub draft: Json,
    /// When it was to be done.
    pub due: Option<i64>,
    /// The timer of its escalation.
    pub timer: Option<u32>,
}

/// A called workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Called {
    /// The instance.
    pub instance: InstanceId,
    /// Its workflow's name.
    pub workflow: Arc<str>,
}

/// The node of another instance that called this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The instance.
    pub instance: InstanceId,
    /// Its execution.
    pub number: u32,
    /// Whether it waits for the end.
    pub wait: bool,
    /// Calls around this instance, itself included.
    pub depth: u32,
}

/// A compensation under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undoing {
    /// What is still to be undone, the next one last.
    pub records: Vec<Record>,
    /// What comes when all is undone.
    pub then: AfterUndo,
    /// The execution that undoes now.
    pub current: Option<u32>,
}

/// What comes after a compensation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AfterUndo {
    /// The instance is FAILED, with this error.
    Fail(Failure),
    /// The instance is TERMINATED.
    Terminate(String),
    /// This execution, a throw inside the flow, completes.
    Complete(u32),
    /// This execution fails, with this error.
    Raise(u32, Failure),
    /// The instance goes back to where it was.
    Return(Box<super::Return>),
}

/// Something that can be undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The node that did it.
    pub node: NodeIx,
    /// Its execution.
    pub number: u32,
    /// The node's round.
    pub iteration: u32,
    /// The event with which it completed: what completed last is undone first.
    pub seq: u64,
    /// What it gave.
    pub output: Json,
    /// Variables of its scope, where that was an item's.
    pub variables: Vec<(Arc<str>, Json)>,
}
