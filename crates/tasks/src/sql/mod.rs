//! `sql`: one statement against a database that an operator has named. Values are bound, never put into the text; every statement
//! has a connection and a transaction of its own, so that nothing of it outlives it.

mod error;
mod postgres;
mod postgres_value;
mod rows;
mod sqlite;

pub use error::*;

use crate::config::{info, invalid, is_open_to, max_bytes, read, until_cancelled};
use crate::secret::Secret;
use async_trait::async_trait;
use heddle_engine::tasks::{ErrorClass, Task, TaskError, TaskInfo, TaskOutput, TaskType};
use heddle_model::ids::WorkspaceId;
use heddle_model::limits;
use heddle_model::value::Value;
use rows::Rows;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The operator's settings of the `sql` task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SqlConfig {
    /// The databases that statements may name. None: `sql` is off.
    pub sources: BTreeMap<String, SourceConfig>,
    /// Statements that may run at a time; absent: `limits::SQL_SLOTS`.
    pub slots: Option<usize>,
}

/// A database that statements may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// `postgres://user:password@host/database` or `sqlite:///path/file.db`.
    pub url: Secret,
    /// Whether statements may only read; they may unless this says `false`.
    #[serde(default = "yes")]
    pub read_only: bool,
    /// Workspaces whose workflows may use it; none named: all.
    #[serde(default)]
    pub workspaces: Vec<WorkspaceId>,
}

const fn yes() -> bool {
    true
}

/// A data source that cannot be understood. Its address is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the address of the data source `{0}` is neither postgres://user:password@host/database nor sqlite:///path/file.db"
)]
pub struct SourceError(String);

/// The `sql` task.
pub struct Sql {
    sources: BTreeMap<String, Source>,
    slots: usize,
}

struct Source {
    kind: Kind,
    read_only: bool,
    workspaces: Vec<WorkspaceId>,
}

enum Kind {
    Postgres(Box<tokio_postgres::Config>),
    Sqlite(PathBuf),
}

/// A statement and what bounds it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SqlTask {
    source: String,
    query: String,
    #[serde(default)]
    params: Vec<Value>,
    max_rows: Option<usize>,
    max_bytes: Option<usize>,
}

impl Sql {
    /// The task with an operator's settings.
    ///
    /// # Errors
    /// A data source whose address cannot be understood.
    pub fn new(config: &SqlConfig) -> Result<Self, SourceError> {
        let source = |(name, config): (&String, &SourceConfig)| {
            let kind = Kind::parse(config.url.reveal()).ok_or_else(|| SourceError(name.clone()))?;
            Ok((name.clone(), Source { kind, read_only: config.read_only, workspaces: config.workspaces.clone() }))
        };
        let sources = config.sources.iter().map(source).collect::<Result<_, _>>()?;
        Ok(Self { sources, slots: config.slots.unwrap_or(limits::SQL_SLOTS).max(1) })
    }

    async fn call(&self, task: &Task) -> Result<TaskOutput, TaskError> {
        let config: SqlTask = read(&task.input)?;
        // One answer for a source that is missing and for one that is not for this workspace.
        let source = self.sources.get(&config.source).filter(|source| is_open_to(&source.workspaces, task.workspace));
        let source = source.ok_or_else(|| {
            let message = format!(
                "there is no data source `{}`; an operator names one as `[tasks.sql.sources.{0}]`",
                config.source
            );
            TaskError::new(ErrorClass::Business, SQL_NO_SOURCE, message).permanent()
        })?;
        if config.query.trim().is_empty() {
            return Err(invalid("`query` is empty"));
        }
        let most_rows = config.max_rows.unwrap_or(limits::SQL_ROWS_DEFAULT);
        if most_rows > limits::SQL_ROWS {
            return Err(invalid(format!("`max_rows` is {most_rows}; it may be at most {}", limits::SQL_ROWS)));
        }
        let most = max_bytes(config.max_bytes, limits::SQL_BYTES_DEFAULT, limits::SQL_BYTES)?;
        let rows = Rows::new(most_rows, most);
        let output = match &source.kind {
            Kind::Postgres(at) => postgres::run(at, source.read_only, &config, rows).await?,
            Kind::Sqlite(path) => sqlite::run(path, source.read_only, config, rows).await?,
        };
        Ok(TaskOutput::value(output))
    }
}

impl Kind {
    fn parse(url: &str) -> Option<Self> {
        if let Some(rest) = url.strip_prefix("sqlite://") {
            let path = rest.split('?').next().unwrap_or_default();
            return (!path.is_empty() && !path.contains(":memory:")).then(|| Self::Sqlite(PathBuf::from(path)));
        }
        (url.starts_with("postgres://") || url.starts_with("postgresql://"))
            .then(|| postgres::config(url))?
            .map(|config| Self::Postgres(Box::new(config)))
    }
}

#[async_trait]
impl TaskType for Sql {
    fn info(&self) -> TaskInfo {
        info("sql")
    }

    fn slots(&self) -> Option<usize> {
        Some(self.slots)
    }

    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        until_cancelled(&task, self.call(&task)).await
    }
}
