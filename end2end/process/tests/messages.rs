//! G7: kill -9 in the middle of a hundred messages: every message that was acknowledged is heard once by its receiver, also where that one came later.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use heddle_process_tests::place::Place;
use heddle_process_tests::{checker, round};
use heddle_testkit::{Client, until};
use reqwest::Method;
use serde_json::{Value, json};

const MESSAGES: usize = 100;
/// The server is killed when so many were acknowledged.
const KILLED_AT: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g7_every_acknowledged_message_is_heard_once_over_a_kill_on_sqlite() -> Result<()> {
    heard(&Place::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g7_every_acknowledged_message_is_heard_once_over_a_kill_on_postgres() -> Result<()> {
    heard(&Place::postgres()?).await
}

async fn heard(place: &Place) -> Result<()> {
    let server = place.plan()?.start().await?;
    let client = round::sign_in(&server).await?;
    let definition = json!({
        "name": "hears",
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "hear", "type": "message", "config": {"name": "news", "key": "${key}"}, "output": {"heard": "${output.n}"}},
            {"id": "end", "type": "end"},
        ],
        "edges": [{"from": "start", "to": "hear"}, {"from": "hear", "to": "end"}],
    });
    client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    let mut receivers = start(&client, 0, MESSAGES / 2).await?;
    let (told, mut acknowledged) = tokio::sync::watch::channel(BTreeSet::new());
    let sender = tokio::spawn({
        let client = client.clone();
        async move {
            for n in 0..MESSAGES {
                if !send(&client, n).await? {
                    break;
                }
                told.send_modify(|told| {
                    told.insert(n);
                });
            }
            anyhow::Ok(())
        }
    });
    acknowledged.wait_for(|told| told.len() >= KILLED_AT).await?;
    let again = server.kill()?;
    sender.await??;
    let before = acknowledged.borrow().clone();
    let server = again.start().await?;
    let client = round::sign_in(&server).await?;
    // Whoever got no answer says it again under the same key.
    for n in (0..MESSAGES).filter(|n| !before.contains(n)) {
        ensure!(send(&client, n).await?, "message {n} is not acknowledged by a server that is ready");
    }
    receivers.extend(start(&client, MESSAGES / 2, MESSAGES).await?);
    until("all receivers to have heard", Duration::from_secs(60), || async {
        let page =
            client.get("/api/v1/workflow-instances?workflow=hears&status=RUNNING,CREATED&limit=1").await.ok()?.json();
        page["items"].as_array().filter(|items| items.is_empty()).map(drop)
    })
    .await?;
    for (n, id) in receivers.iter().enumerate() {
        let instance = client.get(&format!("/api/v1/workflow-instances/{id}")).await?.expect_status(200)?;
        ensure!(instance["status"] == "COMPLETED" && instance["variables"]["heard"] == json!(n), "{n}: {instance}");
        let events = checker::events(&client, id).await?;
        let heard =
            events.iter().filter(|event| event["type"] == "node.completed" && event["node_id"] == "hear").count();
        ensure!(heard == 1, "{n} was heard {heard} times");
    }
    println!("{} of {MESSAGES} messages were acknowledged before the kill, all were heard once", before.len());
    Ok(())
}

/// Says a message; false when no answer came.
async fn send(client: &Client, n: usize) -> Result<bool> {
    let request = client.request(Method::POST, "/api/v1/messages/news").header("idempotency-key", format!("news-{n}"));
    let body = json!({"key": format!("k{n}"), "payload": {"n": n}, "ttl": "1h"});
    let Ok(reply) = client.send(request.json(&body)).await else { return Ok(false) };
    if reply.status.is_server_error() {
        return Ok(false);
    }
    ensure!(reply.status.is_success(), "message {n}: {} {}", reply.status, reply.text);
    Ok(true)
}

/// Receivers of the messages from one number to another.
async fn start(client: &Client, from: usize, to: usize) -> Result<Vec<String>> {
    let items: Vec<Value> =
        (from..to).map(|n| json!({"workflow": "hears", "input": {"key": format!("k{n}")}})).collect();
    let body = json!({"items": items});
    let started = client.post("/api/v1/workflow-instances/batch", &body).await?.expect_status(202)?;
    let items = started["items"].as_array().context("items")?;
    items
        .iter()
        .map(|item| Ok(item["id"].as_str().with_context(|| format!("not started: {item}"))?.to_owned()))
        .collect()
}
