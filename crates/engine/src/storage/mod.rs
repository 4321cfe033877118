//! The storage port: what the engine asks of a database, and nothing about how.
//!
//! `heddle-store` implements it on SQLite and Postgres, [`memory`] for simulation; `conformance` proves that all three agree.
//! Times are Unix milliseconds. The unit of work is a [`Batch`]: whatever has gathered, from many instances, in one transaction.

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
pub mod memory;
mod pause;
mod people;
mod post;
mod row;

pub use error::{CommitError, StorageError};
pub use pause::{Pause, PauseScope};
pub use people::{HumanEnd, HumanRow, People};
pub use post::{
    Awaits, Call, Content, Member, MessageRow, Parcel, PermitRow, Published, ReplyRow, Resolved, Settlement, SignalRow,
    SubscriptionRow,
};
pub use row::{
    Activation, Batch, Created, Fence, Head, HeadRow, IdempotencyRow, IncidentRow, JobRow, JobState, JournalRow,
    Leased, LogRow, NodeRow, Post, Snapshot, Stored, TallyRow, TimerRow, Unit,
};

use crate::scheduler::{Holder, KeyAsk, KeyWait, Verdict};
use async_trait::async_trait;
use heddle_model::ids::{InstanceId, JobId, ParcelId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::value::Value;
use std::sync::Arc;

/// `not_before` of a job that waits for a permit of its concurrency key: never, until [`Storage::let_job`].
pub const WAITS_FOR_PERMIT: i64 = i64::MAX / 4;

/// Number of the incident that [`Storage::quarantine`] opens: one that no instance gives itself.
pub const QUARANTINE: u32 = i32::MAX.cast_unsigned();

/// Why an instance is in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quarantine {
    /// What is stored of it does not fit together.
    Damaged,
    /// The database refuses for good what it comes to.
    Refused,
    /// `heddle verify` found something that does not fit, though it may be read. Only a person ends it.
    Found,
}

impl Quarantine {
    /// The code of the incident.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Damaged => "DAMAGED",
            Self::Refused => "REFUSED",
            Self::Found => "VERIFY_FAILED",
        }
    }
}

/// What the engine asks of a database.
///
/// Every method is one unit: it happens whole or not at all. All but `commit`, `refresh_heads` and `settle`, which only lanes call, run to
/// their end even if the caller hangs up.
#[async_trait]
pub trait Storage: Send + Sync + 'static {
    /// Writes everything in `batch`, or nothing. Returns only after the data is durable (flushed to disk).
    ///
    /// Inside the same transaction it checks that `batch.fence` is still the current one of its server, with a lock that a
    /// take-over conflicts with; otherwise [`CommitError::Fenced`]. A journal row whose `(instance, first_seq)` exists, a created
    /// instance that exists, an idempotency key or an open unique business key that is taken give [`CommitError::Conflict`].
    /// When it cannot tell whether the transaction took place: [`CommitError::Unknown`].
    async fn commit(&self, batch: &Batch) -> Result<(), CommitError>;

    /// An instance: its last snapshot and the journal rows after it, in order. `None` when there is none in that workspace.
    async fn load(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<Option<Stored>, StorageError>;

    /// Journal rows of an instance that hold events with a number above `after_seq`, in order, at most `limit` rows.
    async fn journal(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StorageError>;

    /// Brings hot rows up to date; those that have gone further already stay. A lost call costs nothing but their age.
    async fn refresh_heads(&self, fence: Fence, heads: &[HeadRow]) -> Result<(), CommitError>;

    /// Instances that have something to run at once after a restart (`Head::runnable`), in the order of their ids, after `after`.
    async fn runnable(
        &self,
        shards: &[u16],
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, InstanceId)>, StorageError>;

    /// Timers of these shards that are due at or before `until`, in the order (due, instance, number), at most `limit`.
    async fn timers(&self, shards: &[u16], until: i64, limit: u32) -> Result<Vec<TimerRow>, StorageError>;

    /// Offers jobs to a worker: takes up to `activation.max` that are ready (or whose lease has ended, or whose `not_before` has
    /// come) at the database's time, highest priority first, then oldest; counts the attempt, gives each a new token and a lease.
    /// Never more than `max`, never one job to two workers. Jobs whose instance is paused are not given out.
    async fn activate_jobs(&self, activation: &Activation) -> Result<Vec<JobRow>, StorageError>;

    /// One job, as it stands.
    async fn job(&self, workspace: WorkspaceId, job: JobId) -> Result<Option<JobRow>, StorageError>;

    /// Prolongs a lease by `lease_ms` from now. `None` when the token is not the current one.
    async fn heartbeat_job(
        &self,
        workspace: WorkspaceId,
        job: JobId,
        token: u64,
        lease_ms: u64,
    ) -> Result<Option<i64>, StorageError>;

    /// The definition of a version as canonical JSON, for the plan cache.
    async fn definition(&self, workspace: WorkspaceId, version: VersionId) -> Result<Option<String>, StorageError>;

    /// Joins the cluster under this name: a new epoch fences whatever ran under the name before, at once. It owns what the name still
    /// holds, and takes whatever no living server holds. On SQLite that is all shards: the file has one server, the newest.
    async fn acquire(&self, server_name: &str) -> Result<Leased, StorageError>;

    /// The servers that the cluster knows, by name.
    async fn members(&self) -> Result<Vec<Member>, StorageError>;

    /// Takes those of `shards` that nobody owns, or whose owner's lease has ended (that owner is fenced first). Gives each shard taken and
    /// the last `pos` in it; nothing when `fence` is not current.
    async fn take(&self, fence: Fence, shards: &[u16]) -> Result<Vec<(u16, u64)>, StorageError>;

    /// Gives shards up, for others to take. The caller has ended everything it did for them.
    async fn give(&self, fence: Fence, shards: &[u16]) -> Result<(), StorageError>;

    /// Keeps the lease alive; `false` when it was lost. Called every third of the lease time.
    async fn heartbeat(&self, fence: Fence) -> Result<bool, StorageError>;

    /// Gives everything back, at a clean stop.
    async fn release(&self, fence: Fence) -> Result<(), StorageError>;

    /// The database's time.
    async fn now(&self) -> Result<i64, StorageError>;

    /// What is paused beyond single instances, in the order of scope and subject.
    async fn pauses(&self) -> Result<Vec<Pause>, StorageError>;

    /// Holds back the jobs of these workflows, and gives out again those that nothing holds back any more: neither their
    /// instance nor their workflow is paused. Called when the paused workflows have changed, and at the start.
    async fn settle_jobs(&self, paused: &[WorkflowId]) -> Result<(), StorageError>;

    /// Opens a job that waited for a permit ([`WAITS_FOR_PERMIT`]) to workers; one that did not wait is left as it is.
    async fn let_job(&self, workspace: WorkspaceId, job: JobId) -> Result<(), StorageError>;

    /// Parcels for these shards, the oldest first (`sent_at`, then id), at most `limit`.
    async fn inbox(&self, shards: &[u16], limit: u32) -> Result<Vec<Parcel>, StorageError>;

    /// Puts a parcel of a door's into the inbox. One with the same id that is there already is no error.
    async fn post(&self, parcel: &Parcel) -> Result<(), StorageError>;

    /// Takes parcels that led to no event, fenced like a commit. One whose parcel is gone is left out, with all that
    /// would follow from it: a message that goes back to its mailbox goes back once.
    async fn settle(&self, fence: Fence, settlements: &[Settlement]) -> Result<(), CommitError>;

    /// The answer to a request, once it is there.
    async fn reply(&self, id: ParcelId) -> Result<Option<String>, StorageError>;

    /// A message by name, in one transaction: the first subscription in line with its name and key is taken off and a parcel is sent to
    /// its instance; without one the message is kept, unless `at_once` forbids it.
    async fn publish(&self, message: &MessageRow, at_once: bool) -> Result<Published, StorageError>;

    /// A signal for all of a workspace who wait now; gives how many instances that are.
    async fn broadcast(&self, workspace: WorkspaceId, signal: &SignalRow) -> Result<u64, StorageError>;

    /// Pairs messages that are kept with subscriptions, of this name and key, the oldest of each first, until one of them runs out: both rows
    /// go and a parcel is sent, in one transaction. Two callers at the same time pair nothing twice. Gives the parcels.
    async fn pair(
        &self,
        workspace: WorkspaceId,
        name: &Arc<str>,
        key: Option<&Arc<str>>,
    ) -> Result<Vec<Parcel>, StorageError>;

    /// Grants permits of a name to the first in line, as long as there are any: their rows say so and parcels are sent, in one transaction.
    async fn grant(&self, workspace: WorkspaceId, name: &Arc<str>) -> Result<Vec<Parcel>, StorageError>;

    /// Keeps the books of concurrency keys ([`crate::scheduler::Keys`] says how) for what is asked, in order, in one transaction. Wishes
    /// of instances in shards that the server of `fence` does not own are left out: their owner asks for them. Asking again changes
    /// nothing. Gives the verdicts for those who asked, and the parcels that were sent to others.
    async fn keep_books(&self, fence: Fence, asks: &[KeyAsk]) -> Result<(Vec<Verdict>, Vec<Parcel>), StorageError>;

    /// Why somebody waits for a permit of a concurrency key; `None`: they do not.
    async fn key_wait(&self, workspace: WorkspaceId, holder: Holder) -> Result<Option<KeyWait>, StorageError>;

    /// Who of these shards holds or awaits a permit of a concurrency key.
    async fn key_holders(&self, shards: &[u16]) -> Result<Vec<(WorkspaceId, Holder)>, StorageError>;

    /// The net under `pair` and `grant`, for what a dying server left undone: pairs and grants whatever can be, at most about `limit`
    /// of each; removes messages whose time is over, at most `limit`, and replies that nobody has read for ten minutes.
    /// Gives the parcels.
    async fn sweep(&self, limit: u32) -> Result<Vec<Parcel>, StorageError>;

    /// Opens the incident `quarantined` of an instance, unless it is open: because its stored data cannot be read (its journal is left as
    /// it is, for nothing can follow what cannot be read), or because the database refuses what it comes to. Its number is [`QUARANTINE`].
    async fn quarantine(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        cause: Quarantine,
        why: &str,
    ) -> Result<(), StorageError>;

    /// Closes that incident, where it is open.
    async fn end_quarantine(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<(), StorageError>;

    /// The version of a workflow, by name, that a call means: `"latest"` (the newest), a number, or `"label:…"`.
    async fn resolve(
        &self,
        workspace: WorkspaceId,
        workflow: &str,
        version: &Value,
    ) -> Result<Option<Resolved>, StorageError>;
}
