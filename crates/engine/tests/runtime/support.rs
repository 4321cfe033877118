//! An engine on a memory storage whose commits a test can make fail.

use heddle_engine::kernel::Command;
use heddle_engine::runtime::{CommandRequest, Engine, EngineConfig, StartRequest};
use heddle_engine::storage::memory::MemoryStorage;
use heddle_engine::storage::{
    Activation, Batch, CommitError, Fence, JobRow, JournalRow, Leased, Member, MessageRow, Parcel, Published, Resolved,
    Settlement, SignalRow, Storage, StorageError, Stored, TimerRow,
};
use heddle_engine::tasks::{
    PureTask, Registry, Task, TaskError, TaskInfo, TaskOutput, TaskType, TimerTask, async_trait,
};
use heddle_model::ids::{InstanceId, JobId, ParcelId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::value::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId::from_u128(1);
pub(crate) const VERSION: VersionId = VersionId::from_u128(2);

pub(crate) const SEQUENCE: &str = "
name: sequence
nodes:
  - { id: start, type: start }
  - { id: one, type: echo, config: { value: 1 } }
  - { id: two, type: echo, config: { value: '${nodes.one.output + 1}' } }
  - { id: done, type: end }
edges:
  - { from: start, to: one }
  - { from: one, to: two }
  - { from: two, to: done }
outputs: { last: '${nodes.two.output}' }
";

struct Echo;
#[async_trait]
impl TaskType for Echo {
    fn info(&self) -> TaskInfo {
        TaskInfo { name: "echo", aliases: &[], schema: json!({}) }
    }
    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        match task.input.get("value") {
            Some(Value::String(word)) if word == "panic" => panic!("asked to"),
            Some(Value::String(word)) if word == "hang" => std::future::pending().await,
            value => Ok(TaskOutput::value(value.cloned().unwrap_or_default())),
        }
    }
}

struct Nap;
impl TimerTask for Nap {
    fn info(&self) -> TaskInfo {
        TaskInfo { name: "nap", aliases: &[], schema: json!({}) }
    }
    fn duration_ms(&self, input: &Value) -> Result<u64, TaskError> {
        Ok(input["ms"].as_u64().unwrap_or(0))
    }
}

struct Set;
impl PureTask for Set {
    fn info(&self) -> TaskInfo {
        TaskInfo { name: "set", aliases: &[], schema: json!({}) }
    }
    fn evaluate(&self, input: &Value) -> Result<TaskOutput, TaskError> {
        let variables = input
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (Arc::from(name.as_str()), Arc::new(value.clone())))
            .collect();
        Ok(TaskOutput { variables, ..TaskOutput::default() })
    }
}

/// What a commit is to do, in the order of the commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is written, and the caller knows.
    Transient,
    /// It is written, and the caller does not know.
    UnknownWritten,
    /// Nothing is written, and the caller does not know.
    UnknownLost,
}

/// Memory storage with faults.
#[derive(Clone, Default)]
pub(crate) struct Faulty {
    pub(crate) memory: MemoryStorage,
    pub(crate) faults: Arc<Mutex<Vec<Fault>>>,
    /// Batches with this instance are refused for good.
    pub(crate) poison: Arc<Mutex<Option<InstanceId>>>,
    pub(crate) commits: Arc<AtomicUsize>,
    pub(crate) largest: Arc<AtomicUsize>,
}

#[async_trait]
impl Storage for Faulty {
    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        // As a disk would: what comes meanwhile gathers.
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.largest.fetch_max(batch.units.len(), Ordering::SeqCst);
        let poison = *self.poison.lock().unwrap();
        if batch.units.iter().any(|unit| Some(unit.instance) == poison) {
            return Err(CommitError::Fatal("a row that the database refuses".to_owned()));
        }
        let fault = self.faults.lock().unwrap().pop();
        match fault {
            None => self.memory.commit(batch).await,
            Some(Fault::Transient) => Err(CommitError::Transient("down".to_owned())),
            Some(Fault::UnknownLost) => Err(CommitError::Unknown("cut".to_owned())),
            Some(Fault::UnknownWritten) => {
                self.memory.commit(batch).await?;
                Err(CommitError::Unknown("cut".to_owned()))
            }
        }
    }
    async fn load(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<Option<Stored>, StorageError> {
        self.memory.load(workspace, instance).await
    }
    async fn journal(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StorageError> {
        self.memory.journal(workspace, instance, after_seq, limit).await
    }
    async fn heads(&self, instances: &[InstanceId]) -> Result<Vec<Option<u64>>, StorageError> {
        self.memory.heads(instances).await
    }
    async fn runnable(
        &self,
        shards: &[u16],
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, InstanceId)>, StorageError> {
        self.memory.runnable(shards, after, limit).await
    }
    async fn timers(&self, shards: &[u16], until: i64, limit: u32) -> Result<Vec<TimerRow>, StorageError> {
        self.memory.timers(shards, until, limit).await
    }
    async fn activate_jobs(&self, activation: &Activation) -> Result<Vec<JobRow>, StorageError> {
        self.memory.activate_jobs(activation).await
    }
    async fn job(&self, workspace: WorkspaceId, job: JobId) -> Result<Option<JobRow>, StorageError> {
        self.memory.job(workspace, job).await
    }
    async fn heartbeat_job(
        &self,
        workspace: WorkspaceId,
        job: JobId,
        token: u64,
        lease_ms: u64,
    ) -> Result<Option<i64>, StorageError> {
        self.memory.heartbeat_job(workspace, job, token, lease_ms).await
    }
    async fn definition(&self, workspace: WorkspaceId, version: VersionId) -> Result<Option<String>, StorageError> {
        self.memory.definition(workspace, version).await
    }
    async fn acquire(&self, server_name: &str) -> Result<Leased, StorageError> {
        self.memory.acquire(server_name).await
    }
    async fn heartbeat(&self, fence: Fence) -> Result<bool, StorageError> {
        self.memory.heartbeat(fence).await
    }
    async fn release(&self, fence: Fence) -> Result<(), StorageError> {
        self.memory.release(fence).await
    }
    async fn now(&self) -> Result<i64, StorageError> {
        self.memory.now().await
    }
    async fn members(&self) -> Result<Vec<Member>, StorageError> {
        self.memory.members().await
    }
    async fn take(&self, fence: Fence, shards: &[u16]) -> Result<Vec<(u16, u64)>, StorageError> {
        self.memory.take(fence, shards).await
    }
    async fn give(&self, fence: Fence, shards: &[u16]) -> Result<(), StorageError> {
        self.memory.give(fence, shards).await
    }
    async fn inbox(&self, shards: &[u16], limit: u32) -> Result<Vec<Parcel>, StorageError> {
        self.memory.inbox(shards, limit).await
    }
    async fn post(&self, parcel: &Parcel) -> Result<(), StorageError> {
        self.memory.post(parcel).await
    }
    async fn settle(&self, fence: Fence, settlements: &[Settlement]) -> Result<(), CommitError> {
        self.memory.settle(fence, settlements).await
    }
    async fn reply(&self, id: ParcelId) -> Result<Option<String>, StorageError> {
        self.memory.reply(id).await
    }
    async fn publish(&self, message: &MessageRow, at_once: bool) -> Result<Published, StorageError> {
        self.memory.publish(message, at_once).await
    }
    async fn broadcast(&self, workspace: WorkspaceId, signal: &SignalRow) -> Result<u64, StorageError> {
        self.memory.broadcast(workspace, signal).await
    }
    async fn pair(
        &self,
        workspace: WorkspaceId,
        name: &Arc<str>,
        key: Option<&Arc<str>>,
    ) -> Result<Vec<Parcel>, StorageError> {
        self.memory.pair(workspace, name, key).await
    }
    async fn grant(&self, workspace: WorkspaceId, name: &Arc<str>) -> Result<Vec<Parcel>, StorageError> {
        self.memory.grant(workspace, name).await
    }
    async fn sweep(&self, limit: u32) -> Result<Vec<Parcel>, StorageError> {
        self.memory.sweep(limit).await
    }
    async fn resolve(
        &self,
        workspace: WorkspaceId,
        workflow: &str,
        version: &Value,
    ) -> Result<Option<Resolved>, StorageError> {
        self.memory.resolve(workspace, workflow, version).await
    }
}

pub(crate) fn storage(yaml: &str) -> Faulty {
    let parsed = heddle_model::format::parse(yaml, heddle_model::format::Format::Yaml);
    assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
    let faulty = Faulty::default();
    faulty.memory.define(WORKSPACE, VERSION, heddle_model::format::to_json(&parsed.definition.unwrap()).to_string());
    faulty
}

/// Makes another workflow known, by the name in its text: its version has this number as its id.
pub(crate) fn define(storage: &Faulty, id: u128, yaml: &str) {
    let parsed = heddle_model::format::parse(yaml, heddle_model::format::Format::Yaml);
    assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
    let definition = parsed.definition.unwrap();
    let version = VersionId::from_u128(id);
    storage.memory.define(WORKSPACE, version, heddle_model::format::to_json(&definition).to_string());
    let resolved = Resolved { workflow: WorkflowId::from_u128(id), version, version_number: 1 };
    storage.memory.name(WORKSPACE, &definition.name, resolved);
}

pub(crate) async fn engine(storage: &Faulty) -> Engine {
    named(storage, "heddle").await
}

/// A server of this name.
pub(crate) async fn named(storage: &Faulty, name: &str) -> Engine {
    let mut registry = Registry::default();
    registry.register(Echo).unwrap();
    registry.register_timer(Nap).unwrap();
    registry.register_pure(Set).unwrap();
    let config = EngineConfig { server_name: name.to_owned(), ..EngineConfig::default() };
    Engine::start(Arc::new(storage.clone()), registry, config).await.unwrap()
}

pub(crate) fn start(engine: &Engine, input: Value, wait_ms: u64) -> StartRequest {
    StartRequest {
        workspace: WORKSPACE,
        workflow: WorkflowId::from_u128(9),
        version: VERSION,
        version_number: 1,
        instance: engine.new_instance_id(),
        input,
        business_key: None,
        unique_business_key: false,
        priority: None,
        start_at: None,
        actor: "usr_test".into(),
        idempotency: None,
        test: false,
        wait: (wait_ms > 0).then(|| Duration::from_millis(wait_ms)),
    }
}

pub(crate) fn wish(command: Command) -> CommandRequest {
    CommandRequest { command, actor: "usr_test".into(), expected_seq: None, dry_run: false }
}
