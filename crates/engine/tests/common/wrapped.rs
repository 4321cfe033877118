//! Memory storage with something around every call: the one delegation of the storage port that tests of faults share.

use futures::future::BoxFuture;
use heddle_engine::scheduler::{Holder, KeyAsk, KeyWait, Verdict};
use heddle_engine::storage::memory::MemoryStorage;
use heddle_engine::storage::{
    Activation, Batch, CommitError, Fence, HeadRow, JobRow, JournalRow, Leased, Member, MessageRow, Parcel, Pause,
    Published, Quarantine, Resolved, Settlement, SignalRow, Storage, StorageError, Stored, TimerRow,
};
use heddle_engine::tasks::async_trait;
use heddle_model::ids::{InstanceId, JobId, ParcelId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::value::Value;
use std::future::Future;
use std::sync::Arc;

/// A call under way: when it is awaited, the memory storage does it. Whoever never awaits it has lost it.
pub(crate) type Doing<T, E> = BoxFuture<'static, Result<T, E>>;

/// What the storage has done.
pub(crate) enum Done<'a> {
    /// Jobs were given out.
    GivenOut(&'a [JobRow]),
    /// Shards have this owner now.
    Owned(Fence, &'a [u16]),
    /// These have no owner any more: all of it, where none are named.
    Disowned(Fence, Option<&'a [u16]>),
}

/// What stands around the calls.
pub(crate) trait Around: Send + Sync + 'static {
    /// A commit.
    fn commit(
        &self,
        batch: Arc<Batch>,
        doing: Doing<(), CommitError>,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Parcels that led to nothing are taken.
    fn settle(&self, doing: Doing<(), CommitError>) -> impl Future<Output = Result<(), CommitError>> + Send {
        doing
    }

    /// Said in the moment in which the storage has done something that only its result tells.
    fn done(&self, what: Done<'_>) {
        match what {
            Done::GivenOut(_) | Done::Owned(..) | Done::Disowned(..) => {}
        }
    }

    /// Any other call, by its name in the port.
    fn call<T: Clone + std::fmt::Debug + Send + 'static>(
        &self,
        name: &'static str,
        doing: Doing<T, StorageError>,
    ) -> impl Future<Output = Result<T, StorageError>> + Send;
}

/// Memory storage with something around it.
pub(crate) struct Wrapped<A> {
    pub(crate) memory: MemoryStorage,
    pub(crate) around: Arc<A>,
}

impl<A> Clone for Wrapped<A> {
    fn clone(&self) -> Self {
        Self { memory: self.memory.clone(), around: self.around.clone() }
    }
}

/// One method of the port; what its call borrows must be owned before.
macro_rules! around {
    ($self:ident, $name:literal, $memory:ident => $call:expr) => {{
        let $memory = $self.memory.clone();
        $self.around.call($name, Box::pin(async move { $call.await })).await
    }};
}

#[async_trait]
impl<A: Around> Storage for Wrapped<A> {
    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        let (memory, batch) = (self.memory.clone(), Arc::new(batch.clone()));
        let own = batch.clone();
        self.around.commit(batch, Box::pin(async move { memory.commit(&own).await })).await
    }
    async fn load(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<Option<Stored>, StorageError> {
        around!(self, "load", memory => memory.load(workspace, instance))
    }
    async fn journal(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StorageError> {
        around!(self, "journal", memory => memory.journal(workspace, instance, after_seq, limit))
    }
    async fn quarantine(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        cause: Quarantine,
        why: &str,
    ) -> Result<(), StorageError> {
        let why = why.to_owned();
        around!(self, "quarantine", memory => async move { memory.quarantine(workspace, instance, cause, &why).await })
    }
    async fn end_quarantine(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<(), StorageError> {
        around!(self, "end_quarantine", memory => memory.end_quarantine(workspace, instance))
    }
    async fn refresh_heads(&self, fence: Fence, heads: &[HeadRow]) -> Result<(), CommitError> {
        let (memory, heads) = (self.memory.clone(), heads.to_vec());
        let doing: Doing<_, StorageError> = Box::pin(async move { Ok(memory.refresh_heads(fence, &heads).await) });
        self.around
            .call("refresh_heads", doing)
            .await
            .unwrap_or_else(|why| Err(CommitError::Transient(why.to_string())))
    }
    async fn runnable(
        &self,
        shards: &[u16],
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, InstanceId)>, StorageError> {
        let shards = shards.to_vec();
        around!(self, "runnable", memory => memory.runnable(&shards, after, limit))
    }
    async fn timers(&self, shards: &[u16], until: i64, limit: u32) -> Result<Vec<TimerRow>, StorageError> {
        let shards = shards.to_vec();
        around!(self, "timers", memory => memory.timers(&shards, until, limit))
    }
    async fn activate_jobs(&self, activation: &Activation) -> Result<Vec<JobRow>, StorageError> {
        let (activation, around) = (activation.clone(), self.around.clone());
        around!(self, "activate_jobs", memory => async move {
            let jobs = memory.activate_jobs(&activation).await?;
            around.done(Done::GivenOut(&jobs));
            Ok(jobs)
        })
    }
    async fn job(&self, workspace: WorkspaceId, job: JobId) -> Result<Option<JobRow>, StorageError> {
        around!(self, "job", memory => memory.job(workspace, job))
    }
    async fn heartbeat_job(
        &self,
        workspace: WorkspaceId,
        job: JobId,
        token: u64,
        lease_ms: u64,
    ) -> Result<Option<i64>, StorageError> {
        around!(self, "heartbeat_job", memory => memory.heartbeat_job(workspace, job, token, lease_ms))
    }
    async fn definition(&self, workspace: WorkspaceId, version: VersionId) -> Result<Option<String>, StorageError> {
        around!(self, "definition", memory => memory.definition(workspace, version))
    }
    async fn acquire(&self, server_name: &str) -> Result<Leased, StorageError> {
        let (server_name, around) = (server_name.to_owned(), self.around.clone());
        around!(self, "acquire", memory => async move {
            let leased = memory.acquire(&server_name).await?;
            around.done(Done::Owned(leased.fence, &leased.shards));
            Ok(leased)
        })
    }
    async fn heartbeat(&self, fence: Fence) -> Result<bool, StorageError> {
        around!(self, "heartbeat", memory => memory.heartbeat(fence))
    }
    async fn release(&self, fence: Fence) -> Result<(), StorageError> {
        let around = self.around.clone();
        around!(self, "release", memory => async move {
            memory.release(fence).await?;
            around.done(Done::Disowned(fence, None));
            Ok(())
        })
    }
    async fn now(&self) -> Result<i64, StorageError> {
        around!(self, "now", memory => memory.now())
    }
    async fn pauses(&self) -> Result<Vec<Pause>, StorageError> {
        around!(self, "pauses", memory => memory.pauses())
    }
    async fn settle_jobs(&self, paused: &[WorkflowId]) -> Result<(), StorageError> {
        let paused = paused.to_vec();
        around!(self, "settle_jobs", memory => memory.settle_jobs(&paused))
    }
    async fn let_job(&self, workspace: WorkspaceId, job: JobId) -> Result<(), StorageError> {
        around!(self, "let_job", memory => memory.let_job(workspace, job))
    }
    async fn members(&self) -> Result<Vec<Member>, StorageError> {
        around!(self, "members", memory => memory.members())
    }
    async fn take(&self, fence: Fence, shards: &[u16]) -> Result<Vec<(u16, u64)>, StorageError> {
        let (shards, around) = (shards.to_vec(), self.around.clone());
        around!(self, "take", memory => async move {
            let taken = memory.take(fence, &shards).await?;
            let own: Vec<u16> = taken.iter().map(|(shard, _)| *shard).collect();
            around.done(Done::Owned(fence, &own));
            Ok(taken)
        })
    }
    async fn give(&self, fence: Fence, shards: &[u16]) -> Result<(), StorageError> {
        let (shards, around) = (shards.to_vec(), self.around.clone());
        around!(self, "give", memory => async move {
            memory.give(fence, &shards).await?;
            around.done(Done::Disowned(fence, Some(&shards)));
            Ok(())
        })
    }
    async fn inbox(&self, shards: &[u16], limit: u32) -> Result<Vec<Parcel>, StorageError> {
        let shards = shards.to_vec();
        around!(self, "inbox", memory => memory.inbox(&shards, limit))
    }
    async fn post(&self, parcel: &Parcel) -> Result<(), StorageError> {
        let parcel = parcel.clone();
        around!(self, "post", memory => memory.post(&parcel))
    }
    async fn settle(&self, fence: Fence, settlements: &[Settlement]) -> Result<(), CommitError> {
        let (memory, settlements) = (self.memory.clone(), settlements.to_vec());
        self.around.settle(Box::pin(async move { memory.settle(fence, &settlements).await })).await
    }
    async fn keep_books(&self, fence: Fence, asks: &[KeyAsk]) -> Result<(Vec<Verdict>, Vec<Parcel>), StorageError> {
        let asks = asks.to_vec();
        around!(self, "keep_books", memory => memory.keep_books(fence, &asks))
    }
    async fn key_wait(&self, workspace: WorkspaceId, holder: Holder) -> Result<Option<KeyWait>, StorageError> {
        around!(self, "key_wait", memory => memory.key_wait(workspace, holder))
    }
    async fn key_holders(&self, shards: &[u16]) -> Result<Vec<(WorkspaceId, Holder)>, StorageError> {
        let shards = shards.to_vec();
        around!(self, "key_holders", memory => memory.key_holders(&shards))
    }
    async fn reply(&self, id: ParcelId) -> Result<Option<String>, StorageError> {
        around!(self, "reply", memory => memory.reply(id))
    }
    async fn publish(&self, message: &MessageRow, at_once: bool) -> Result<Published, StorageError> {
        let message = message.clone();
        around!(self, "publish", memory => memory.publish(&message, at_once))
    }
    async fn broadcast(&self, workspace: WorkspaceId, signal: &SignalRow) -> Result<u64, StorageError> {
        let signal = signal.clone();
        around!(self, "broadcast", memory => memory.broadcast(workspace, &signal))
    }
    async fn pair(
        &self,
        workspace: WorkspaceId,
        name: &Arc<str>,
        key: Option<&Arc<str>>,
    ) -> Result<Vec<Parcel>, StorageError> {
        let (name, key) = (name.clone(), key.cloned());
        around!(self, "pair", memory => memory.pair(workspace, &name, key.as_ref()))
    }
    async fn grant(&self, workspace: WorkspaceId, name: &Arc<str>) -> Result<Vec<Parcel>, StorageError> {
        let name = name.clone();
        around!(self, "grant", memory => memory.grant(workspace, &name))
    }
    async fn sweep(&self, limit: u32) -> Result<Vec<Parcel>, StorageError> {
        around!(self, "sweep", memory => memory.sweep(limit))
    }
    async fn resolve(
        &self,
        workspace: WorkspaceId,
        workflow: &str,
        version: &Value,
    ) -> Result<Option<Resolved>, StorageError> {
        let (workflow, version) = (workflow.to_owned(), version.clone());
        around!(self, "resolve", memory => memory.resolve(workspace, &workflow, &version))
    }
}
