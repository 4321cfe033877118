//! `/api/v1/workflow-instances/{id}/actions`, `/variables`, `/tasks`, `/messages`.

use crate::support::{World, make, node_status, on_both, one_job, unique};
use anyhow::Result;
use serde_json::{Value, json};

on_both!(
    actions_follow_the_life_cycle, variables_are_merged, waiting_tasks_are_completed_by_hand,
    failed_instances_are_retried, messages_reach_what_waits
);

async fn waiting(world: &World) -> Result<(Value, String)> {
    let admin = world.admin();
    let name = unique("steer");
    make(&admin, &one_job(&name, &unique("nobodyDoesThis"))).await?;
    let instance = admin.start(&name, json!({"a": 1, "b": {"c": 2}})).await?;
    let path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap());
    Ok((instance, path))
}

async fn actions_follow_the_life_cycle(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, path) = waiting(world).await?;
    let act = |action: &str| format!("{path}/actions/{action}");
    let dry = admin.put(&format!("{}?dry_run=true", act("pause")), &json!({})).await?.expect_status(200)?;
    assert_eq!(dry["status"], "PAUSED");
    assert_eq!(admin.get(&path).await?.expect_status(200)?["status"], "RUNNING", "a dry run changes nothing");
    let problem = admin.put(&act("resume"), &json!({})).await?.expect_status(409)?;
    assert_eq!(
        (problem["code"].as_str(), problem["from"].as_str(), problem["to"].as_str()),
        (Some("ILLEGAL_TRANSITION"), Some("RUNNING"), Some("RUNNING")),
        "{problem}"
    );
    assert_eq!(admin.put(&act("pause"), &json!({"timers": "freeze"})).await?.expect_status(200)?["status"], "PAUSED");
    assert_eq!(admin.put(&act("resume"), &json!({})).await?.expect_status(200)?["status"], "RUNNING");
    assert_eq!(
        admin.put(&act("terminate"), &json!({"reason": "不需要了"})).await?.expect_status(200)?["status"],
        "TERMINATED"
    );
    assert_eq!(admin.put(&act("pause"), &json!({})).await?.expect_status(409)?["code"], "ILLEGAL_TRANSITION");
    admin.put(&act("pause"), &json!({"unknown": 1})).await?.expect_status(422)?;
    Ok(())
}

async fn variables_are_merged(world: &World) -> Result<()> {
    let admin = world.admin();
    let (instance, path) = waiting(world).await?;
    let patch = |query: &str, body: Value| {
        admin.request(reqwest::Method::PATCH, &format!("{path}/variables{query}")).json(&body)
    };
    let changed = admin.send(patch("", json!({"a": null, "b": {"d": 3}, "变量": "值"}))).await?.expect_status(200)?;
    assert_eq!(changed["variables"], json!({"b": {"c": 2, "d": 3}, "变量": "值"}));
    let seen = instance["seq"].as_u64().unwrap();
    let stale = admin.send(patch(&format!("?expected_seq={seen}"), json!({"x": 1}))).await?;
    assert_eq!(stale.expect_status(409)?["code"], "CONFLICT");
    let now = changed["seq"].as_u64().unwrap();
    admin.send(patch(&format!("?expected_seq={now}"), json!({"x": 1}))).await?.expect_status(200)?;
    Ok(())
}

async fn waiting_tasks_are_completed_by_hand(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, path) = waiting(world).await?;
    admin.post(&format!("{path}/tasks/unknown/complete"), &json!({})).await?.expect_status(404)?;
    let done = admin
        .post(&format!("{path}/tasks/%E5%B7%A5%E4%BD%9C/complete"), &json!({"output": {"by": "hand"}}))
        .await?
        .expect_status(200)?;
    assert_eq!((done["status"].as_str(), node_status(&done, "工作").as_str()), (Some("COMPLETED"), "COMPLETED"));
    let (instance, path) = waiting(world).await?;
    let node = instance["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == "工作").unwrap();
    let body = json!({"code": "LOST", "message": "gone", "retryable": false});
    let failed =
        admin.post(&format!("{path}/tasks/{}/fail", node["id"].as_str().unwrap()), &body).await?.expect_status(200)?;
    assert_eq!(
        (failed["status"].as_str(), failed["error"]["code"].as_str()),
        (Some("FAILED"), Some("LOST")),
        "{failed:#}"
    );
    Ok(())
}

async fn failed_instances_are_retried(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, path) = waiting(world).await?;
    admin
        .post(&format!("{path}/tasks/%E5%B7%A5%E4%BD%9C/fail"), &json!({"code": "LOST", "retryable": false}))
        .await?
        .expect_status(200)?;
    let again = admin
        .put(&format!("{path}/actions/retry"), &json!({"reason": "mended", "variables": {"a": 2}}))
        .await?
        .expect_status(200)?;
    assert_eq!(
        (again["status"].as_str(), node_status(&again, "工作").as_str(), &again["variables"]["a"]),
        (Some("RUNNING"), "RUNNING", &json!(2)),
        "{again:#}"
    );
    let skipped = admin.put(&format!("{path}/actions/skip"), &json!({"node": "工作"})).await?.expect_status(200)?;
    assert_eq!(
        (skipped["status"].as_str(), node_status(&skipped, "工作").as_str()),
        (Some("COMPLETED"), "SKIPPED"),
        "{skipped:#}"
    );
    Ok(())
}

async fn messages_reach_what_waits(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("messages");
    let definition = json!({
        "name": name,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "choose", "type": "event_gateway"},
            {"id": "已付款", "type": "message", "config": {"name": "payment"}},
            {"id": "late", "type": "timer", "config": {"duration": "1h"}},
            {"id": "end", "type": "end"}
        ],
        "edges": [
            {"from": "start", "to": "choose"}, {"from": "choose", "to": "已付款"}, {"from": "choose", "to": "late"},
            {"from": "已付款", "to": "end"}, {"from": "late", "to": "end"}
        ]
    });
    make(&admin, &definition).await?;
    let instance = admin.start(&name, json!({})).await?;
    let path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap());
    let other = admin.post(&format!("{path}/messages/refund"), &json!({"payload": {"amount": 5}})).await?;
    assert_eq!(other.expect_status(200)?["status"], "RUNNING", "nothing waits for it");
    let sent = admin
        .post(&format!("{path}/messages/payment"), &json!({"payload": {"amount": 5}}))
        .await?
        .expect_status(200)?;
    assert_eq!(sent["status"], "COMPLETED", "{sent}");
    assert_eq!(node_status(&sent, "已付款"), "COMPLETED");
    assert_eq!(node_status(&sent, "late"), "SKIPPED");
    admin.post(&format!("{path}/messages/payment"), &json!({"unknown": 1})).await?.expect_status(422)?;
    Ok(())
}
