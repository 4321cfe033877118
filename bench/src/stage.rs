//! A server that a survey measures, with a database of its own that may be looked into and filled.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use heddle_testkit::{Client, Database, Heddle, HeddleProcess, Postgres};
use serde_json::{Value, json};

use crate::Databases;
use crate::figures::Place;

pub(crate) const USER: &str = "bench";
pub(crate) const PASSWORD: &str = "a password for the benchmark only";
/// All servers of one database share it.
const SECRET: &str = "6f1c0d2b7e3a49586f1c0d2b7e3a49586f1c0d2b7e3a49586f1c0d2b7e3a4958";

/// A database with one or more servers on it; all are gone when it is dropped.
pub(crate) struct Stage<'a> {
    pub(crate) place: Place,
    database: Storage<'a>,
    files: tempfile::TempDir,
    pub(crate) servers: Vec<HeddleProcess>,
    /// How servers that were stopped are started again.
    stopped: Vec<Heddle>,
    /// How the first one was started.
    first: Option<Heddle>,
}

enum Storage<'a> {
    Postgres(&'a Postgres, Database),
    Sqlite(PathBuf),
}

impl<'a> Stage<'a> {
    /// An empty database with so many servers on it.
    pub(crate) async fn start(databases: &'a Databases, servers: usize) -> Result<Self> {
        let files = tempfile::Builder::new().prefix("heddle-bench-").tempdir()?;
        let (place, database) = match databases {
            Databases::Postgres(server) => (Place::Postgres, Storage::Postgres(server, server.database()?)),
            Databases::Sqlite(_) => (Place::Sqlite, Storage::Sqlite(files.path().join("heddle.db"))),
        };
        let mut stage = Self { place, database, files, servers: Vec::new(), stopped: Vec::new(), first: None };
        for number in 0..servers {
            let plan = stage.plan(number)?;
            stage.first.get_or_insert_with(|| plan.clone());
            stage.servers.push(plan.start().await?);
        }
        if servers > 1 {
            stage.share().await?;
        }
        Ok(stage)
    }

    fn plan(&self, number: usize) -> Result<Heddle> {
        let home = self.files.path().join(format!("server-{number}"));
        std::fs::create_dir(&home)?;
        let plan = Heddle::new(&home)?.admin(USER, PASSWORD).env("HEDDLE_LOG", "warn");
        let plan = plan.env("HEDDLE_SECRET_KEY", SECRET).env("HEDDLE_NODE_NAME", &format!("server-{number}"));
        Ok(match &self.database {
            Storage::Postgres(_, database) => plan.database_url(&database.url),
            Storage::Sqlite(file) => plan.database_url(&format!("sqlite://{}?mode=rwc", file.display())),
        })
    }

    /// Waits until no server owns more than its share: the first one gave shards up to those that came later.
    async fn share(&self) -> Result<()> {
        let most = (256 * 3) / (2 * self.servers.len());
        heddle_testkit::until("the servers to share the shards", Duration::from_secs(60), || async {
            let shares =
                self.sql("SELECT count(*) FROM shard_lease WHERE server_name IS NOT NULL GROUP BY server_name").ok()?;
            let shares: Vec<usize> = shares.lines().filter_map(|line| line.trim().parse().ok()).collect();
            (shares.len() == self.servers.len() && shares.iter().all(|&share| share <= most)).then_some(())
        })
        .await
    }

    /// A caller of each server, freshly signed in: a token holds for minutes only.
    pub(crate) async fn doors(&self) -> Result<Vec<Client>> {
        let mut doors = Vec::new();
        for server in &self.servers {
            doors.push(server.client()?.sign_in(USER, PASSWORD).await?);
        }
        Ok(doors)
    }

    /// A caller of the first server.
    pub(crate) async fn door(&self) -> Result<Client> {
        let server = self.servers.first().context("no server runs")?;
        server.client()?.sign_in(USER, PASSWORD).await
    }

    /// Callers of the first server who are viewers, each another person.
    pub(crate) async fn viewers(&self, count: usize) -> Result<Vec<Client>> {
        let plan = self.first.as_ref().context("no server runs")?;
        let server = self.servers.first().context("no server runs")?;
        let mut viewers = Vec::new();
        for number in 0..count {
            let name = format!("viewer-{number}");
            let arguments = ["admin", "user", "add", &name, "--workspace", "default", "--role", "viewer"];
            let output = plan.command(&arguments).env("HEDDLE_USER_PASSWORD", PASSWORD).output()?;
            ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            viewers.push(server.client()?.sign_in(&name, PASSWORD).await?);
        }
        Ok(viewers)
    }

    /// Where the first server's sockets are.
    pub(crate) fn socket_url(&self, path: &str) -> Result<String> {
        let server = self.servers.first().context("no server runs")?;
        Ok(format!("{}{path}", server.base_url().replacen("http", "ws", 1)))
    }

    /// The first server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.servers.first().map_or(0, HeddleProcess::pid)
    }

    /// Stores a workflow.
    pub(crate) async fn store(&self, definition: &Value) -> Result<()> {
        let answer = self.door().await?.post("/api/v1/workflows", definition).await?;
        answer.expect_status(201).with_context(|| format!("storing {}", definition["name"])).map(drop)
    }

    /// `kill -9` of every server.
    pub(crate) fn kill(&mut self) -> Result<()> {
        for server in self.servers.drain(..) {
            self.stopped.push(server.kill()?);
        }
        Ok(())
    }

    /// Starts those that were killed; when the first of them was spawned.
    pub(crate) async fn revive(&mut self) -> Result<Instant> {
        let begun = Instant::now();
        for plan in self.stopped.drain(..) {
            self.servers.push(plan.start().await?);
        }
        Ok(begun)
    }

    /// Runs SQL; rows come as lines, columns parted by `|`.
    pub(crate) fn sql(&self, text: &str) -> Result<String> {
        match &self.database {
            Storage::Postgres(server, database) => server.sql(&database.name, text),
            Storage::Sqlite(file) => on_sqlite(file, text),
        }
    }

    /// Processor time of all servers.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        self.servers.iter().map(|server| crate::process::cpu(server.pid())).sum()
    }

    /// Bytes of the journal's events, and how many rows hold them.
    pub(crate) fn journal(&self) -> Result<(f64, f64)> {
        let text = self.sql("SELECT coalesce(sum(length(events)), 0), count(*) FROM journal")?;
        let (bytes, rows) = text.trim().split_once('|').context("two columns")?;
        Ok((bytes.parse()?, rows.parse()?))
    }

    /// Tells the database about what was put into it.
    pub(crate) fn analyze(&self) -> Result<()> {
        self.sql(if self.place == Place::Postgres { "VACUUM ANALYZE" } else { "ANALYZE" }).map(drop)
    }

    /// How many instances of a workflow are in a status.
    pub(crate) fn count(&self, workflow: &str, status: &str) -> Result<u64> {
        let text = self.sql(&format!(
            "SELECT count(*) FROM workflow_instance i JOIN workflow w ON w.id = i.workflow_id WHERE w.name = '{workflow}' AND i.status = '{status}'"
        ))?;
        text.trim().parse().context("a count")
    }
}

fn on_sqlite(file: &std::path::Path, text: &str) -> Result<String> {
    let connection = rusqlite::Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(60))?;
    let mut statement = connection.prepare(text)?;
    if statement.column_count() == 0 {
        statement.execute([])?;
        return Ok(String::new());
    }
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut lines = String::new();
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            let cell = match row.get_ref(column)? {
                rusqlite::types::ValueRef::Null => String::new(),
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                rusqlite::types::ValueRef::Real(number) => number.to_string(),
                rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                rusqlite::types::ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            };
            if column > 0 {
                lines.push('|');
            }
            lines.push_str(&cell);
        }
        lines.push('\n');
    }
    Ok(lines)
}

/// The definition of a workflow out of its parts; `edges` are pairs of ids, or objects with conditions.
pub(crate) fn workflow(name: &str, nodes: Vec<Value>, edges: Vec<Value>) -> Value {
    json!({ "apiVersion": "heddle/v1", "name": name, "nodes": nodes, "edges": edges })
}
