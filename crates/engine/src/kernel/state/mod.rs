//! The state of one instance: what its events add up to.

mod kept;
mod wait;
mod work;

use super::event::{Failure, IncidentKind, Json};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::NodeIx;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use super::marking::{Marking, RoundState, Scope};
pub use kept::{Handler, Return};
pub use wait::{Awaited, Letter, Owner, Subscription, Then};
pub use work::{AfterUndo, Called, Caller, HumanTask, Items, Record, Undoing};

/// Variables by name, in the order of their names so that every walk over them is deterministic.
pub type Variables = BTreeMap<Arc<str>, Json>;

/// One run of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceState {
    /// Which one.
    pub id: InstanceId,
    /// Whose.
    pub workspace: WorkspaceId,
    /// Of which workflow.
    pub workflow: WorkflowId,
    /// Of which version.
    pub version: VersionId,
    /// That version's number.
    pub version_number: u32,
    /// What the starter calls it.
    pub business_key: Option<Arc<str>>,
    /// 0–9.
    pub priority: u8,
    /// Who started it.
    pub started_by: Arc<str>,
    /// A test run.
    pub test: bool,
    /// Where it stands.
    pub status: InstanceStatus,
    /// What it is doing within that.
    pub phase: Phase,
    /// Number of the last event.
    pub seq: u64,
    /// When it was created.
    pub created_at: i64,
    /// When it left CREATED.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Time of the last event.
    pub updated_at: i64,
    /// What it was started with.
    pub input: Json,
    /// Variables of the root scope.
    pub variables: Variables,
    /// What it gave.
    pub output: Option<Json>,
    /// What it failed with.
    pub error: Option<Failure>,
    /// The last execution of each node that was reached, in whatever scope; others are PENDING.
    pub nodes: BTreeMap<NodeIx, NodeRecord>,
    /// Executions that are live.
    pub live: BTreeMap<u32, Execution>,
    /// Executions that a failure of the instance has stopped, kept for repair.
    pub suspended: BTreeMap<u32, Execution>,
    /// Tokens and executions of the root scope.
    pub root: Marking,
    /// The other scopes that are open, by their numbers (the root's is 0).
    pub scopes: BTreeMap<u32, Scope>,
    /// Events that are waited for, by who waits and a number.
    pub subscriptions: BTreeMap<(Owner, u32), Subscription>,
    /// Messages that came before anyone waited for them.
    pub mailbox: Vec<Letter>,
    /// Who holds each mutex, in the order in which they took it.
    pub mutexes: BTreeMap<Arc<str>, Vec<u32>>,
    /// What undoes: the compensation under way.
    pub undoing: Option<Undoing>,
    /// Timers that are armed.
    pub timers: BTreeMap<u32, Timer>,
    /// Incidents that are open.
    pub incidents: BTreeMap<u32, Incident>,
    /// Results and timers that came while it was paused, in the order they came.
    pub held: Vec<Held>,
    /// A pause froze its timers.
    pub frozen: bool,
    /// Nodes that are SKIPPED.
    pub skipped: u32,
    /// Nodes that have COMPLETED at least once.
    pub completed: u32,
    /// The next execution's number.
    pub next_execution: u32,
    /// The next timer's number.
    pub next_timer: u32,
    /// The next incident's number.
    pub next_incident: u32,
    /// The next scope's number.
    pub next_scope: u32,
    /// The next subscription's number.
    pub next_subscription: u32,
    // Fields from here on came later: their empty forms are stored as zeros, so that older snapshots read with zeros behind them.
    /// The node of another instance that called this one.
    pub caller: Option<Caller>,
    /// Executions that hold the permit of a name which they share with other instances.
    pub permits: BTreeSet<u32>,
    /// The pause under way freezes timers.
    pub freeze: bool,
    /// Timers that keep what is left of them.
    pub frozen_timers: BTreeSet<u32>,
    /// Nodes that are paused by themselves, and whether that freezes their timers.
    pub paused: BTreeMap<NodeIx, bool>,
    /// How often each node fired in rounds that were rolled back: the keys of later rounds go on from there.
    pub fired: BTreeMap<NodeIx, u32>,
    /// All that it had done was undone: only a rollback leads on from there.
    pub undone: bool,
    /// The versions that it ran before this one, each with the last event of its time.
    pub versions: Vec<(u64, VersionId)>,
    /// How nodes of those versions are undone.
    pub handlers: Vec<Handler>,
    /// Which of them undoes what an execution of those versions did.
    pub made: BTreeMap<u32, u32>,
}

/// What an instance is doing within its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Phase {
    /// Going forward.
    #[default]
    Forward,
    /// Undoing.
    Compensating,
}

impl Phase {
    /// In print; empty for going forward.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "",
            Self::Compensating => "compensating",
        }
    }
}

/// The last execution of a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeRecord {
    /// Where it stands.
    pub status: NodeStatus,
    /// Its number; `None` for a node that was skipped without having fired.
    pub number: Option<u32>,
    /// How often the node has fired.
    pub rounds: u32,
    /// Attempts of the last execution.
    pub attempt: u32,
    /// When the last execution became active.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// What it gave.
    pub output: Option<Json>,
    /// What it failed with.
    pub error: Option<Failure>,
}

/// A node at work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// The node.
    pub node: NodeIx,
    /// The scope that it is part of: 0 for the root.
    pub scope: u32,
    /// 0 for the node's first round; counts over all scopes of the instance.
    pub iteration: u32,
    /// Attempts begun.
    pub attempt: u32,
    /// Attempts of before the last repair: the allowance counts from there.
    pub forgiven: u32,
    /// Attempts lost with their server.
    pub lost: u32,
    /// What it does or waits for.
    pub active: Active,
    /// When it became active.
    pub started_at: i64,
    /// Rounds of its loop that came before.
    pub round: u32,
    /// Its tokens have gone on already; what is left of it is only waited for.
    pub released: bool,
    /// The items of a for-each.
    pub items: Option<Box<Items>>,
    /// What it undoes, where it does.
    pub undoes: Option<Box<Record>>,
}

/// What an execution does or waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Active {
    /// A built-in task runs.
    Task,
    /// A worker is awaited.
    Job,
    /// A timer is awaited: its number.
    Timer(u32),
    /// A retry is awaited: its timer's number.
    Retry(u32),
    /// It has done its work, but its split could not be decided; an incident is open.
    Split {
        /// What it gave.
        output: Json,
    },
    /// It has failed; an incident is open.
    Failed,
    /// An event is awaited: its subscriptions say which.
    Event,
    /// A scope of its own is under way.
    Scope,
    /// The scopes of its items are under way.
    Items,
    /// A person is awaited.
    Human(Box<HumanTask>),
    /// Another workflow is awaited.
    Call(Box<Called>),
    /// What its scope has done is being undone.
    Undo,
    /// The permit of this name is awaited.
    Permit(Arc<str>),
}

impl Active {
    /// It has failed, or could not be left; a person decides.
    pub const fn is_failed(&self) -> bool {
        matches!(self, Self::Failed | Self::Split { .. })
    }
}

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// When it is due; while frozen: what was left, in milliseconds.
    pub due: i64,
    /// What it is for.
    pub kind: TimerKind,
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimerKind {
    /// The end of a wait: this execution completes.
    Wait(u32),
    /// The next attempt of this execution.
    Retry(u32),
    /// The time of this execution's job is up.
    JobTimeout(u32),
    /// The instance's time is up.
    Instance,
    /// The instance leaves CREATED.
    Start,
    /// The event that this subscription waits for.
    Event(Owner, u32),
    /// Nobody has done this execution's task for a person in time.
    Escalation(u32),
    /// This for-each has more items to start than one step may.
    Items(u32),
}

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// What kind.
    pub kind: IncidentKind,
    /// The node, where it concerns one.
    pub node: Option<NodeIx>,
    /// The execution, where it concerns one.
    pub execution: Option<u32>,
    /// The error's code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// When it was opened.
    pub opened_at: i64,
}

/// Something that came while the instance was paused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Held {
    /// A task succeeded.
    Completed {
        /// The execution.
        number: u32,
        /// What it gave.
        output: Json,
        /// Variables it wrote.
        variables: Vec<(Arc<str>, Json)>,
    },
    /// A task failed.
    Failed {
        /// The execution.
        number: u32,
        /// With what.
        error: Failure,
    },
    /// A timer fell due.
    Timer(u32),
    /// The server died under an attempt of this execution.
    Lost(u32),
    /// A message came, and someone waited for it.
    Message(Letter),
    /// A signal came, and someone waited for it.
    Signal {
        /// Its name.
        name: Arc<str>,
        /// What it carries.
        payload: Json,
    },
    /// An execution was started by hand.
    Begin(u32),
    /// A called workflow ended.
    Child {
        /// The execution that called it.
        number: u32,
        /// What it gave, or failed with.
        result: Result<Json, Failure>,
    },
    /// The permit that this execution asked for was granted.
    Granted(u32),
    /// An execution is to begin again.
    Again(u32),
    /// An awaited event happened, and who waits for it is paused.
    Event {
        /// Who waits.
        owner: Owner,
        /// The subscription's number.
        subscription: u32,
        /// What it carries.
        payload: Json,
    },
}

impl InstanceState {
    /// The live execution of a node, the newest where there are several.
    pub fn live_of(&self, node: NodeIx) -> Option<u32> {
        self.live.iter().rev().find(|(_, execution)| execution.node == node).map(|(&number, _)| number)
    }

    /// Status of a node; one that was never reached is PENDING.
    pub fn node_status(&self, node: NodeIx) -> NodeStatus {
        self.nodes.get(&node).map_or(NodeStatus::Pending, |record| record.status)
    }

    /// Ended nodes ÷ nodes not skipped, 0–1.
    pub fn progress(&self, nodes: usize) -> f64 {
        if self.status == InstanceStatus::Completed {
            return 1.0;
        }
        let expected = (nodes as u32).saturating_sub(self.skipped).max(1);
        f64::from(self.completed.min(expected)) / f64::from(expected)
    }

    /// Whether built-in work runs or held results wait: what a restart must look at first.
    pub fn is_runnable(&self) -> bool {
        !self.status.is_ended() && self.live.values().any(|execution| matches!(execution.active, Active::Task))
    }
}
