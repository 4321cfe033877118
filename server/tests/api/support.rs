//! One server per database for all tests; each test brings workflows of its own names.

use anyhow::Result;
use heddle_testkit::{Client, Database, Heddle, HeddleProcess, Postgres};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

pub const ADMIN: &str = "admin";
pub const PASSWORD: &str = "tulip-harbour-quantum-7";

/// A running server.
pub struct World {
    pub process: HeddleProcess,
    plan: Heddle,
    token: String,
    _dir: TempDir,
    database: Option<Database>,
}

pub fn sqlite() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(None).expect("a server on SQLite"))
}

pub fn postgres() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let database = Postgres::shared().and_then(Postgres::database).expect("a PostgreSQL database");
        World::start(Some(database)).expect("a server on PostgreSQL")
    })
}

/// A server description with nothing in its database yet.
pub fn fresh(dir: &TempDir) -> Result<Heddle> {
    Ok(Heddle::new(dir.path())?.binary(Path::new(env!("CARGO_BIN_EXE_heddle"))))
}

impl World {
    fn start(database: Option<Database>) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let mut plan = fresh(&dir)?.admin(ADMIN, PASSWORD);
        if let Some(database) = &database {
            plan = plan.database_url(&database.url);
        }
        let starting = plan.clone();
        // Tests have a runtime each; this server outlives them all.
        let started = std::thread::spawn(move || {
            tokio::runtime::Runtime::new()?.block_on(async {
                let process = starting.start().await?;
                let token = token(&process.client()?, ADMIN, PASSWORD, None).await?;
                anyhow::Ok((process, token))
            })
        });
        let (process, token) = started.join().expect("no panic")?;
        Ok(Self { process, plan, token, _dir: dir, database })
    }

    /// The PostgreSQL server and the name of the database, where it is one.
    pub fn postgres(&self) -> Option<(&'static Postgres, &str)> {
        let database = self.database.as_ref()?;
        Some((Postgres::shared().ok()?, &database.name))
    }

    /// Nobody.
    pub fn stranger(&self) -> Client {
        self.process.client().expect("a client")
    }

    /// The first administrator.
    pub fn admin(&self) -> Client {
        self.stranger().with_token(&self.token)
    }

    /// The first administrator's bearer token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Runs a subcommand beside the running server.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        let output = self.plan.command(arguments).env("HEDDLE_USER_PASSWORD", PASSWORD).output()?;
        anyhow::ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs the program beside the running server with these variables, to whatever end.
    pub fn program(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Result<std::process::Output> {
        let variables = variables.iter().copied();
        Ok(self.plan.command(arguments).env_remove("HEDDLE_USER_PASSWORD").envs(variables).output()?)
    }

    /// The same, signed in as the first administrator.
    pub fn as_admin(&self, arguments: &[&str]) -> Result<std::process::Output> {
        self.program(arguments, &[("HEDDLE_USER", ADMIN), ("HEDDLE_USER_PASSWORD", PASSWORD)])
    }

    /// Somebody with this role in this workspace.
    pub async fn somebody(&self, workspace: &str, role: &str) -> Result<Client> {
        let name = unique(role);
        self.command(&["admin", "user", "add", &name, "--workspace", workspace, "--role", role])?;
        let token = token(&self.stranger(), &name, PASSWORD, Some(workspace)).await?;
        Ok(self.stranger().with_token(&token))
    }
}

async fn token(client: &Client, user: &str, password: &str, workspace: Option<&str>) -> Result<String> {
    let mut form = vec![("grant_type", "password"), ("username", user), ("password", password)];
    form.extend(workspace.map(|workspace| ("workspace", workspace)));
    let request = client.request(reqwest::Method::POST, "/api/v1/auth/token").form(&form);
    let answer = client.send(request).await?.expect_status(200)?;
    Ok(answer["access_token"].as_str().expect("a token").to_owned())
}

/// A name that no other test has.
pub fn unique(stem: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{stem}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The short-form example of the language's docs, byte for byte.
pub const EXAMPLE: &str = "name: 示例流程\nversion: 1.0\nstart:\n  type: task\n  name: 开始任务\n  next: 判断条件\ntasks:\n  - name: 判断条件\n    type: decision\n    condition: ${variable > 10}\n    true: 任务A\n    false: 任务B\n  - name: 任务A\n    type: task\n    action: doTaskA\n    next: 结束任务\n  - name: 任务B\n    type: task\n    action: doTaskB\n    next: 结束任务\n  - name: 结束任务\n    type: end\n";

/// One pure step between start and end.
pub fn one_step(name: &str) -> Value {
    json!({
        "name": name,
        "nodes": [{"id": "start", "type": "start"}, {"id": "say", "type": "transform", "config": {"value": "${input}"}}, {"id": "end", "type": "end"}],
        "edges": [{"from": "start", "to": "say"}, {"from": "say", "to": "end"}]
    })
}

/// One job of this type between start and end.
pub fn one_job(name: &str, action: &str) -> Value {
    json!({
        "name": name,
        "nodes": [{"id": "start", "type": "start"}, {"id": "工作", "type": "task", "action": action}, {"id": "end", "type": "end"}],
        "edges": [{"from": "start", "to": "工作"}, {"from": "工作", "to": "end"}]
    })
}

/// Makes a workflow.
pub async fn make(client: &Client, definition: &Value) -> Result<Value> {
    client.post("/api/v1/workflows", definition).await?.expect_status(201)
}

/// The status of the node with this id.
pub fn node_status(instance: &Value, id: &str) -> String {
    let nodes = instance["nodes"].as_array().expect("nodes");
    let node = nodes.iter().find(|node| node["node_id"] == id).expect("the node");
    node["status"].as_str().expect("a status").to_owned()
}

/// Each function as a test on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() -> anyhow::Result<()> { super::$name(crate::support::sqlite()).await })*
        }
        mod postgres {
            $(#[tokio::test] async fn $name() -> anyhow::Result<()> { super::$name(crate::support::postgres()).await })*
        }
    };
}
pub(crate) use on_both;
