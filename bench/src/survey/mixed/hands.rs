//! Who does the work of `mixed`: external workers and people, over HTTP as any of them would.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use heddle_testkit::Client;
use serde_json::{Value, json};

use super::definition::{JOB, NAME, fails};
use super::{good, until_over};

/// Answers under way at a time, of each of them.
const ABREAST: usize = 8;
/// Jobs taken at a time.
const JOBS: u64 = 100;

/// Takes jobs and answers them; the first attempt of some fails.
pub(super) async fn work(door: Client, number: usize, over: Arc<AtomicBool>) -> Result<()> {
    let wish = json!({ "types": [JOB], "worker": format!("worker-{number}"), "max_jobs": JOBS, "wait_ms": 1_000 });
    let (door, wish) = (&door, &wish);
    until_over(over, || async move {
        let given = door.post("/api/v1/jobs/activate", wish).await?.expect_status(200)?;
        let jobs = given["jobs"].as_array().cloned().context("an activation has jobs")?;
        let found = !jobs.is_empty();
        all(jobs, |job| async move { answer(door, &job).await }).await?;
        Ok(found)
    })
    .await
}

async fn answer(door: &Client, job: &Value) -> Result<()> {
    let (id, number) = (job["id"].as_str().context("a job has an id")?, job["input"]["n"].as_u64());
    let number = number.with_context(|| format!("a job without its number: {job}"))?;
    if fails(number) && job["attempt"] == 1 {
        let body = json!({ "token": job["token"], "code": "BUSY", "message": "not now", "retryable": true });
        return good(door, &format!("/api/v1/jobs/{id}/fail"), &body).await;
    }
    let body = json!({ "token": job["token"], "output": { "n": number } });
    good(door, &format!("/api/v1/jobs/{id}/complete"), &body).await
}

/// Looks through the list of tasks and does those that are one's own share of it.
pub(super) async fn approve(door: Client, (mine, people): (usize, usize), over: Arc<AtomicBool>) -> Result<()> {
    let path = format!("/api/v1/human-tasks?status=open&workflow={NAME}&limit=200");
    let (door, path) = (&door, path.as_str());
    until_over(over, || async move {
        let page = door.get(path).await?.expect_status(200)?;
        let tasks = page["items"].as_array().cloned().context("a list has items")?;
        // Nobody takes what another would: by the last letter of the id.
        let own = |task: &Value| {
            let last = task["id"].as_str().and_then(|id| id.bytes().last()).unwrap_or_default();
            usize::from(last) % people == mine
        };
        let tasks: Vec<Value> = tasks.into_iter().filter(own).collect();
        let found = !tasks.is_empty();
        all(tasks, |task| async move {
            let id = task["id"].as_str().context("a task has an id")?;
            good(door, &format!("/api/v1/human-tasks/{id}/complete"), &json!({ "output": { "approved": true } })).await
        })
        .await?;
        Ok(found)
    })
    .await
}

async fn all<F>(things: Vec<Value>, work: impl Fn(Value) -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    stream::iter(things).map(|thing| Ok(work(thing))).try_for_each_concurrent(ABREAST, |work| work).await
}
