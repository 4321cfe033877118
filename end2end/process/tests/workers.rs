//! G3, G4 and G5 for workers that die: their jobs are offered again soon after the lease, under the same key, and what they still say changes nothing.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use heddle_process_tests::cluster::completions;
use heddle_process_tests::place::Place;
use heddle_process_tests::round;
use serde_json::{Value, json};

/// The shortest lease there is.
const LEASE: Duration = Duration::from_secs(5);
/// The promise: the lease, and five seconds.
const OFFERED_AGAIN: Duration = Duration::from_secs(10);
const JOBS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_a_dead_worker_s_jobs_are_offered_again_soon_on_sqlite() -> Result<()> {
    offered_again(&Place::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_a_dead_worker_s_jobs_are_offered_again_soon_on_postgres() -> Result<()> {
    offered_again(&Place::postgres()?).await
}

async fn offered_again(place: &Place) -> Result<()> {
    let server = place.plan()?.start().await?;
    let client = round::sign_in(&server).await?;
    let definition = json!({
        "name": "orphans",
        "nodes": [{"id": "start", "type": "start"}, {"id": "desk", "type": "task", "action": "orphan-desk"}, {"id": "end", "type": "end"}],
        "edges": [{"from": "start", "to": "desk"}, {"from": "desk", "to": "end"}],
    });
    client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    let mut instances = Vec::new();
    for _ in 0..JOBS {
        instances.push(client.start("orphans", json!({})).await?);
    }
    let ask = async |worker: &str| -> Result<Vec<Value>> {
        let wish = json!({"types": ["orphan-desk"], "worker": worker, "max_jobs": 100, "lease_ms": LEASE.as_millis() as u64, "wait_ms": 15_000});
        let given = client.post("/api/v1/jobs/activate", &wish).await?.expect_status(200)?;
        Ok(given["jobs"].as_array().context("jobs")?.clone())
    };
    let given = Instant::now();
    let first = ask("dies").await?;
    ensure!(first.len() == JOBS, "{} jobs", first.len());
    let mut second = Vec::new();
    while second.len() < JOBS {
        second.extend(ask("lives").await?);
        ensure!(given.elapsed() <= OFFERED_AGAIN, "{} jobs after {:?}", second.len(), given.elapsed());
    }
    println!("{JOBS} jobs of a dead worker with a lease of {LEASE:?} were offered again after {:?}", given.elapsed());
    let say = async |job: &Value, verb: &str| -> Result<u16> {
        let path = format!("/api/v1/jobs/{}/{verb}", job["id"].as_str().context("id")?);
        let body = json!({"token": job["token"]});
        Ok(client.post(&path, &body).await?.status.as_u16())
    };
    for old in &first {
        let new = second.iter().find(|new| new["id"] == old["id"]).context("the same job")?;
        ensure!(new["key"] == old["key"] && new["key"].is_string(), "{old} {new}");
        ensure!(new["token"] != old["token"] && new["attempt"] == json!(2), "{old} {new}");
        for verb in ["heartbeat", "complete", "fail"] {
            ensure!(say(old, verb).await? == 409, "G4: a stale {verb} was taken");
        }
        ensure!(say(new, "complete").await? == 204, "the attempt that holds the lease is refused");
        ensure!(say(old, "complete").await? == 409, "G4: a stale answer was taken after the good one");
    }
    for instance in &instances {
        let ended = client.wait_for(instance, "COMPLETED").await?;
        ensure!(completions(&ended, "desk") == 1, "{ended}");
    }
    Ok(())
}

/// How often a job may be given out without an answer.
const LOST: usize = 5;

/// Leases are ended by hand here, as time would: the job has killed every worker that took it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_a_job_that_kills_its_workers_is_poisoned() -> Result<()> {
    let place = Place::postgres()?;
    let server = place.plan()?.start().await?;
    let client = round::sign_in(&server).await?;
    let definition = json!({
        "name": "killer",
        "nodes": [{"id": "start", "type": "start"}, {"id": "desk", "type": "task", "action": "killer-desk"}, {"id": "end", "type": "end"}],
        "edges": [{"from": "start", "to": "desk"}, {"from": "desk", "to": "end"}],
    });
    client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    let instance = client.start("killer", json!({})).await?;
    let ask = async || -> Result<Value> {
        let wish = json!({"types": ["killer-desk"], "worker": "dies", "max_jobs": 1, "wait_ms": 2_000});
        let given = client.post("/api/v1/jobs/activate", &wish).await?.expect_status(200)?;
        Ok(given["jobs"][0].clone())
    };
    for attempt in 1..=LOST {
        ensure!(ask().await?["attempt"] == json!(attempt), "attempt {attempt}");
        place.sql("UPDATE job SET lease_until = 0")?;
    }
    ensure!(ask().await?.is_null(), "it is given out once more");
    let id = instance["id"].as_str().context("id")?;
    let list = client.get(&format!("/api/v1/incidents?kind=poisoned&instance={id}")).await?.expect_status(200)?;
    ensure!(list["items"][0]["node_id"] == "desk", "{list}");
    // A person lets it begin anew, and its attempts count from one.
    let path = format!("/api/v1/workflow-instances/{id}/actions/retry");
    client.put(&path, &json!({"node": "desk"})).await?.expect_status(200)?;
    let again = ask().await?;
    let path = format!("/api/v1/jobs/{}/complete", again["id"].as_str().context("id")?);
    let done = client.post(&path, &json!({"token": again["token"]})).await?;
    ensure!(done.status.is_success(), "{}", done.text);
    client.wait_for(&instance, "COMPLETED").await.map(drop)
}
