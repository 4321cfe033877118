//! The program runs scripts in children of itself: a value comes back, and what never ends is ended while the server goes on.

use anyhow::{Context, Result};
use heddle_process_tests::account::{Running, running};
use heddle_testkit::{Client, until};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn scripts_run_in_a_process_of_their_own() -> Result<()> {
    let Running { client, server: _server, files: _files } = running().await?;
    let sum = "return { total: input.items.reduce((a, b) => a + b, 0) };";
    let done = run(&client, "sum", json!({"source": sum, "input": {"items": [1, 2, 39]}}), "COMPLETED").await?;
    assert_eq!(node(&done)["output"]["total"], 42, "{done}");
    let failed = run(&client, "endless", json!({"source": "for (;;) {}", "time_ms": 100}), "FAILED").await?;
    assert_eq!(node(&failed)["error"]["code"], "SCRIPT_CPU", "{failed}");
    Ok(())
}

async fn run(client: &Client, name: &str, config: Value, status: &str) -> Result<Value> {
    let definition = json!({
        "name": name,
        "nodes": [
            {"id": "start", "type": "start"}, {"id": "script", "type": "script", "config": config, "retry": {"max_attempts": 1}},
            {"id": "end", "type": "end"}
        ],
        "edges": [{"from": "start", "to": "script"}, {"from": "script", "to": "end"}]
    });
    client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    let instance = client.start(name, json!({})).await?;
    let path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().context("no id")?);
    until(&format!("{name} to be {status}"), Duration::from_secs(30), || async {
        let instance = client.get(&path).await.ok()?.json();
        (instance["status"] == status).then_some(instance)
    })
    .await
}

fn node(instance: &Value) -> &Value {
    instance["nodes"]
        .as_array()
        .and_then(|all| all.iter().find(|node| node["node_id"] == "script"))
        .unwrap_or(&Value::Null)
}
