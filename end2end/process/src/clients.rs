//! Clients that start instances and a worker that does their jobs. Both go on until the server is gone, and remember.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use heddle_testkit::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::history::History;
use crate::workflow;

/// The body of a start; equal on every repetition, as an idempotency key demands.
fn body(key: &str, n: i64) -> Value {
    json!({ "workflow": workflow::NAME, "input": { "n": n }, "business_key": key, "unique_business_key": true })
}

/// Starts one instance; false when no answer came. An answer other than the instance is an error.
pub async fn start(client: &Client, history: &History, key: &str, n: i64) -> Result<bool> {
    history.asked(key, n);
    let request =
        client.request(Method::POST, "/api/v1/workflow-instances").header("idempotency-key", key).json(&body(key, n));
    let Ok(reply) = client.send(request).await else { return Ok(false) };
    if !reply.status.is_success() {
        // A server that goes down may still refuse; that is an answer, and it acknowledges nothing.
        if reply.status.is_server_error() {
            return Ok(false);
        }
        bail!("starting {key}: {} {}", reply.status, reply.text);
    }
    let answer = reply.json();
    let Some(id) = answer["id"].as_str() else { bail!("starting {key}: no id in {}", reply.text) };
    history.told(key, id).map_err(anyhow::Error::msg)?;
    Ok(true)
}

/// A member of a batch whose answer never came: a batch has no key of its own for each member, so its client looks for the
/// business key first, and starts it only when nobody has it.
pub async fn settle(client: &Client, history: &History, key: &str, n: i64) -> Result<bool> {
    let list =
        client.get(&format!("/api/v1/workflow-instances?business_key={key}&limit=10")).await?.expect_status(200)?;
    match list["items"][0]["id"].as_str() {
        Some(id) => history.told(key, id).map_err(anyhow::Error::msg).map(|()| true),
        None => start(client, history, key, n).await,
    }
}

/// Starts many in one call; each item is acknowledged for itself.
pub async fn start_batch(client: &Client, history: &History, starts: &[(String, i64)]) -> Result<bool> {
    for (key, n) in starts {
        history.asked(key, *n);
    }
    let items: Vec<Value> = starts.iter().map(|(key, n)| body(key, *n)).collect();
    let Ok(reply) = client.post("/api/v1/workflow-instances/batch", &json!({ "items": items })).await else {
        return Ok(false);
    };
    if reply.status.is_server_error() {
        return Ok(false);
    }
    if !reply.status.is_success() {
        bail!("starting a batch: {} {}", reply.status, reply.text);
    }
    for ((key, _), item) in starts.iter().zip(reply.json()["items"].as_array().into_iter().flatten()) {
        if let Some(id) = item["id"].as_str() {
            history.told(key, id).map_err(anyhow::Error::msg)?;
        }
    }
    Ok(true)
}

/// Takes jobs and completes them until the server is gone.
pub async fn work(client: Client, history: Arc<History>) -> Result<()> {
    let ask = json!({ "types": [workflow::JOB], "worker": "crash-test", "max_jobs": 20, "lease_ms": 5_000, "wait_ms": 1_000 });
    loop {
        let Ok(reply) = client.post("/api/v1/jobs/activate", &ask).await else { return Ok(()) };
        if !reply.status.is_success() {
            if reply.status.is_server_error() {
                return Ok(());
            }
            bail!("activating jobs: {} {}", reply.status, reply.text);
        }
        for job in reply.json()["jobs"].as_array().into_iter().flatten() {
            if !complete(&client, &history, job).await? {
                return Ok(());
            }
        }
    }
}

/// The same for a server that lives on: what it cannot do now it is asked again.
pub async fn work_on(client: Client, history: Arc<History>) -> Result<()> {
    loop {
        work(client.clone(), history.clone()).await?;
        // It has said that it cannot; a worker does not ask a thousand times a second.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// False when the server is gone.
async fn complete(client: &Client, history: &History, job: &Value) -> Result<bool> {
    let (id, instance) = (job["id"].as_str().unwrap_or_default(), job["instance_id"].as_str().unwrap_or_default());
    let body = json!({ "token": job["token"], "output": { "n": job["input"]["n"] } });
    let Ok(reply) = client.post(&format!("/api/v1/jobs/{id}/complete"), &body).await else { return Ok(false) };
    match reply.status.as_u16() {
        200..=299 => history.accepted(instance),
        // The lease went to another attempt, or an earlier answer was lost: the server says that nothing has changed.
        409 => {}
        500.. => return Ok(false),
        _ => bail!("completing {id}: {} {}", reply.status, reply.text),
    }
    Ok(true)
}
