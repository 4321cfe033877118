//! An engine on a memory storage whose commits a test can make fail.

use super::wrapped::{Around, Doing, Wrapped};
use heddle_engine::kernel::Command;
use heddle_engine::runtime::{CommandRequest, Engine, EngineConfig, StartRequest};
use heddle_engine::storage::memory::MemoryStorage;
use heddle_engine::storage::{Batch, CommitError, Resolved, StorageError, Unit};
use heddle_engine::tasks::{
    Audience, Publication, PureTask, Registry, SendTask, Task, TaskError, TaskInfo, TaskOutput, TaskType, TimerTask,
    async_trait,
};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId};
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

struct Tell;
impl SendTask for Tell {
    fn info(&self) -> TaskInfo {
        TaskInfo { name: "tell", aliases: &[], schema: json!({}) }
    }
    fn publication(&self, input: &Value) -> Result<Publication, TaskError> {
        let text = |key: &str| input[key].as_str().unwrap_or_default().into();
        let to = Audience::One { key: Some(text("key")), ttl_ms: None };
        Ok(Publication { to, name: text("message"), payload: Arc::new(input["payload"].clone()) })
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

/// What a test does to commits.
#[derive(Default)]
pub(crate) struct Faults {
    pub(crate) faults: Mutex<Vec<Fault>>,
    /// Batches with this instance are refused for good.
    pub(crate) poison: Mutex<Option<InstanceId>>,
    /// Units whose events hold this text are what the database never takes.
    pub(crate) untakable: Mutex<Option<&'static str>>,
    /// The same, of units that make an instance which is called.
    pub(crate) made_untakable: Mutex<Option<&'static str>>,
    pub(crate) commits: AtomicUsize,
    pub(crate) largest: AtomicUsize,
}

/// Memory storage with faults.
pub(crate) type Faulty = Wrapped<Faults>;

impl Around for Faults {
    async fn commit(&self, batch: Arc<Batch>, doing: Doing<(), CommitError>) -> Result<(), CommitError> {
        // As a disk would: what comes meanwhile gathers.
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.largest.fetch_max(batch.units.len(), Ordering::SeqCst);
        let poison = *self.poison.lock().unwrap();
        if batch.units.iter().any(|unit| Some(unit.instance) == poison) {
            return Err(CommitError::Fatal("a row that the database refuses".to_owned()));
        }
        let untakable = *self.untakable.lock().unwrap();
        let made = *self.made_untakable.lock().unwrap();
        let holds = |unit: &Unit| {
            let text = String::from_utf8_lossy(&unit.journal.events);
            let is_called = unit.created.as_ref().is_some_and(|created| created.parent.is_some());
            untakable.is_some_and(|no| text.contains(no)) || (is_called && made.is_some_and(|no| text.contains(no)))
        };
        if batch.units.iter().any(holds) {
            return Err(CommitError::Refused("a value that no column takes".to_owned()));
        }
        let fault = self.faults.lock().unwrap().pop();
        match fault {
            None => doing.await,
            Some(Fault::Transient) => Err(CommitError::Transient("down".to_owned())),
            Some(Fault::UnknownLost) => Err(CommitError::Unknown("cut".to_owned())),
            Some(Fault::UnknownWritten) => {
                doing.await?;
                Err(CommitError::Unknown("cut".to_owned()))
            }
        }
    }

    async fn call<T: Clone + std::fmt::Debug + Send + 'static>(
        &self,
        _: &'static str,
        doing: Doing<T, StorageError>,
    ) -> Result<T, StorageError> {
        doing.await
    }
}

pub(crate) fn storage(yaml: &str) -> Faulty {
    let parsed = heddle_model::format::parse(yaml, heddle_model::format::Format::Yaml);
    assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
    let faulty = Faulty { memory: MemoryStorage::default(), around: Arc::default() };
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
    engine_with(storage, EngineConfig { server_name: name.to_owned(), ..EngineConfig::default() }).await
}

pub(crate) async fn engine_with(storage: &Faulty, config: EngineConfig) -> Engine {
    let mut registry = Registry::default();
    registry.register(Echo).unwrap();
    registry.register_timer(Nap).unwrap();
    registry.register_pure(Set).unwrap();
    registry.register_send(Tell).unwrap();
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
    CommandRequest { command, actor: "usr_test".into(), expected_seq: None, dry_run: false, idempotency: None }
}
