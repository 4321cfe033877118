//! G13: SIGTERM in the middle of 200 running instances ends the server within ten seconds, and nothing is lost or doubled; what runs keeps its version.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use heddle_process_tests::history::History;
use heddle_process_tests::place::Place;
use heddle_process_tests::round::{self, Moment};
use heddle_process_tests::{checker, clients, rounds};
use serde_json::json;

/// The promise.
const DRAINED: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g13_a_stop_under_load_loses_nothing_on_sqlite() -> Result<()> {
    drained(&Place::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g13_a_stop_under_load_loses_nothing_on_postgres() -> Result<()> {
    drained(&Place::postgres()?).await
}

async fn drained(place: &Place) -> Result<()> {
    let mut server = place.plan()?.start().await?;
    round::store_workflow(&server).await?;
    for number in 0..rounds().div_ceil(3) {
        let history = Arc::new(History::default());
        let client = round::sign_in(&server).await?;
        let starting = tokio::spawn(round::start_all(client.clone(), history.clone(), number));
        let worker = tokio::spawn(clients::work(client.clone(), history.clone()));
        round::wait_for(Moment::of(number + 1), &client, &history, number).await?;
        let told = Instant::now();
        let again = server.terminate(DRAINED).await?;
        let took = told.elapsed();
        starting.await??;
        worker.await??;
        server = again.start().await?;
        let client = round::sign_in(&server).await?;
        let worker = tokio::spawn(clients::work(client.clone(), history.clone()));
        round::settle(&client, &history).await?;
        round::all_ended(&client, &history, number).await?;
        worker.abort();
        let breaches = checker::breaches(&client, &history).await?;
        ensure!(breaches.is_empty(), "round {number}:\n{}", breaches.join("\n"));
        println!("round {number}: {} instances; stopped after {took:?}", history.starts().len());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g13_what_runs_keeps_its_version_over_a_new_one_and_a_restart() -> Result<()> {
    let place = Place::sqlite()?;
    let server = place.plan()?.start().await?;
    let client = round::sign_in(&server).await?;
    let version = |answer: i64| {
        json!({
            "name": "pinned",
            "nodes": [
                {"id": "start", "type": "start"},
                {"id": "desk", "type": "task", "action": "pinned-desk"},
                {"id": "says", "type": "transform", "config": {"set": {"answer": answer}}},
                {"id": "end", "type": "end"},
            ],
            "edges": [{"from": "start", "to": "desk"}, {"from": "desk", "to": "says"}, {"from": "says", "to": "end"}],
        })
    };
    client.put("/api/v1/workflows/by-name/pinned", &version(1)).await?;
    let old = client.start("pinned", json!({})).await?;
    client.wait_for(&old, "RUNNING").await?;
    client.put("/api/v1/workflows/by-name/pinned", &version(2)).await?;
    let server = server.terminate(DRAINED).await?.start().await?;
    let client = round::sign_in(&server).await?;
    let new = client.start("pinned", json!({})).await?;
    for _ in 0..2 {
        let wish = json!({"types": ["pinned-desk"], "worker": "w", "max_jobs": 1, "wait_ms": 10_000});
        let given = client.post("/api/v1/jobs/activate", &wish).await?.expect_status(200)?;
        let job = &given["jobs"][0];
        let path = format!("/api/v1/jobs/{}/complete", job["id"].as_str().unwrap_or_default());
        let done = client.post(&path, &json!({"token": job["token"]})).await?;
        ensure!(done.status.is_success(), "{}", done.text);
    }
    for (instance, expected) in [(&old, 1), (&new, 2)] {
        let ended = client.wait_for(instance, "COMPLETED").await?;
        ensure!(ended["variables"]["answer"] == expected && ended["version"] == expected, "{ended}");
    }
    Ok(())
}
