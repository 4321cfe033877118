//! Commands: what people, programs, tasks and timers want of an instance, and why they may be refused.

use super::apply::ApplyError;
use super::person::{HumanRefusal, Person};
use super::wish::{Migrate, Rerun, Rollback};
use crate::tasks::{Registry, TaskError, TaskOutput};
use heddle_model::lifecycle::IllegalTransition;
use heddle_model::plan::Plan;
use heddle_model::value::{Map, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What one decision may know beside the instance.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The compiled version.
    pub plan: &'a Plan,
    /// Task types; only what is pure about them is used here.
    pub registry: &'a Registry,
    /// The engine's time, in Unix milliseconds.
    pub now: i64,
    /// Randomness for jitter, drawn by the shell.
    pub entropy: Entropy,
    /// Which of several enabled nodes fires first.
    pub order: Order,
}

/// Randomness, drawn by the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entropy(pub u64);

impl Entropy {
    /// The next number of a fixed sequence (SplitMix64, Steele et al. 2014).
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Which of several enabled nodes fires first. Nothing may depend on it; tests run in all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The one that was enabled first.
    #[default]
    Fifo,
    /// The one that was enabled last.
    Lifo,
    /// By the context's entropy.
    Seeded,
}

/// What an attempt came to.
pub type TaskResult = Result<TaskOutput, TaskError>;

/// A wish.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Command {
    /// The first step of a new instance.
    Start,
    /// Instead of it: the instance stays CREATED until then.
    StartAt(i64),
    /// A built-in task's attempt ended.
    TaskEnded {
        /// The execution.
        number: u32,
        /// The attempt.
        attempt: u32,
        /// How.
        result: TaskResult,
    },
    /// A worker answered a job (its token was checked by the runtime).
    JobEnded {
        /// The execution.
        number: u32,
        /// How.
        result: TaskResult,
    },
    /// A timer is due.
    TimerDue(u32),
    /// The server that ran its tasks is gone.
    Recover,
    /// A message came for the instance.
    Message {
        /// Its name.
        name: Arc<str>,
        /// Its correlation key.
        key: Option<Arc<str>>,
        /// What it carries.
        payload: Value,
        /// Kept until then, where nothing waits for it; `None`: as its receiver says.
        expires: Option<i64>,
    },
    /// A signal came.
    Signal {
        /// Its name.
        name: Arc<str>,
        /// What it carries.
        payload: Value,
    },
    /// Before the start: a node of another instance called this one.
    CalledBy(super::state::Caller),
    /// A message by name came for this subscription.
    Delivered {
        /// The subscription.
        subscription: u32,
        /// The message.
        letter: super::state::Letter,
    },
    /// The permit that an execution asked for was granted.
    Granted {
        /// The execution.
        number: u32,
        /// The name.
        name: Arc<str>,
    },
    /// Items join a for-each that is open, all or none.
    AddItems {
        /// The for-each: its id, or the node instance's.
        node: String,
        /// The items.
        items: Vec<Value>,
    },
    /// No more items will join a for-each.
    CloseItems {
        /// The for-each.
        node: String,
    },
    /// A for-each ends now: what is under way is withdrawn, the flow goes on.
    CompleteForeach {
        /// The for-each.
        node: String,
    },
    /// A node is withdrawn; nothing comes out of it.
    Cancel {
        /// Its id, or the node instance's.
        node: String,
    },
    /// Something is done about a task for a person.
    Human {
        /// Its id, or the node instance's.
        node: String,
        /// What.
        action: HumanAction,
    },
    /// What has been done is undone; the instance ends FAILED, or TERMINATED.
    Compensate {
        /// TERMINATED instead of FAILED.
        terminate: bool,
    },
    /// The marking is changed by hand, in the order written.
    Modify {
        /// What.
        changes: Vec<Change>,
        /// Variables to write first.
        variables: Map<String, Value>,
    },
    /// A called workflow ended.
    ChildEnded {
        /// The execution that called it.
        number: u32,
        /// What it gave, or failed with.
        result: Result<Value, TaskError>,
    },
    /// Nothing moves until resumed.
    Pause {
        /// Timers keep what is left.
        freeze: bool,
    },
    /// Goes on.
    Resume,
    /// A node neither fires nor takes results until resumed; tokens wait before it.
    PauseNode {
        /// Its id.
        node: String,
        /// Its timers keep what is left.
        freeze: bool,
    },
    /// A node that was paused by itself goes on.
    ResumeNode {
        /// Its id.
        node: String,
    },
    /// The instance goes back to where it was.
    Rollback(Box<Rollback>),
    /// It runs another version from here on.
    Migrate(Box<Migrate>),
    /// It runs again from a node, on another version, or both.
    Rerun(Box<Rerun>),
    /// Ends it.
    Terminate {
        /// Why.
        reason: String,
    },
    /// Failed nodes run again.
    Retry {
        /// Only this node (id, or node instance id).
        node: Option<String>,
        /// Variables to write first.
        variables: Map<String, Value>,
    },
    /// A node is passed over.
    Skip {
        /// Its id, or the node instance's.
        node: String,
        /// The output it is given.
        output: Value,
    },
    /// A node ends well, by hand.
    Complete {
        /// Its id, or the node instance's.
        node: String,
        /// The output it is given.
        output: Value,
    },
    /// A waiting node fails, by hand.
    Fail {
        /// Its id, or the node instance's.
        node: String,
        /// With what.
        error: TaskError,
    },
    /// Variables are written (JSON merge patch, RFC 7396).
    SetVariables {
        /// The patch.
        patch: Map<String, Value>,
    },
    /// A job was given out again and again, and nobody who had it answered.
    JobLost {
        /// The execution.
        number: u32,
        /// How often.
        lost: u32,
    },
}

impl Command {
    /// The word in the journal and in URLs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::StartAt(_) => "start_at",
            Self::TaskEnded { .. } => "task_ended",
            Self::JobEnded { .. } => "job_ended",
            Self::JobLost { .. } => "job_lost",
            Self::TimerDue(_) => "timer",
            Self::Recover => "recover",
            Self::Message { .. } => "message",
            Self::Signal { .. } => "signal",
            Self::CalledBy(_) => "called_by",
            Self::Delivered { .. } => "delivered",
            Self::Granted { .. } => "granted",
            Self::AddItems { .. } => "add_instance",
            Self::CloseItems { .. } => "close",
            Self::CompleteForeach { .. } => "complete_foreach",
            Self::Cancel { .. } => "cancel",
            Self::Human { action, .. } => action.name(),
            Self::Compensate { .. } => "compensate",
            Self::Modify { .. } => "modify",
            Self::ChildEnded { .. } => "child_ended",
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
            Self::PauseNode { .. } => "pause_node",
            Self::ResumeNode { .. } => "resume_node",
            Self::Rollback(_) => "rollback",
            Self::Migrate(_) => "migrate",
            Self::Rerun(_) => "retry",
            Self::Terminate { .. } => "terminate",
            Self::Retry { .. } => "retry",
            Self::Skip { .. } => "skip",
            Self::Complete { .. } => "complete",
            Self::Fail { .. } => "fail",
            Self::SetVariables { .. } => "set_variables",
        }
    }
}

/// One change of the marking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// What stands at a node is withdrawn: its executions, and the tokens before it. Nothing comes out of them.
    Cancel {
        /// Its id.
        node: String,
    },
    /// A node begins, whatever its join says; the groups around it are opened.
    Start {
        /// Its id.
        node: String,
    },
    /// Both: what stands at one node goes on at another.
    Move {
        /// Where it stands.
        from: String,
        /// Where it goes on.
        to: String,
    },
}

/// What is done about a task for a person, and who does it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum HumanAction {
    /// Someone takes it; refused where another has it.
    Claim {
        /// Who.
        by: Person,
    },
    /// It is given back.
    Release {
        /// By whom.
        by: Person,
    },
    /// It goes to someone else: whoever has it passes it on to a candidate, who steers gives it to anybody.
    Assign {
        /// By whom.
        by: Person,
        /// To whom.
        to: Person,
        /// What was filled in so far is kept.
        keep_draft: bool,
    },
    /// What is filled in so far is kept.
    Save {
        /// By whom.
        by: Person,
        /// The draft.
        draft: Value,
    },
    /// It is done.
    Complete {
        /// By whom.
        by: Person,
        /// What was filled in; proven against the form.
        output: Value,
    },
}

impl HumanAction {
    /// The word in the journal and in URLs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Claim { .. } => "claim",
            Self::Release { .. } => "release",
            Self::Assign { .. } => "assign",
            Self::Save { .. } => "save",
            Self::Complete { .. } => "complete",
        }
    }
}

/// Why a command was refused. The instance is as it was.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CommandError {
    /// The life cycle has no such step.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The answer is for an attempt that is no longer the current one.
    #[error("the attempt is no longer the current one")]
    Stale,
    /// There is no such node.
    #[error("there is no node or node instance `{0}`")]
    NoSuchNode(String),
    /// Nothing to do it to.
    #[error("{0}")]
    Nothing(String),
    /// The journal does not fit the plan.
    #[error(transparent)]
    Damaged(#[from] ApplyError),
    /// A task for a person is not for who asks, or not now.
    #[error(transparent)]
    Human(#[from] HumanRefusal),
}
