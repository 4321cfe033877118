//! Task types: what a node of kind task can do, by name. A task knows nothing of instances, storage or the cluster.
//!
//! The types themselves live in `heddle-tasks`, one file each; the server registers them at start.

mod error;
pub(crate) mod registry;

pub use error::{ErrorClass, TaskError};
pub use registry::{Registry, RegistryError};

pub use async_trait::async_trait;
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::value::{Shared, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What everybody may know about a task type.
#[derive(Debug, Clone)]
pub struct TaskInfo {
    /// The name in definitions.
    pub name: &'static str,
    /// Other names for the same.
    pub aliases: &'static [&'static str],
    /// JSON Schema of the config; titles and descriptions in English, `x-title-zh` and `x-description-zh` in Chinese.
    pub schema: Value,
}

/// Time limit of an attempt where neither the node nor its type names one: a hang must end.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// One attempt, as a task type sees it.
#[derive(Debug, Clone)]
pub struct Task {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The instance; for log lines only.
    pub instance: InstanceId,
    /// The node's id; for log lines only.
    pub node: Arc<str>,
    /// Equal on every attempt of the same logical task.
    pub key: String,
    /// 1 for the first.
    pub attempt: u32,
    /// The evaluated config.
    pub input: Shared,
    /// Cancelled when nobody wants the result any more.
    pub cancelled: CancellationToken,
}

/// What a task gives back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TaskOutput {
    /// The node's output.
    pub output: Shared,
    /// Variables it writes.
    pub variables: Vec<(Arc<str>, Shared)>,
    /// Lines for the instance's log: level and message.
    pub logs: Vec<(Arc<str>, String)>,
}

impl TaskOutput {
    /// An output and nothing else.
    pub fn value(output: impl Into<Shared>) -> Self {
        Self { output: output.into(), ..Self::default() }
    }
}

/// A task type that acts: it runs outside any transaction, at least once.
#[async_trait]
pub trait TaskType: Send + Sync + 'static {
    /// Name, schema, limits.
    fn info(&self) -> TaskInfo;
    /// How many may run at a time in one server; asked for each attempt.
    fn slots(&self) -> Option<usize> {
        None
    }
    /// Time limit of an attempt where the node names none; asked for each attempt.
    fn default_timeout(&self) -> Duration {
        DEFAULT_TIMEOUT
    }
    /// Does the work. Panics are caught and become system errors; a hang ends at the timeout.
    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError>;
}

/// A task type that only computes: same config, same result. It runs inside the commit and is never dispatched.
pub trait PureTask: Send + Sync + 'static {
    /// Name, schema.
    fn info(&self) -> TaskInfo;
    /// Computes. No clock, no randomness, no I/O.
    fn evaluate(&self, input: &Value) -> Result<TaskOutput, TaskError>;
}

/// What a task type of its own sends, in the commit of its instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Who gets it.
    pub to: Audience,
    /// Its name.
    pub name: Arc<str>,
    /// What it carries.
    pub payload: Shared,
}

/// Who gets what a task sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// One receiver: a message.
    One {
        /// The correlation key.
        key: Option<Arc<str>>,
        /// How many milliseconds it may wait for its receiver; `None`: as long as messages do.
        ttl_ms: Option<u64>,
    },
    /// All who wait now: a signal.
    All,
}

/// A task type that only sends: what it sends goes out with the commit that completes its node, and so exactly once. It is never
/// dispatched.
pub trait SendTask: Send + Sync + 'static {
    /// Name, schema.
    fn info(&self) -> TaskInfo;
    /// What is sent, by the evaluated config.
    fn publication(&self, input: &Value) -> Result<Publication, TaskError>;
}

/// A task type that only waits: it becomes a timer and holds no worker slot.
pub trait TimerTask: Send + Sync + 'static {
    /// Name, schema.
    fn info(&self) -> TaskInfo;
    /// How long to wait, in milliseconds, by the evaluated config.
    fn duration_ms(&self, input: &Value) -> Result<u64, TaskError>;
}
