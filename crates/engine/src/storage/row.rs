//! The rows that pass through the storage port.

use super::people::People;
use super::post::{MessageRow, Parcel, PermitRow, ReplyRow, SignalRow, SubscriptionRow};
use heddle_model::ids::{InstanceId, JobId, ParcelId, ServerId, VersionId, WorkflowId, WorkspaceId};
use std::sync::Arc;

/// Who owns the shards that a batch touches: the server and the epoch of its ownership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    /// The running server.
    pub server: ServerId,
    /// Rises with each take-over.
    pub epoch: u64,
}

/// Ownership, freshly taken.
#[derive(Debug, Clone)]
pub struct Leased {
    /// What commits prove themselves with.
    pub fence: Fence,
    /// The shards owned.
    pub shards: Vec<u16>,
    /// For each shard owned, in the same order, the last `pos` given in it (0: none).
    pub positions: Vec<u64>,
}

/// What one transaction writes.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Checked inside the transaction.
    pub fence: Fence,
    /// At most one per instance.
    pub units: Vec<Unit>,
    /// Under which tallies are kept: no two committers use the same at the same time, so none waits for the other's rows.
    pub slot: u16,
}

/// One instance's part of a batch. Everything in it is written together.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The instance.
    pub instance: InstanceId,
    /// Its shard.
    pub shard: u16,
    /// Present in an instance's first unit only: its hot row is inserted instead of updated.
    pub created: Option<Created>,
    /// The version that the instance runs from here on, and its number, where that has changed.
    pub version: Option<(VersionId, u32)>,
    /// The events.
    pub journal: JournalRow,
    /// The hot row after them; `None` where it is left as it is, because nothing that lists are made of has changed.
    /// Present with `created`.
    pub head: Option<Head>,
    /// Executions that the commit leaves waiting: inserted, or updated where they are.
    pub nodes: Vec<NodeRow>,
    /// Executions that waited and have ended; one that is not there is no error.
    pub nodes_gone: Vec<u32>,
    /// Executions that completed or failed.
    pub tally: Vec<TallyRow>,
    /// Timers armed.
    pub timers: Vec<TimerRow>,
    /// Numbers of timers disarmed or fired; one that is not there is no error.
    pub timers_gone: Vec<u32>,
    /// Jobs offered, or offered again: inserted, or replaced where they are.
    pub jobs: Vec<JobRow>,
    /// Jobs that ended; one that is not there is no error.
    pub jobs_gone: Vec<JobId>,
    /// All jobs of the instance are held back (`true`) or given out again, after `jobs` was written.
    pub hold_jobs: Option<bool>,
    /// Incidents opened or resolved: inserted, or updated where they are.
    pub incidents: Vec<IncidentRow>,
    /// Search values that changed: name and JSON value; replaced where they are.
    pub search: Vec<(Arc<str>, String)>,
    /// A snapshot of the state after the events; replaces the one before it.
    pub snapshot: Option<Snapshot>,
    /// Claims an idempotency key.
    pub idempotency: Option<IdempotencyRow>,
    /// Lines that tasks logged.
    pub logs: Vec<LogRow>,
    /// What passes between this instance and others; most units have nothing of it.
    pub post: Option<Box<Post>>,
    /// Tasks for people; most units have none.
    pub people: Option<Box<People>>,
}

/// What a unit sends, takes, waits for and asks for.
#[derive(Debug, Clone, Default)]
pub struct Post {
    /// Parcels for others.
    pub sent: Vec<Parcel>,
    /// Parcels of this instance that the unit follows from: gone with it. One that is not there any more is a conflict.
    pub taken: Vec<ParcelId>,
    /// Answers to doors of other servers.
    pub replies: Vec<ReplyRow>,
    /// Subscriptions armed: inserted, or replaced where they are.
    pub subscribed: Vec<SubscriptionRow>,
    /// Numbers of subscriptions that are gone; one that is not there is no error.
    pub unsubscribed: Vec<u32>,
    /// Messages for the mailboxes of their names.
    pub published: Vec<MessageRow>,
    /// Signals: a parcel for each other instance that waits at this moment.
    pub signals: Vec<SignalRow>,
    /// Permits asked for.
    pub permits: Vec<PermitRow>,
    /// Executions whose permits, held or asked for, are given back; one that has none is no error.
    pub permits_gone: Vec<u32>,
}

/// Columns of the hot row that never change.
#[derive(Debug, Clone)]
pub struct Created {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version it runs.
    pub version: VersionId,
    /// That version's number.
    pub version_number: u32,
    /// What the starter calls it.
    pub business_key: Option<String>,
    /// Only one open instance of the workflow may have this business key.
    pub unique_business_key: bool,
    /// 0–9.
    pub priority: u8,
    /// Who started it, in print (`usr_…`, `key_…`).
    pub started_by: String,
    /// When it was created.
    pub created_at: i64,
    /// A test run: left out of statistics.
    pub test: bool,
    /// The instance that called it.
    pub parent: Option<InstanceId>,
}

/// Columns of the hot row that change.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Status in print (`RUNNING`, …).
    pub status: &'static str,
    /// Phase (`compensating`), empty otherwise.
    pub phase: &'static str,
    /// Number of the last event that it takes in.
    pub seq: u64,
    /// Ended nodes.
    pub nodes_ended: u32,
    /// Nodes not skipped: `progress` is ended ÷ this.
    pub nodes_expected: u32,
    /// Open incidents.
    pub incidents: u32,
    /// Has active built-in executions or held work: to be looked at first after a restart.
    pub runnable: bool,
    /// When it left CREATED.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Time of the last event.
    pub updated_at: i64,
    /// The error it failed with, as JSON.
    pub error: Option<String>,
}

/// The hot row of an instance that is brought up to date between its commits.
#[derive(Debug, Clone)]
pub struct HeadRow {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The instance.
    pub instance: InstanceId,
    /// What stands there from now on.
    pub head: Head,
}

/// An execution that completed or failed, as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TallyRow {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The node's id.
    pub node: Arc<str>,
    /// It completed; otherwise it failed.
    pub completed: bool,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
}

/// Events of one commit of one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalRow {
    /// Number of the first event.
    pub first_seq: u64,
    /// How many.
    pub count: u32,
    /// Place in its shard, without gaps; given by the committer.
    pub pos: u64,
    /// When.
    pub at: i64,
    /// The events, encoded (kernel::codec).
    pub events: Arc<[u8]>,
    /// CRC-32 over the previous row's checksum and the events.
    pub checksum: u32,
}

/// A node instance.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeRow {
    /// Number of the execution in its instance; the id is `instance.node_instance(number)`.
    pub number: u32,
    /// The node's id in the definition.
    pub node: Arc<str>,
    /// The node's type, or task type.
    pub node_type: Arc<str>,
    /// Status in print (`COMPLETED`, …).
    pub status: &'static str,
    /// What it waits for (`job`, `timer`, …), empty otherwise.
    pub reason: &'static str,
    /// 1 for the first.
    pub attempt: u32,
    /// 0 for the first round.
    pub iteration: u32,
    /// When it became active.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// What it gave, as JSON.
    pub output: Option<String>,
    /// What it failed with, as JSON.
    pub error: Option<String>,
}

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerRow {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The instance.
    pub instance: InstanceId,
    /// Its number in the instance.
    pub number: u32,
    /// The shard of the instance.
    pub shard: u16,
    /// When it is due.
    pub due: i64,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a worker (from `not_before` on).
    Ready,
    /// A worker has it until `lease_until`.
    Leased,
}

/// Work offered to external workers.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The instance.
    pub instance: InstanceId,
    /// Number of the execution in the instance.
    pub number: u32,
    /// The node's id.
    pub node: Arc<str>,
    /// What workers ask for.
    pub job_type: Arc<str>,
    /// 9 goes first.
    pub priority: u8,
    /// The evaluated config, as JSON.
    pub input: String,
    /// Stable over all attempts: what the worker makes its effect idempotent with.
    pub key: String,
    /// Where it stands.
    pub state: JobState,
    /// Attempts given out so far, in all.
    pub attempt: u32,
    /// Proof of the current attempt; 0 before the first.
    pub token: u64,
    /// Who has it.
    pub worker: Option<String>,
    /// Until when.
    pub lease_until: Option<i64>,
    /// Not given out before.
    pub not_before: i64,
    /// When it was first offered.
    pub created_at: i64,
    /// Its instance or workflow is paused: not given out.
    pub held: bool,
}

/// A worker's wish for jobs.
#[derive(Debug, Clone)]
pub struct Activation {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Types wanted.
    pub types: Vec<String>,
    /// The worker's name.
    pub worker: String,
    /// At most so many.
    pub max: u32,
    /// For how long, in milliseconds.
    pub lease_ms: u64,
    /// Fresh random tokens, at least `max` of them (storage draws no randomness).
    pub tokens: Vec<u64>,
}

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentRow {
    /// Its number in the instance; the id is `instance.incident(number)`.
    pub number: u32,
    /// `error`, `no_path`, `deadlock`, `expression`, `limit`, `poisoned`, `quarantined`.
    pub kind: &'static str,
    /// The node's id, where it concerns one.
    pub node: Option<Arc<str>>,
    /// The error's code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// When it was opened.
    pub opened_at: i64,
    /// When it was resolved.
    pub resolved_at: Option<i64>,
}

/// The state of an instance, encoded (kernel::codec).
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The last event in it.
    pub seq: u64,
    /// Checksum of the journal row that ends with it, so that the chain goes on from here.
    pub checksum: u32,
    /// The state.
    pub state: Arc<[u8]>,
}

/// A claimed idempotency key.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct IdempotencyRow {
    /// The key, with the operation it belongs to.
    pub key: String,
    /// SHA-256 of the request.
    pub body_hash: [u8; 32],
    /// The answer to repeat, as JSON.
    pub response: String,
    /// Kept until.
    pub expires_at: i64,
}

/// A line that a task logged.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRow {
    /// Number of the execution.
    pub number: u32,
    /// The node's id.
    pub node: Arc<str>,
    /// `debug`, `info`, `warn`, `error`.
    pub level: Arc<str>,
    /// What.
    pub message: String,
    /// When.
    pub at: i64,
}

/// What recovery reads of an instance.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version it runs.
    pub version: VersionId,
    /// The last snapshot.
    pub snapshot: Option<Snapshot>,
    /// The rows after it.
    pub journal: Vec<JournalRow>,
    /// Its incident `quarantined` is open, and was not opened by `heddle verify`.
    pub quarantined: bool,
}
