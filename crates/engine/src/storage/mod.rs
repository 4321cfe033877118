//! The storage port: what the engine asks of a database, and nothing about how.
//!
//! `heddle-store` implements it on SQLite and Postgres, [`memory`] for simulation; `conformance` proves that all three agree.
//! Times are Unix milliseconds. The unit of work is a [`Batch`]: whatever has gathered, from many instances, in one transaction.

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
pub mod memory;
mod row;

pub use error::{CommitError, StorageError};
pub use row::{
    Activation, Batch, Created, Fence, Head, IdempotencyRow, IncidentRow, JobRow, JobState, JournalRow, Leased, LogRow,
    NodeRow, Snapshot, Stored, TimerRow, Unit,
};

use async_trait::async_trait;
use heddle_model::ids::{InstanceId, JobId, VersionId, WorkspaceId};

/// What the engine asks of a database.
///
/// Every method is one unit that the implementation runs to its end even if the caller hangs up.
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

    /// The number of the last event of each of these instances, in the order asked; `None` for one that does not exist.
    /// Asked after an unknown outcome.
    async fn heads(&self, instances: &[InstanceId]) -> Result<Vec<Option<u64>>, StorageError>;

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

    /// Becomes the owner of shards under this name: a new epoch fences whatever ran under the name before, at once.
    /// On SQLite, and wherever no other server lives, that is all shards.
    async fn acquire(&self, server_name: &str) -> Result<Leased, StorageError>;

    /// Keeps the lease alive; `false` when it was lost. Called every third of the lease time.
    async fn heartbeat(&self, fence: Fence) -> Result<bool, StorageError>;

    /// Gives everything back, at a clean stop.
    async fn release(&self, fence: Fence) -> Result<(), StorageError>;

    /// The database's time.
    async fn now(&self) -> Result<i64, StorageError>;
}
