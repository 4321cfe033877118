//! The example of docs/language/README.md, byte for byte: stored as YAML, it offers the right job, and the other branch is skipped.

use anyhow::{Context, Result};
use heddle_process_tests::account::{Running, running};
use heddle_testkit::{Client, until};
use serde_json::{Value, json};
use std::time::Duration;

/// The first YAML block of the page.
fn example() -> Result<String> {
    // Asked while it runs: checkouts may share a target directory, and so this test.
    let own = std::env::var("CARGO_MANIFEST_DIR")?;
    let page = std::fs::read_to_string(format!("{own}/../../docs/language/README.md"))?;
    let (_, after) = page.split_once("```yaml\n").context("the page has no example")?;
    let (example, _) = after.split_once("```").context("the example does not end")?;
    Ok(example.to_owned())
}

#[tokio::test]
async fn a_decision_offers_the_job_of_its_branch_and_skips_the_other() -> Result<()> {
    let Running { client, server: _server, files: _files } = running().await?;
    let stored = client.post_yaml("/api/v1/workflows", &example()?).await?;
    assert!(stored.header("location").is_some(), "creating answers Location");
    let stored = stored.expect_status(201)?;
    assert_eq!(stored["name"], "示例流程");
    for (variable, job, done, skipped) in [(12, "doTaskA", "任务A", "任务B"), (5, "doTaskB", "任务B", "任务A")]
    {
        let instance = client.start("示例流程", json!({ "variable": variable })).await?;
        let id = instance["id"].as_str().context("no id")?;
        complete(&client, job).await?;
        let ended = ended(&client, id).await?;
        assert_eq!(ended["status"], "COMPLETED", "{ended}");
        assert_eq!(status(&ended, done), "COMPLETED");
        assert_eq!(status(&ended, skipped), "SKIPPED");
    }
    Ok(())
}

async fn complete(client: &Client, job_type: &str) -> Result<()> {
    let ask = json!({ "types": ["doTaskA", "doTaskB"], "worker": "test", "max_jobs": 10, "wait_ms": 20_000 });
    let jobs = client.post("/api/v1/jobs/activate", &ask).await?.expect_status(200)?;
    let jobs = jobs["jobs"].as_array().context("no jobs")?;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(jobs[0]["type"], job_type);
    let path = format!("/api/v1/jobs/{}/complete", jobs[0]["id"].as_str().unwrap_or_default());
    let answer = client.post(&path, &json!({ "token": jobs[0]["token"], "output": {} })).await?;
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text);
    Ok(())
}

async fn ended(client: &Client, id: &str) -> Result<Value> {
    until("the instance to end", Duration::from_secs(30), || async {
        let instance = client.get(&format!("/api/v1/workflow-instances/{id}")).await.ok()?.json();
        (instance["status"] != "RUNNING" && instance["status"] != "CREATED").then_some(instance)
    })
    .await
}

fn status<'a>(instance: &'a Value, node: &str) -> &'a str {
    let nodes = instance["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    nodes.iter().find(|n| n["node_id"] == node).and_then(|n| n["status"].as_str()).unwrap_or("absent")
}
