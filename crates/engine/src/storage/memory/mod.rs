//! Storage in memory: for simulation and for the kernel's own tests. It keeps the promises of the port but those about disks.

mod keys;
mod members;
mod post;
mod write;

use super::{
    Activation, Batch, CommitError, Created, Fence, Head, HeadRow, HumanRow, IdempotencyRow, IncidentRow, JobRow,
    JobState, JournalRow, Leased, LogRow, Member, MessageRow, NodeRow, Parcel, Pause, PauseScope, Published,
    QUARANTINE, Quarantine, Resolved, Settlement, SignalRow, Snapshot, Storage, StorageError, Stored, TimerRow,
    WAITS_FOR_PERMIT,
};
use crate::scheduler::{Holder, KeyAsk, KeyWait, Keys, Verdict};
use async_trait::async_trait;
use heddle_model::ids::{InstanceId, JobId, ParcelId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::Value;
use members::Members;
use post::Office;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use write::clashes_within;

/// Storage in memory. Clones share it: a second server on the same data.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    data: Arc<Mutex<Data>>,
    /// Simulated time in Unix milliseconds; 0: the machine's.
    clock: Arc<AtomicI64>,
}

#[derive(Default)]
struct Data {
    members: Members,
    office: Office,
    books: Keys,
    workflows: BTreeMap<(WorkspaceId, String), Vec<Resolved>>,
    positions: BTreeMap<u16, u64>,
    instances: BTreeMap<InstanceId, Instance>,
    timers: BTreeMap<(InstanceId, u32), TimerRow>,
    jobs: BTreeMap<JobId, JobRow>,
    keys: BTreeMap<(WorkspaceId, String), IdempotencyRow>,
    definitions: BTreeMap<(WorkspaceId, VersionId), String>,
    pauses: BTreeMap<PauseScope, Pause>,
    tallies: BTreeMap<(WorkspaceId, WorkflowId, Arc<str>), Tally>,
}

/// Completed, failed, milliseconds of those that completed.
type Tally = (u64, u64, i64);

struct Instance {
    workspace: WorkspaceId,
    shard: u16,
    created: Created,
    head: Head,
    journal: Vec<JournalRow>,
    snapshot: Option<Snapshot>,
    nodes: BTreeMap<u32, NodeRow>,
    incidents: BTreeMap<u32, IncidentRow>,
    people: BTreeMap<u32, HumanRow>,
    search: BTreeMap<Arc<str>, String>,
    logs: Vec<LogRow>,
}

impl Instance {
    fn last_event(&self) -> u64 {
        self.journal.last().map_or(0, |row| row.first_seq + u64::from(row.count) - 1)
    }
}

impl MemoryStorage {
    /// Makes a version's definition known.
    pub fn define(&self, workspace: WorkspaceId, version: VersionId, definition: String) {
        self.lock().definitions.insert((workspace, version), definition);
    }

    /// Pauses something.
    pub fn pause(&self, pause: Pause) {
        self.lock().pauses.insert(pause.scope.clone(), pause);
    }

    /// Lifts a pause.
    pub fn lift(&self, scope: &PauseScope) {
        self.lock().pauses.remove(scope);
    }

    /// Makes a version of a workflow known by the workflow's name, the newest last.
    pub fn name(&self, workspace: WorkspaceId, workflow: &str, version: Resolved) {
        self.lock().workflows.entry((workspace, workflow.to_owned())).or_default().push(version);
    }

    /// Parcels that nobody has taken yet.
    pub fn parcels(&self) -> Vec<Parcel> {
        self.lock().office.parcels.values().cloned().collect()
    }

    /// Puts a message into its mailbox, and looks for nobody.
    pub fn keep(&self, message: MessageRow) {
        self.lock().office.keep(message);
    }

    /// Messages in a workspace's mailboxes, those whose time is over too.
    pub fn kept(&self, workspace: WorkspaceId) -> usize {
        self.lock().office.kept(workspace)
    }

    /// Ends a server's lease, as time would.
    pub fn end_lease(&self, server_name: &str) {
        self.lock().members.end_lease(server_name);
    }

    /// Sets the clock; from then on it stands until it is set again.
    pub fn set_now(&self, unix_ms: i64) {
        self.clock.store(unix_ms, Ordering::SeqCst);
    }

    /// Rows of an instance's node instances, by number.
    pub fn node_rows(&self, instance: InstanceId) -> Vec<NodeRow> {
        self.lock().instances.get(&instance).map(|it| it.nodes.values().cloned().collect()).unwrap_or_default()
    }

    /// What is counted of a workflow's nodes, by node: completed, failed, milliseconds of those that completed.
    pub fn tally(&self, workspace: WorkspaceId, workflow: WorkflowId) -> Vec<(Arc<str>, Tally)> {
        let data = self.lock();
        let own = data.tallies.iter().filter(|((at, of, _), _)| (*at, *of) == (workspace, workflow));
        own.map(|((_, _, node), tally)| (node.clone(), *tally)).collect()
    }

    /// An instance's incidents, by number.
    pub fn incident_rows(&self, instance: InstanceId) -> Vec<IncidentRow> {
        self.lock().instances.get(&instance).map(|it| it.incidents.values().cloned().collect()).unwrap_or_default()
    }

    /// An instance's tasks for people, by number.
    pub fn human_rows(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<HumanRow> {
        let data = self.lock();
        data.instances
            .get(&instance)
            .filter(|it| it.workspace == workspace)
            .map(|it| it.people.values().cloned().collect())
            .unwrap_or_default()
    }

    /// An instance's log lines.
    pub fn log_rows(&self, instance: InstanceId) -> Vec<LogRow> {
        self.lock().instances.get(&instance).map(|it| it.logs.clone()).unwrap_or_default()
    }

    /// An instance's search values.
    pub fn search_values(&self, instance: InstanceId) -> BTreeMap<Arc<str>, String> {
        self.lock().instances.get(&instance).map(|it| it.search.clone()).unwrap_or_default()
    }

    /// An instance's hot row.
    pub fn head(&self, instance: InstanceId) -> Option<Head> {
        self.lock().instances.get(&instance).map(|it| it.head.clone())
    }

    /// The number of an instance's last event; 0 where there is none.
    pub fn last_event(&self, instance: InstanceId) -> u64 {
        self.lock().instances.get(&instance).map_or(0, Instance::last_event)
    }

    /// A claimed idempotency key.
    pub fn idempotency(&self, workspace: WorkspaceId, key: &str) -> Option<IdempotencyRow> {
        self.lock().keys.get(&(workspace, key.to_owned())).cloned()
    }

    fn time(&self) -> i64 {
        match self.clock.load(Ordering::SeqCst) {
            0 => crate::runtime::clock::machine_ms(),
            set => set,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Data> {
        // A panic of another test thread leaves whole rows behind: every change below is made at its end.
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        let mut data = self.lock();
        if !data.members.is_current(batch.fence) {
            return Err(CommitError::Fenced);
        }
        batch.units.iter().try_for_each(|unit| data.check(unit))?;
        clashes_within(batch)?;
        batch.units.iter().for_each(|unit| data.write(unit));
        Ok(())
    }

    async fn load(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<Option<Stored>, StorageError> {
        Ok(self.lock().instances.get(&instance).filter(|it| it.workspace == workspace).map(|it| {
            let after = it.snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
            Stored {
                workflow: it.created.workflow,
                version: it.created.version,
                snapshot: it.snapshot.clone(),
                journal: it.journal.iter().filter(|row| row.first_seq > after).cloned().collect(),
                quarantined: it
                    .incidents
                    .get(&QUARANTINE)
                    .is_some_and(|row| row.resolved_at.is_none() && row.code != Quarantine::Found.code()),
            }
        }))
    }

    async fn journal(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StorageError> {
        let data = self.lock();
        let rows = data
            .instances
            .get(&instance)
            .filter(|it| it.workspace == workspace)
            .map(|it| it.journal.as_slice())
            .unwrap_or_default();
        Ok(rows
            .iter()
            .filter(|row| row.first_seq + u64::from(row.count) > after_seq + 1)
            .take(limit as usize)
            .cloned()
            .collect())
    }

    async fn quarantine(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        cause: Quarantine,
        why: &str,
    ) -> Result<(), StorageError> {
        let now = self.time();
        if let Some(it) = self.lock().instances.get_mut(&instance).filter(|it| it.workspace == workspace) {
            it.quarantine(cause, why, now);
        }
        Ok(())
    }

    async fn end_quarantine(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<(), StorageError> {
        let now = self.time();
        if let Some(it) = self.lock().instances.get_mut(&instance).filter(|it| it.workspace == workspace) {
            it.end_quarantine(now);
        }
        Ok(())
    }

    async fn refresh_heads(&self, fence: Fence, heads: &[HeadRow]) -> Result<(), CommitError> {
        let mut data = self.lock();
        if !data.members.is_current(fence) {
            return Err(CommitError::Fenced);
        }
        for row in heads {
            if let Some(instance) = data.instances.get_mut(&row.instance).filter(|it| it.head.seq <= row.head.seq) {
                instance.head = row.head.clone();
            }
        }
        Ok(())
    }

    async fn runnable(
        &self,
        shards: &[u16],
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, InstanceId)>, StorageError> {
        let data = self.lock();
        let wanted = data.instances.iter().filter(|(id, it)| {
            it.head.runnable && shards.contains(&it.shard) && after.is_none_or(|after| **id > after)
        });
        Ok(wanted.take(limit as usize).map(|(&id, it)| (it.workspace, id)).collect())
    }

    async fn timers(&self, shards: &[u16], until: i64, limit: u32) -> Result<Vec<TimerRow>, StorageError> {
        let mut rows: Vec<TimerRow> = self
            .lock()
            .timers
            .values()
            .filter(|row| row.due <= until && shards.contains(&row.shard))
            .cloned()
            .collect();
        rows.sort_by_key(|row| (row.due, row.instance, row.number));
        rows.truncate(limit as usize);
        Ok(rows)
    }

    async fn activate_jobs(&self, activation: &Activation) -> Result<Vec<JobRow>, StorageError> {
        let now = self.time();
        let mut data = self.lock();
        let free = |row: &JobRow| {
            row.workspace == activation.workspace
                && !row.held
                && activation.types.iter().any(|wanted| **wanted == *row.job_type)
                && match row.state {
                    JobState::Ready => row.not_before <= now,
                    JobState::Leased => row.lease_until.is_none_or(|until| until <= now),
                }
        };
        let mut ids: Vec<(u8, i64, JobId)> = data
            .jobs
            .values()
            .filter(|row| free(row))
            .map(|row| (9 - row.priority.min(9), row.created_at, row.id))
            .collect();
        ids.sort_unstable();
        ids.truncate(activation.max as usize);
        let until = now + activation.lease_ms as i64;
        let mut given = Vec::with_capacity(ids.len());
        for ((_, _, id), &token) in ids.iter().zip(&activation.tokens) {
            if let Some(row) = data.jobs.get_mut(id) {
                row.state = JobState::Leased;
                row.attempt += 1;
                row.token = token;
                row.worker = Some(activation.worker.clone());
                row.lease_until = Some(until);
                given.push(row.clone());
            }
        }
        Ok(given)
    }

    async fn job(&self, workspace: WorkspaceId, job: JobId) -> Result<Option<JobRow>, StorageError> {
        Ok(self.lock().jobs.get(&job).filter(|row| row.workspace == workspace).cloned())
    }

    async fn heartbeat_job(
        &self,
        workspace: WorkspaceId,
        job: JobId,
        token: u64,
        lease_ms: u64,
    ) -> Result<Option<i64>, StorageError> {
        let until = self.time() + lease_ms as i64;
        let mut data = self.lock();
        let row = data
            .jobs
            .get_mut(&job)
            .filter(|row| row.workspace == workspace && row.token == token && row.state == JobState::Leased);
        Ok(row.map(|row| {
            row.lease_until = Some(until);
            until
        }))
    }

    async fn definition(&self, workspace: WorkspaceId, version: VersionId) -> Result<Option<String>, StorageError> {
        Ok(self.lock().definitions.get(&(workspace, version)).cloned())
    }

    async fn acquire(&self, server_name: &str) -> Result<Leased, StorageError> {
        let now = self.time();
        let data = &mut *self.lock();
        Ok(data.members.acquire(server_name, now, &data.positions))
    }

    async fn members(&self) -> Result<Vec<Member>, StorageError> {
        Ok(self.lock().members.list(self.time()))
    }

    async fn take(&self, fence: Fence, shards: &[u16]) -> Result<Vec<(u16, u64)>, StorageError> {
        let now = self.time();
        let data = &mut *self.lock();
        Ok(data.members.take(fence, shards, now, &data.positions))
    }

    async fn give(&self, fence: Fence, shards: &[u16]) -> Result<(), StorageError> {
        self.lock().members.give(fence, shards);
        Ok(())
    }

    async fn heartbeat(&self, fence: Fence) -> Result<bool, StorageError> {
        let now = self.time();
        Ok(self.lock().members.heartbeat(fence, now))
    }

    async fn release(&self, fence: Fence) -> Result<(), StorageError> {
        self.lock().members.release(fence);
        Ok(())
    }

    async fn now(&self) -> Result<i64, StorageError> {
        Ok(self.time())
    }

    async fn pauses(&self) -> Result<Vec<Pause>, StorageError> {
        Ok(self.lock().pauses.values().cloned().collect())
    }

    async fn settle_jobs(&self, paused: &[WorkflowId]) -> Result<(), StorageError> {
        let data = &mut *self.lock();
        for job in data.jobs.values_mut() {
            let instance = data.instances.get(&job.instance);
            let is_paused = |it: &Instance| it.head.status == InstanceStatus::Paused.as_str();
            // What undoes goes on while its instance is paused: only what is held already stays so.
            job.held = instance.is_some_and(|it| paused.contains(&it.created.workflow) || (job.held && is_paused(it)));
        }
        Ok(())
    }

    async fn let_job(&self, workspace: WorkspaceId, job: JobId) -> Result<(), StorageError> {
        let mut data = self.lock();
        if let Some(row) = data.jobs.get_mut(&job).filter(|row| row.workspace == workspace) {
            row.not_before = if row.not_before >= WAITS_FOR_PERMIT { row.created_at } else { row.not_before };
        }
        Ok(())
    }

    async fn inbox(&self, shards: &[u16], limit: u32) -> Result<Vec<Parcel>, StorageError> {
        Ok(self.lock().office.inbox(shards, limit))
    }

    async fn post(&self, parcel: &Parcel) -> Result<(), StorageError> {
        self.lock().office.parcels.entry(parcel.id).or_insert_with(|| parcel.clone());
        Ok(())
    }

    async fn settle(&self, fence: Fence, settlements: &[Settlement]) -> Result<(), CommitError> {
        let mut data = self.lock();
        if !data.members.is_current(fence) {
            return Err(CommitError::Fenced);
        }
        settlements.iter().for_each(|settlement| data.office.settle(settlement));
        Ok(())
    }

    async fn keep_books(&self, fence: Fence, asks: &[KeyAsk]) -> Result<(Vec<Verdict>, Vec<Parcel>), StorageError> {
        let now = self.time();
        Ok(self.lock().keep_books(fence, asks, now))
    }

    async fn key_wait(&self, _: WorkspaceId, holder: Holder) -> Result<Option<KeyWait>, StorageError> {
        Ok(self.lock().books.why(holder))
    }

    async fn key_holders(&self, shards: &[u16]) -> Result<Vec<(WorkspaceId, Holder)>, StorageError> {
        let data = self.lock();
        let known = data.books.known().into_iter().filter(|holder| shards.contains(&holder.instance().shard()));
        Ok(known.filter_map(|holder| Some((data.books.name_of(holder)?.workspace, holder))).collect())
    }

    async fn reply(&self, id: ParcelId) -> Result<Option<String>, StorageError> {
        Ok(self.lock().office.replies.get(&id).map(|reply| reply.content.clone()))
    }

    async fn publish(&self, message: &MessageRow, at_once: bool) -> Result<Published, StorageError> {
        let now = self.time();
        Ok(self.lock().office.publish(message, at_once, now))
    }

    async fn broadcast(&self, workspace: WorkspaceId, signal: &SignalRow) -> Result<u64, StorageError> {
        let now = self.time();
        Ok(self.lock().office.spread(workspace, signal, None, now))
    }

    async fn pair(
        &self,
        workspace: WorkspaceId,
        name: &Arc<str>,
        key: Option<&Arc<str>>,
    ) -> Result<Vec<Parcel>, StorageError> {
        let now = self.time();
        Ok(self.lock().office.pair((workspace, name, key), now))
    }

    async fn grant(&self, workspace: WorkspaceId, name: &Arc<str>) -> Result<Vec<Parcel>, StorageError> {
        let now = self.time();
        Ok(self.lock().office.grant(workspace, name, now))
    }

    async fn sweep(&self, _limit: u32) -> Result<Vec<Parcel>, StorageError> {
        let now = self.time();
        Ok(self.lock().office.sweep(now))
    }

    async fn resolve(
        &self,
        workspace: WorkspaceId,
        workflow: &str,
        version: &Value,
    ) -> Result<Option<Resolved>, StorageError> {
        let data = self.lock();
        let Some(versions) = data.workflows.get(&(workspace, workflow.to_owned())) else { return Ok(None) };
        Ok(match version {
            Value::Number(number) => {
                versions.iter().find(|it| Some(u64::from(it.version_number)) == number.as_u64()).cloned()
            }
            Value::String(word) if word == "latest" => versions.last().cloned(),
            // Labels are a matter of the database's tables.
            _ => None,
        })
    }
}
