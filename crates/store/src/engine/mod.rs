//! The engine's storage port on both databases.
//!
//! The commit is written for each database by hand and speaks to the driver directly; everything else is rare enough to share one text.

mod commit_postgres;
mod commit_sqlite;
mod inbox;
mod jobs;
mod keys;
mod lease;
mod mailbox;
mod pauses;
mod people_postgres;
mod people_sqlite;
mod permit;
#[cfg(test)]
mod plans;
mod post_postgres;
mod post_sqlite;
mod quarantine;
mod read;
mod rows;
mod statement_postgres;
mod statement_sqlite;
mod sweep;

pub(crate) use sweep::Cursors;

pub(crate) use lease::{NOW_POSTGRES, NOW_SQLITE};

use crate::connect::{Committers, Pools};
use crate::{Store, StoreError};
use async_trait::async_trait;
use heddle_engine::scheduler::{Holder, KeyAsk, KeyWait, Verdict};
use heddle_engine::storage::{
    Activation, Batch, CommitError, Fence, HeadRow, JobRow, JournalRow, Leased, Member, MessageRow, Parcel, Pause,
    Published, Quarantine, Resolved, Settlement, SignalRow, Storage, StorageError, Stored, TimerRow,
};
use heddle_model::ids::{InstanceId, JobId, ParcelId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::value::Value;
use std::future::Future;
use std::sync::Arc;

impl Store {
    async fn engine_unit<T, F, W>(&self, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send,
        W: FnOnce(Store) -> F + Send + 'static,
    {
        self.run(work).await.map_err(StorageError::from)
    }
}

/// Settlements in one transaction; a conflict when one of their parcels is gone.
async fn settle_all(committers: &Committers, fence: Fence, settlements: &[Settlement]) -> Result<(), CommitError> {
    commit_postgres::send(committers, commit_postgres::prepare_settlements(fence, settlements)?).await
}

/// Does blocking work on this thread, which a caller who hangs up cannot cut in half; other tasks go on on other threads.
fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::CurrentThread => work(),
        _ => tokio::task::block_in_place(work),
    }
}

#[async_trait]
impl Storage for Store {
    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        match self.pools() {
            Pools::Postgres { committers, .. } => {
                commit_postgres::send(committers, commit_postgres::prepare(batch)?).await
            }
            Pools::Sqlite { engine, .. } => {
                let turn = self.writer().await;
                let answer = in_place(|| engine.run(|connection| commit_sqlite::commit(connection, batch)));
                drop(turn);
                answer
            }
        }
    }

    async fn load(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<Option<Stored>, StorageError> {
        self.engine_unit(move |store| async move { read::load(&store, workspace, instance).await }).await
    }

    async fn journal(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StorageError> {
        self.engine_unit(move |store| async move { read::journal(&store, workspace, instance, after_seq, limit).await })
            .await
    }

    async fn quarantine(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        cause: Quarantine,
        why: &str,
    ) -> Result<(), StorageError> {
        quarantine::open(self, workspace, instance, (cause, why.to_owned())).await.map_err(StorageError::from)
    }

    async fn end_quarantine(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<(), StorageError> {
        quarantine::close(self, workspace, instance).await.map_err(StorageError::from)
    }

    async fn refresh_heads(&self, fence: Fence, heads: &[HeadRow]) -> Result<(), CommitError> {
        match self.pools() {
            Pools::Postgres { committers, .. } => {
                commit_postgres::send(committers, commit_postgres::prepare_heads(fence, heads)?).await
            }
            Pools::Sqlite { engine, .. } => {
                let turn = self.writer().await;
                let answer =
                    in_place(|| engine.run(|connection| commit_sqlite::refresh_heads(connection, fence, heads)));
                drop(turn);
                answer
            }
        }
    }

    async fn runnable(
        &self,
        shards: &[u16],
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, InstanceId)>, StorageError> {
        let shards = shards.to_vec();
        self.engine_unit(move |store| async move { read::runnable(&store, &shards, after, limit).await }).await
    }

    async fn timers(&self, shards: &[u16], until: i64, limit: u32) -> Result<Vec<TimerRow>, StorageError> {
        let shards = shards.to_vec();
        self.engine_unit(move |store| async move { read::timers(&store, &shards, until, limit).await }).await
    }

    async fn activate_jobs(&self, activation: &Activation) -> Result<Vec<JobRow>, StorageError> {
        let activation = activation.clone();
        self.engine_unit(move |store| async move { jobs::activate(&store, &activation).await }).await
    }

    async fn job(&self, workspace: WorkspaceId, job: JobId) -> Result<Option<JobRow>, StorageError> {
        self.engine_unit(move |store| async move { jobs::one(&store, workspace, job).await }).await
    }

    async fn heartbeat_job(
        &self,
        workspace: WorkspaceId,
        job: JobId,
        token: u64,
        lease_ms: u64,
    ) -> Result<Option<i64>, StorageError> {
        self.engine_unit(move |store| async move { jobs::heartbeat(&store, workspace, job, token, lease_ms).await })
            .await
    }

    async fn definition(&self, workspace: WorkspaceId, version: VersionId) -> Result<Option<String>, StorageError> {
        self.engine_unit(move |store| async move { read::definition(&store, workspace, version).await }).await
    }

    async fn acquire(&self, server_name: &str) -> Result<Leased, StorageError> {
        let name = server_name.to_owned();
        lease::acquire(self, name).await.map_err(StorageError::from)
    }

    async fn members(&self) -> Result<Vec<Member>, StorageError> {
        self.engine_unit(|store| async move { lease::members(&store).await }).await
    }

    async fn take(&self, fence: Fence, shards: &[u16]) -> Result<Vec<(u16, u64)>, StorageError> {
        lease::take(self, fence, shards.to_vec()).await.map_err(StorageError::from)
    }

    async fn give(&self, fence: Fence, shards: &[u16]) -> Result<(), StorageError> {
        lease::give(self, fence, shards.to_vec()).await.map_err(StorageError::from)
    }

    async fn heartbeat(&self, fence: Fence) -> Result<bool, StorageError> {
        self.engine_unit(move |store| async move { lease::heartbeat(&store, fence).await }).await
    }

    async fn release(&self, fence: Fence) -> Result<(), StorageError> {
        lease::release(self, fence).await.map_err(StorageError::from)
    }

    async fn now(&self) -> Result<i64, StorageError> {
        self.engine_unit(|store| async move { lease::now(&store).await }).await
    }

    async fn pauses(&self) -> Result<Vec<Pause>, StorageError> {
        self.engine_unit(|store| async move { pauses::all(&store).await }).await
    }

    async fn settle_jobs(&self, paused: &[WorkflowId]) -> Result<(), StorageError> {
        let paused = paused.to_vec();
        self.engine_unit(move |store| async move { jobs::settle(&store, &paused).await }).await
    }

    async fn let_job(&self, workspace: WorkspaceId, job: JobId) -> Result<(), StorageError> {
        self.engine_unit(move |store| async move { jobs::admit(&store, workspace, job).await }).await
    }

    async fn inbox(&self, shards: &[u16], limit: u32) -> Result<Vec<Parcel>, StorageError> {
        let shards = shards.to_vec();
        self.engine_unit(move |store| async move { inbox::read(&store, shards, limit).await }).await
    }

    async fn post(&self, parcel: &Parcel) -> Result<(), StorageError> {
        let parcel = parcel.clone();
        self.engine_unit(move |store| async move { inbox::post(&store, &parcel).await }).await
    }

    async fn settle(&self, fence: Fence, settlements: &[Settlement]) -> Result<(), CommitError> {
        match self.pools() {
            Pools::Postgres { committers, .. } => match settle_all(committers, fence, settlements).await {
                // One of the parcels is gone: each by itself, then, and that one is left out.
                Err(CommitError::Conflict(_)) => {
                    for one in settlements {
                        match settle_all(committers, fence, std::slice::from_ref(one)).await {
                            Ok(()) | Err(CommitError::Conflict(_)) => {}
                            refused => return refused,
                        }
                    }
                    Ok(())
                }
                answer => answer,
            },
            Pools::Sqlite { engine, .. } => {
                let turn = self.writer().await;
                let answer =
                    in_place(|| engine.run(|connection| commit_sqlite::settle(connection, fence, settlements)));
                drop(turn);
                answer
            }
        }
    }

    async fn reply(&self, id: ParcelId) -> Result<Option<String>, StorageError> {
        self.engine_unit(move |store| async move { inbox::reply(&store, id).await }).await
    }

    async fn publish(&self, message: &MessageRow, at_once: bool) -> Result<Published, StorageError> {
        mailbox::publish(self, message.clone(), at_once).await.map_err(StorageError::from)
    }

    async fn broadcast(&self, workspace: WorkspaceId, signal: &SignalRow) -> Result<u64, StorageError> {
        let signal = signal.clone();
        self.engine_unit(move |store| async move { mailbox::broadcast(&store, workspace, &signal).await }).await
    }

    async fn pair(
        &self,
        workspace: WorkspaceId,
        name: &Arc<str>,
        key: Option<&Arc<str>>,
    ) -> Result<Vec<Parcel>, StorageError> {
        let address = mailbox::Address::new(workspace, name, key.map(|key| &**key));
        self.engine_unit(move |store| async move { mailbox::pair(&store, &address).await }).await
    }

    async fn grant(&self, workspace: WorkspaceId, name: &Arc<str>) -> Result<Vec<Parcel>, StorageError> {
        let name = name.clone();
        self.engine_unit(move |store| async move { permit::grant(&store, workspace, &name).await }).await
    }

    async fn keep_books(&self, fence: Fence, asks: &[KeyAsk]) -> Result<(Vec<Verdict>, Vec<Parcel>), StorageError> {
        keys::keep(self, fence, asks.to_vec()).await.map_err(StorageError::from)
    }

    async fn key_wait(&self, workspace: WorkspaceId, holder: Holder) -> Result<Option<KeyWait>, StorageError> {
        self.engine_unit(move |store| async move { keys::wait(&store, workspace, holder).await }).await
    }

    async fn key_holders(&self, shards: &[u16]) -> Result<Vec<(WorkspaceId, Holder)>, StorageError> {
        let shards = shards.to_vec();
        self.engine_unit(move |store| async move { keys::holders(&store, &shards).await }).await
    }

    async fn sweep(&self, limit: u32) -> Result<Vec<Parcel>, StorageError> {
        self.engine_unit(move |store| async move { sweep::sweep(&store, limit).await }).await
    }

    async fn resolve(
        &self,
        workspace: WorkspaceId,
        workflow: &str,
        version: &Value,
    ) -> Result<Option<Resolved>, StorageError> {
        let (workflow, version) = (workflow.to_owned(), version.clone());
        self.engine_unit(move |store| async move { read::resolve(&store, workspace, &workflow, &version).await }).await
    }
}
