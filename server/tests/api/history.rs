//! `/api/v1/workflow-instances/{id}/actions/rollback`, `/migrate`, `/retry` from a node or on another version, `/pause` of a node.

use crate::support::{World, make, node_status, on_both, unique};
use anyhow::Result;
use heddle_testkit::{Client, until};
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    it_goes_back_to_an_earlier_event,
    it_runs_again_from_a_node,
    it_goes_on_on_another_version,
    a_failed_one_is_retried_on_another_version,
    one_node_is_paused,
    many_are_migrated_as_a_batch
);

/// Two waiting tasks, one after the other; the first writes a variable.
fn two(name: &str, second: &str) -> Value {
    json!({
        "name": name,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "一", "type": "task", "action": "nobodyDoesThis", "output": {"first": "${output}"}},
            {"id": second, "type": "task", "action": "nobodyDoesThat", "on_error": "incident"},
            {"id": "end", "type": "end"}
        ],
        "edges": [{"from": "start", "to": "一"}, {"from": "一", "to": second}, {"from": second, "to": "end"}]
    })
}

/// At its second task, with the number of the event before the first one's end.
async fn at_second(client: &Client, name: &str) -> Result<(String, u64)> {
    let instance = client.start(name, json!({"a": 1})).await?;
    let path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap());
    let seq = instance["seq"].as_u64().unwrap();
    let done = client.post(&format!("{path}/tasks/%E4%B8%80/complete"), &json!({"output": 1})).await?;
    assert_eq!(done.expect_status(200)?["variables"]["first"], 1);
    Ok((path, seq))
}

/// The definition's next version.
async fn publish(client: &Client, definition: &Value) -> Result<()> {
    let path = format!("/api/v1/workflows/by-name/{}", definition["name"].as_str().unwrap());
    let status = client.put(&path, definition).await?.status.as_u16();
    assert_eq!(status, 200);
    Ok(())
}

async fn it_goes_back_to_an_earlier_event(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("history");
    make(&admin, &two(&name, "二")).await?;
    let (path, seq) = at_second(&admin, &name).await?;
    let back = format!("{path}/actions/rollback");
    let dry = admin.put(&format!("{back}?dry_run=true"), &json!({"to_seq": seq})).await?.expect_status(200)?;
    assert_eq!(dry["preview"]["runs"], json!(["一"]), "{dry:#}");
    assert_eq!(dry["preview"]["cancels"], json!(["二"]));
    assert_eq!(node_status(&admin.get(&path).await?.expect_status(200)?, "二"), "RUNNING", "a dry run changes nothing");
    let rolled = admin.put(&back, &json!({"to_seq": seq, "reason": "重来"})).await?.expect_status(200)?;
    assert_eq!(
        (node_status(&rolled, "一").as_str(), &rolled["variables"]),
        ("RUNNING", &json!({"a": 1})),
        "{rolled:#}"
    );
    assert_eq!(admin.put(&back, &json!({})).await?.expect_status(422)?["code"], "INVALID_INPUT");
    assert_eq!(admin.put(&back, &json!({"to_seq": 100_000})).await?.expect_status(409)?["code"], "CONFLICT");
    let events = admin.get(&format!("{path}/events?limit=200")).await?.expect_status(200)?;
    assert!(events["items"].as_array().unwrap().iter().any(|event| event["type"] == "command.rollback"));
    Ok(())
}

async fn it_runs_again_from_a_node(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("history");
    make(&admin, &two(&name, "二")).await?;
    let (path, _) = at_second(&admin, &name).await?;
    let body = json!({"from": "一", "variables": {"a": 2}});
    let again = admin.put(&format!("{path}/actions/retry"), &body).await?.expect_status(200)?;
    assert_eq!((node_status(&again, "一").as_str(), &again["variables"]), ("RUNNING", &json!({"a": 2})), "{again:#}");
    let nowhere = admin.put(&format!("{path}/actions/retry"), &json!({"from": "nowhere"})).await?;
    assert_eq!(nowhere.expect_status(404)?["code"], "NOT_FOUND");
    Ok(())
}

async fn it_goes_on_on_another_version(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("history");
    make(&admin, &two(&name, "二")).await?;
    let (path, _) = at_second(&admin, &name).await?;
    publish(&admin, &two(&name, "改")).await?;
    let migrate = format!("{path}/actions/migrate");
    let refused = admin.put(&migrate, &json!({"version": 2})).await?.expect_status(409)?;
    assert_eq!(refused["code"], "CONFLICT", "a live node has no counterpart: {refused}");
    let body = json!({"version": 2, "mapping": {"二": "改"}});
    let dry = admin.put(&format!("{migrate}?dry_run=true"), &body).await?.expect_status(200)?;
    assert_eq!(dry["version"], 2, "{dry:#}");
    assert_eq!(admin.get(&path).await?.expect_status(200)?["version"], 1, "a dry run changes nothing");
    let migrated = admin.put(&migrate, &body).await?.expect_status(200)?;
    assert_eq!((&migrated["version"], node_status(&migrated, "改").as_str()), (&json!(2), "RUNNING"), "{migrated:#}");
    let done = admin.post(&format!("{path}/tasks/%E6%94%B9/complete"), &json!({})).await?.expect_status(200)?;
    assert_eq!(done["status"], "COMPLETED");
    assert_eq!(admin.put(&migrate, &json!({})).await?.expect_status(422)?["code"], "INVALID_INPUT");
    assert_eq!(admin.put(&migrate, &json!({"version": 9})).await?.expect_status(404)?["code"], "NOT_FOUND");
    Ok(())
}

async fn a_failed_one_is_retried_on_another_version(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("history");
    make(&admin, &two(&name, "二")).await?;
    let (path, _) = at_second(&admin, &name).await?;
    let fault = json!({"code": "NO", "retryable": false});
    admin.post(&format!("{path}/tasks/%E4%BA%8C/fail"), &fault).await?.expect_status(200)?;
    publish(&admin, &two(&name, "改")).await?;
    let body = json!({"version": 2, "mapping": {"二": "改"}});
    let again = admin.put(&format!("{path}/actions/retry"), &body).await?.expect_status(200)?;
    assert_eq!((&again["version"], node_status(&again, "改").as_str()), (&json!(2), "RUNNING"), "{again:#}");
    assert_eq!(again["incidents"], json!([]));
    Ok(())
}

async fn one_node_is_paused(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("history");
    make(&admin, &two(&name, "二")).await?;
    let instance = admin.start(&name, json!({"a": 1})).await?;
    let path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap());
    let paused = admin.put(&format!("{path}/actions/pause"), &json!({"node": "二"})).await?.expect_status(200)?;
    assert_eq!(paused["status"], "RUNNING", "only the node is paused");
    let held = admin.post(&format!("{path}/tasks/%E4%B8%80/complete"), &json!({})).await?.expect_status(200)?;
    assert_eq!(node_status(&held, "二"), "PENDING");
    let waiting = admin.get(&format!("{path}/waiting?node=二")).await?.expect_status(200)?;
    assert_eq!(waiting["items"][0]["reasons"][0]["reason"], "paused", "{waiting:#}");
    let goes_on = admin.put(&format!("{path}/actions/resume"), &json!({"node": "二"})).await?.expect_status(200)?;
    assert_eq!(node_status(&goes_on, "二"), "RUNNING");
    Ok(())
}

async fn many_are_migrated_as_a_batch(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("history");
    make(&admin, &two(&name, "二")).await?;
    for _ in 0..3 {
        at_second(&admin, &name).await?;
    }
    publish(&admin, &two(&name, "改")).await?;
    let params = json!({"version": 2, "mapping": {"二": "改"}});
    let body = json!({"action": "migrate", "params": params, "filter": {"workflow": name, "version": 1}});
    let told = admin.post("/api/v1/batches?dry_run=true", &body).await?.expect_status(200)?;
    assert_eq!((&told["total"], &told["would_succeed"]), (&json!(3), &json!(3)), "{told:#}");
    let batch = admin.post("/api/v1/batches", &body).await?.expect_status(202)?;
    let path = format!("/api/v1/batches/{}", batch["id"].as_str().unwrap());
    let done = until("the batch to end", Duration::from_secs(60), || async {
        let batch = admin.get(&path).await.ok()?.json();
        (batch["status"] == "COMPLETED").then_some(batch)
    })
    .await?;
    assert_eq!(done["succeeded"], 3, "{done}");
    let list = admin.get(&format!("/api/v1/workflow-instances?workflow={name}&version=2")).await?.expect_status(200)?;
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    Ok(())
}
