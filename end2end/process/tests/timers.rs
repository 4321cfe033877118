//! G6: timers that fell due while no server ran fire after the start, all within 30 seconds, each once, none early.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use heddle_process_tests::place::Place;
use heddle_process_tests::{checker, round};
use heddle_testkit::{Client, until};
use serde_json::{Value, json};

/// The first one fires this soon, all of them this soon: the promises.
const FIRST: Duration = Duration::from_secs(5);
const ALL: Duration = Duration::from_secs(30);
/// Starts in one call.
const BATCH: usize = 500;

/// How many timers.
fn size() -> usize {
    if std::env::var_os("HEDDLE_LONG").is_some() { 10_000 } else { 2_000 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g6_an_overdue_backlog_fires_once_and_in_time_on_sqlite() -> Result<()> {
    fires(&Place::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g6_an_overdue_backlog_fires_once_and_in_time_on_postgres() -> Result<()> {
    fires(&Place::postgres()?).await
}

async fn fires(place: &Place) -> Result<()> {
    let timers = size();
    let server = place.plan()?.start().await?;
    let client = round::sign_in(&server).await?;
    let definition = json!({
        "name": "waits",
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "until", "type": "timer", "config": {"until": "${timestamp(base) + duration(after)}"}},
            {"id": "end", "type": "end"},
        ],
        "edges": [{"from": "start", "to": "until"}, {"from": "until", "to": "end"}],
    });
    let made = client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    // The first ones fire at once, and tell how long arming the others will take here.
    let base = made["created_at"].clone();
    let begun = Instant::now();
    arm(&client, &base, 0).await?;
    until("the first ones to end", ALL, || async { (!any(&client, "RUNNING").await.ok()?).then_some(()) }).await?;
    let newest = client.get("/api/v1/workflow-instances?workflow=waits&limit=1").await?.expect_status(200)?;
    let ended_before = newest["items"][0]["id"].as_str().context("id")?.to_owned();
    let batches = timers / BATCH;
    let seconds = begun.elapsed().as_secs() + 3 * batches as u64 * begun.elapsed().as_millis() as u64 / 1_000 + 5;
    let due = Instant::now() + Duration::from_secs(seconds);
    for _ in 0..batches {
        arm(&client, &base, seconds).await?;
    }
    let again = server.kill()?;
    let armed = place.sql("SELECT count(*) FROM timer")?;
    ensure!(armed == timers.to_string(), "{armed} timers were armed when the server was killed: it came too late");
    let due_ms = place.sql("SELECT min(due) FROM timer")?;
    // The downtime: until all of them are overdue.
    tokio::time::sleep_until((due + Duration::from_secs(1)).into()).await;

    let begun = Instant::now();
    let server = again.start().await?;
    let page = "/api/v1/workflow-instances?workflow=waits&status=COMPLETED&limit=1";
    until("a timer to fire", ALL * 2, || async {
        // The newest of those that have ended: one of those that were ended before is older.
        let newest = client.get(page).await.ok()?.json();
        (newest["items"][0]["id"].as_str()? > ended_before.as_str()).then_some(())
    })
    .await?;
    let first = begun.elapsed();
    until("all timers to fire", ALL * 2, || async { (!any(&client, "RUNNING").await.ok()?).then_some(()) }).await?;
    let all = begun.elapsed();
    println!("{timers} overdue timers: the first after {first:?}, all after {all:?}, from the start of the process");
    // The journals of a few, whole; of all, their length.
    let page = client.get("/api/v1/workflow-instances?workflow=waits&limit=40").await?.expect_status(200)?;
    for item in page["items"].as_array().context("items")? {
        let events = checker::events(&client, item["id"].as_str().context("id")?).await?;
        let fired = events.iter().filter(|event| event["type"] == "timer.fired").count();
        ensure!(fired == 1, "{fired} times: {events:?}");
    }
    server.terminate(Duration::from_secs(15)).await?;
    let completed = place.sql("SELECT count(*) FROM workflow_instance WHERE status = 'COMPLETED'")?;
    ensure!(completed == (timers + BATCH).to_string(), "{completed} of {timers} have completed");
    let early = place.sql(&format!("SELECT count(*) FROM workflow_instance WHERE ended_at < {due_ms}"))?;
    ensure!(early == BATCH.to_string(), "{early} have ended before the time, {BATCH} of them theirs");
    let lengths =
        place.sql(&format!("SELECT count(DISTINCT seq) FROM workflow_instance WHERE ended_at >= {due_ms}"))?;
    ensure!(lengths == "1", "one has fired more often than another: {lengths} different numbers of events");
    ensure!(first <= FIRST && all <= ALL, "the first after {first:?}, all after {all:?}");
    Ok(())
}

/// Starts a batch of them, due so many seconds after a time.
async fn arm(client: &Client, base: &Value, seconds: u64) -> Result<()> {
    let item = json!({"workflow": "waits", "input": {"base": base, "after": format!("{seconds}s")}});
    let items: Vec<&Value> = (0..BATCH).map(|_| &item).collect();
    let body = json!({"items": items});
    let started = client.post("/api/v1/workflow-instances/batch", &body).await?.expect_status(202)?;
    let refused = started["items"].as_array().context("items")?.iter().find(|item| item["id"].is_null());
    ensure!(refused.is_none(), "not started: {refused:?}");
    Ok(())
}

/// Whether an instance is in this status.
async fn any(client: &Client, status: &str) -> Result<bool> {
    let path = format!("/api/v1/workflow-instances?workflow=waits&status={status}&limit=1");
    let page = client.get(&path).await?.expect_status(200)?;
    Ok(page["items"].as_array().is_some_and(|items| !items.is_empty()))
}
