//! G14: with ten thousand open instances in the database, work goes on within two seconds of the start of the process (a hundred thousand in the long run).

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use heddle_process_tests::place::Place;
use heddle_process_tests::round;
use heddle_testkit::{Client, until};
use serde_json::{Value, json};

/// The promise.
const FIRST: Duration = Duration::from_secs(2);
/// Instances that are really started: most wait for a worker, the others stand in the queue of a built-in task.
const WAIT: usize = 200;
const QUEUED: usize = 20;

/// How often each of them is copied.
fn copies() -> usize {
    if std::env::var_os("HEDDLE_LONG").is_some() { 500 } else { 50 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g14_the_first_dispatch_comes_soon_after_a_start_on_sqlite() -> Result<()> {
    goes_on(&Place::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g14_the_first_dispatch_comes_soon_after_a_start_on_postgres() -> Result<()> {
    goes_on(&Place::postgres()?).await
}

async fn goes_on(place: &Place) -> Result<()> {
    let server = place.plan()?.start().await?;
    let client = round::sign_in(&server).await?;
    // Nothing begins: what is started stands in the queue when the server dies.
    client.put("/api/v1/cluster/pauses/engine/all", &json!({})).await?;
    start(&client, ("waits", json!({"type": "task", "action": "recovery-desk"})), WAIT).await?;
    start(&client, ("queued", json!({"type": "echo", "config": {"value": 1}})), QUEUED).await?;
    let again = server.kill()?;
    place.sql("DELETE FROM pause")?;
    let copies = copies();
    copy(place, copies)?;
    let open: usize = place.sql("SELECT count(*) FROM workflow_instance WHERE ended_at IS NULL")?.parse()?;
    ensure!(open == (WAIT + QUEUED) * (copies + 1), "{open} are open");

    let begun = Instant::now();
    let server = again.start().await?;
    let ready = begun.elapsed();
    until("a task to have run", FIRST * 10, || async {
        let page = client.get("/api/v1/workflow-instances?workflow=queued&status=COMPLETED&limit=1").await.ok()?.json();
        page["items"].as_array().is_some_and(|items| !items.is_empty()).then_some(())
    })
    .await?;
    let task = begun.elapsed();
    let wish = json!({"types": ["recovery-desk"], "worker": "w", "max_jobs": 1, "wait_ms": 10_000});
    let given = client.post("/api/v1/jobs/activate", &wish).await?.expect_status(200)?;
    let job = begun.elapsed();
    println!(
        "{open} open instances: ready after {ready:?}, a task had run after {task:?}, a job was given after {job:?}"
    );
    ensure!(task <= FIRST, "the first task had run after {task:?}\n{}", server.log());
    // A copy is as good as what it was made from.
    for _ in 0..3 {
        let given = client.post("/api/v1/jobs/activate", &wish).await?.expect_status(200)?;
        answer(&client, &given["jobs"][0]).await?;
    }
    answer(&client, &given["jobs"][0]).await?;
    until("all that was queued to have run", Duration::from_secs(300), || async {
        let page = client.get("/api/v1/workflow-instances?workflow=queued&status=RUNNING&limit=1").await.ok()?.json();
        page["items"].as_array().filter(|items| items.is_empty()).map(drop)
    })
    .await?;
    println!("all {} that were queued had run after {:?}", QUEUED * (copies + 1), begun.elapsed());
    Ok(())
}

async fn answer(client: &Client, job: &Value) -> Result<()> {
    let path = format!("/api/v1/jobs/{}/complete", job["id"].as_str().context("a job")?);
    let done = client.post(&path, &json!({"token": job["token"]})).await?;
    ensure!(done.status.is_success(), "{}", done.text);
    Ok(())
}

async fn start(client: &Client, (name, mut node): (&str, Value), count: usize) -> Result<()> {
    node["id"] = json!("works");
    let definition = json!({
        "name": name,
        "nodes": [{"id": "start", "type": "start"}, node, {"id": "end", "type": "end"}],
        "edges": [{"from": "start", "to": "works"}, {"from": "works", "to": "end"}],
    });
    client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    let items: Vec<Value> = (0..count).map(|n| json!({"workflow": name, "input": {"n": n}})).collect();
    let body = json!({"items": items});
    let started = client.post("/api/v1/workflow-instances/batch", &body).await?.expect_status(202)?;
    let refused = started["items"].as_array().context("items")?.iter().find(|item| item["id"].is_null());
    ensure!(refused.is_none(), "not started: {refused:?}");
    Ok(())
}

/// Copies every row of every instance. A copy's ids differ from the original's in their time only, so that its shard is the same.
fn copy(place: &Place, copies: usize) -> Result<()> {
    let moved = |column: &str| {
        if place.is_postgres() {
            format!(
                "(lpad(to_hex(1700000000000 + k.n), 12, '0') || substr(replace({column}::text, '-', ''), 13))::uuid"
            )
        } else {
            format!("unhex(printf('%012x', 1700000000000 + k.n) || substr(hex({column}), 13))")
        }
    };
    let series = format!("WITH RECURSIVE k (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {copies})");
    for (table, columns) in [
        (
            "workflow_instance",
            "workspace_id, +id, workflow_id, version_id, created_at, updated_at, started_at, ended_at, seq, version_number, shard, nodes_ended, \
             nodes_expected, incidents, priority, runnable, unique_business_key, test, status, phase, started_by, business_key, error",
        ),
        ("journal", "workspace_id, +instance_id, first_seq, *pos, at, count, checksum, shard, events"),
        (
            "node_instance",
            "workspace_id, +instance_id, started_at, number, attempt, iteration, node_id, node_type, status, reason, output, error",
        ),
        (
            "job",
            "workspace_id, +id, +instance_id, number, state, priority, attempt, token, not_before, lease_until, created_at, held, job_type, node_id, worker, \
             key, input",
        ),
    ] {
        let names: Vec<&str> = columns.split(", ").map(|name| name.trim_start_matches(['+', '*'])).collect();
        let values = columns.split(", ").map(|name| match name.split_at(1) {
            ("+", id) => moved(id),
            ("*", place) => format!("{place} + k.n * 100000"),
            _ => name.to_owned(),
        });
        let (names, values) = (names.join(", "), values.collect::<Vec<_>>().join(", "));
        place.sql(&format!("{series} INSERT INTO {table} ({names}) SELECT {values} FROM {table} CROSS JOIN k"))?;
    }
    place.sql("ANALYZE").map(drop)
}
