//! Several servers on one database.

use std::time::Duration;

use anyhow::{Context, Result};
use heddle_testkit::{Client, Database, Heddle, HeddleProcess, TempSqlite, until};
use serde_json::Value;

use crate::{account, round};

/// How long servers may take to share the shards among themselves.
const SHARED: Duration = Duration::from_secs(30);

/// A server of a cluster, and the folder that is its own.
pub struct Node {
    /// The process.
    pub server: HeddleProcess,
    /// The administrator's client there.
    pub client: Client,
    files: TempSqlite,
}

/// The key that all servers of a database share.
const SECRET: &str = "6f1c0d2b7e3a49586f1c0d2b7e3a49586f1c0d2b7e3a49586f1c0d2b7e3a4958";

impl Node {
    /// Starts a server of this name; it is ready when it owns its share.
    pub async fn start(database: &Database, name: &str) -> Result<Self> {
        let files = TempSqlite::new()?;
        let plan = account::plan(files.dir())?
            .database_url(&database.url)
            .env("HEDDLE_NODE_NAME", name)
            .env("HEDDLE_SECRET_KEY", SECRET)
            .env("HEDDLE_LOG", "warn,heddle_engine=info");
        Self::of(plan, files).await
    }

    async fn of(plan: Heddle, files: TempSqlite) -> Result<Self> {
        let server = plan.start().await?;
        let client = round::sign_in(&server).await?;
        Ok(Self { server, client, files })
    }

    /// kill -9, and the same server again.
    pub async fn kill_and_start(self) -> Result<Self> {
        let Self { server, files, .. } = self;
        Self::of(server.kill()?, files).await.context("starting again after the kill")
    }

    /// kill -9; the folder goes too.
    pub fn kill(self) -> Result<()> {
        self.server.kill().map(drop)
    }
}

/// Waits until an instance that was started on another server answers here, whoever owns it by then; gives how long that took.
pub async fn takes_over(client: &Client, instance: &str) -> Result<Duration> {
    let begun = std::time::Instant::now();
    let path = format!("/api/v1/workflow-instances/{instance}/variables");
    until("another server to take over", SHARED, || async {
        let patch = client.request(reqwest::Method::PATCH, &path).json(&serde_json::json!({ "seen": true }));
        client.send(patch).await.ok().filter(|reply| reply.status.is_success())
    })
    .await?;
    Ok(begun.elapsed())
}

/// The sequence numbers of an instance's events: 1, 2, 3… where none is missing and none comes twice.
pub async fn sequence(client: &Client, instance: &str) -> Result<Vec<u64>> {
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/api/v1/workflow-instances/{instance}/events?after={after}&limit=200");
        let page = client.get(&path).await?.expect_status(200)?;
        let items = page["items"].as_array().context("a page has items")?;
        seen.extend(items.iter().filter_map(|event| event["seq"].as_u64()));
        match page["next_cursor"].as_str().and_then(|text| text.parse().ok()).or_else(|| page["next_cursor"].as_u64()) {
            Some(next) if !items.is_empty() => after = next,
            _ => return Ok(seen),
        }
    }
}

/// How often each node of an instance completed.
pub fn completions(instance: &Value, node: &str) -> usize {
    let nodes = instance["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    nodes.iter().filter(|it| it["node_id"] == node && it["status"] == "COMPLETED").count()
}
