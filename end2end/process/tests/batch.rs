//! kill -9 under a batch that carries an `Idempotency-Key`: the repeat is taken at once, starts what was not started, and doubles nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use heddle_process_tests::account::{self, PASSWORD, USER};
use heddle_process_tests::rounds;
use heddle_testkit::{Client, Heddle, Postgres, Reply, TempSqlite, until};
use reqwest::Method;
use serde_json::{Value, json};

/// As many as one batch may hold: some are on disk and some are not when the server dies.
const STARTS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g8_a_batch_cut_off_by_a_kill_is_repeated_safely_on_sqlite() -> Result<()> {
    let files = TempSqlite::new()?;
    survive(account::plan(files.dir())?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g8_a_batch_cut_off_by_a_kill_is_repeated_safely_on_postgres() -> Result<()> {
    let postgres = Postgres::start()?;
    let files = TempSqlite::new()?;
    survive(account::plan(files.dir())?.database_url(&postgres.database()?.url)).await
}

async fn survive(plan: Heddle) -> Result<()> {
    let mut server = plan.env("HEDDLE_LOG", "warn").start().await?;
    let mut cut_off = 0;
    for round in 0..rounds() {
        let client = server.client()?.sign_in(USER, PASSWORD).await?;
        let name = format!("batch-{round}");
        let definition = json!({
            "name": name, "nodes": [{"id": "start", "type": "start"}, {"id": "end", "type": "end"}], "edges": [{"from": "start", "to": "end"}]
        });
        client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
        let sent = tokio::spawn(batch(client.clone(), name.clone()));
        until("the first start to be on disk", Duration::from_secs(60), || async {
            (!instances(&client, &name).await.ok()?.is_empty()).then_some(())
        })
        .await?;
        let again = server.kill()?;
        let first = sent.await?.ok();
        cut_off += usize::from(first.is_none());
        server = again.start().await.context("starting again after the kill")?;
        let client = server.client()?.sign_in(USER, PASSWORD).await?;
        let found = ids(&batch(client.clone(), name.clone()).await?.expect_status(202)?)?;
        ensure!(found.len() == STARTS, "round {round}: {} different instances were answered", found.len());
        let there = instances(&client, &name).await?;
        ensure!(found == there, "round {round}: {} instances for {STARTS} starts", there.len());
        if let Some(first) = first {
            ensure!(ids(&first.expect_status(202)?)? == found, "round {round}: the answer that was given holds");
        }
        let kept = ids(&batch(client, name).await?.expect_status(202)?)?;
        ensure!(kept == found, "round {round}: a third time");
    }
    ensure!(cut_off > 0, "no batch was cut off: this test has shown nothing");
    println!("{cut_off} of {} batches were cut off", rounds());
    Ok(())
}

async fn batch(client: Client, name: String) -> Result<Reply> {
    let items: Vec<Value> = (0..STARTS).map(|n| json!({"workflow": name, "input": {"n": n}})).collect();
    let request = client.request(Method::POST, "/api/v1/workflow-instances/batch").header("idempotency-key", &name);
    client.send(request.json(&json!({"items": items}))).await
}

fn ids(answer: &Value) -> Result<BTreeSet<String>> {
    let items = answer["items"].as_array().context("items")?;
    items
        .iter()
        .map(|item| Ok(item["id"].as_str().with_context(|| format!("not started: {item}"))?.to_owned()))
        .collect()
}

/// Ids of all instances of a workflow.
async fn instances(client: &Client, name: &str) -> Result<BTreeSet<String>> {
    let (mut all, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/api/v1/workflow-instances?workflow={name}&limit=200{cursor}");
        let page = client.get(&path).await?.expect_status(200)?;
        all.extend(ids(&page)?);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(all),
        }
    }
}
