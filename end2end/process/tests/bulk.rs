//! kill -9 under a batch of 400 retries: the next start takes it up where it was, and no item is done twice.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use heddle_process_tests::account::{self, PASSWORD, USER};
use heddle_process_tests::rounds;
use heddle_testkit::{Client, Heddle, Postgres, TempSqlite, until};
use serde_json::{Value, json};

/// Several turns, so that some items are done, some are under way and some are not begun when the server dies.
const ITEMS: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g8_a_batch_cut_off_by_a_kill_does_nothing_twice_on_sqlite() -> Result<()> {
    let files = TempSqlite::new()?;
    survive(account::plan(files.dir())?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g8_a_batch_cut_off_by_a_kill_does_nothing_twice_on_postgres() -> Result<()> {
    let postgres = Postgres::start()?;
    let files = TempSqlite::new()?;
    survive(account::plan(files.dir())?.database_url(&postgres.database()?.url)).await
}

async fn survive(plan: Heddle) -> Result<()> {
    let mut server = plan.env("HEDDLE_LOG", "warn").start().await?;
    let (mut cut_off, mut taken_up) = (0, 0);
    for round in 0..rounds() {
        let client = server.client()?.sign_in(USER, PASSWORD).await?;
        let name = format!("bulk-{round}");
        let instances = failed(&client, &name).await?;
        let body = json!({"action": "retry", "filter": {"workflow": name, "incident": true}});
        let batch = client.post("/api/v1/batches", &body).await?.expect_status(202)?;
        let path = format!("/api/v1/batches/{}", batch["id"].as_str().context("id")?);
        // Each round dies a little later.
        let least = (round % 4) * ITEMS / 5;
        until("the batch to be under way", Duration::from_secs(60), || async {
            let batch = client.get(&path).await.ok()?.json();
            let begun = batch["started_at"].is_string() && batch["done"].as_u64()? as usize >= least;
            begun.then_some(())
        })
        .await?;
        server = server.kill()?.start().await.context("starting again after the kill")?;
        let client = server.client()?.sign_in(USER, PASSWORD).await?;
        let seen = client.get(&path).await?.expect_status(200)?;
        cut_off += usize::from(seen["status"] == "RUNNING");
        let begun = client.get(&format!("{path}/items?status=STARTED")).await?.expect_status(200)?;
        taken_up += usize::from(begun["items"].as_array().is_some_and(|items| !items.is_empty()));
        let done = until("the batch to end", Duration::from_secs(120), || async {
            let batch = client.get(&path).await.ok()?.json();
            (batch["status"] == "COMPLETED").then_some(batch)
        })
        .await?;
        ensure!(done["succeeded"] == ITEMS && done["done"] == ITEMS, "round {round}: {done}");
        for instance in &instances {
            let retries = count(&client, instance, "command.retry").await?;
            ensure!(retries == 1, "round {round}: {instance} was retried {retries} times");
        }
    }
    ensure!(cut_off > 0, "no batch was cut off: this test has shown nothing");
    println!("{cut_off} of {} batches were cut off, {taken_up} of them seen with items under way", rounds());
    Ok(())
}

/// Instances that have failed, and fail again when they are retried.
async fn failed(client: &Client, name: &str) -> Result<BTreeSet<String>> {
    let definition = json!({
        "name": name,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "fails", "type": "transform", "config": {"value": "${1 / zero}"}, "on_error": "incident"},
            {"id": "end", "type": "end"}
        ],
        "edges": [{"from": "start", "to": "fails"}, {"from": "fails", "to": "end"}]
    });
    client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    let mut ids = BTreeSet::new();
    // A few at a time: a server that measures a slow disk lets no more in.
    for _ in 0..ITEMS / 50 {
        let items: Vec<Value> = (0..50).map(|_| json!({"workflow": name, "input": {"zero": 0}})).collect();
        let body = json!({"items": items});
        let started = client.post("/api/v1/workflow-instances/batch", &body).await?.expect_status(202)?;
        for item in started["items"].as_array().context("items")? {
            ids.insert(item["id"].as_str().with_context(|| format!("not started: {item}"))?.to_owned());
        }
    }
    Ok(ids)
}

/// How often something is in the journal of an instance.
async fn count(client: &Client, instance: &str, what: &str) -> Result<usize> {
    let path = format!("/api/v1/workflow-instances/{instance}/events?limit=200");
    let events = client.get(&path).await?.expect_status(200)?;
    Ok(events["items"].as_array().context("items")?.iter().filter(|event| event["type"] == what).count())
}
