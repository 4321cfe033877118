//! `/api/v1/messages`, `/api/v1/signals`, calls between workflows.

use crate::support::{World, make, on_both, unique};
use anyhow::Result;
use serde_json::{Value, json};

on_both!(
    a_message_by_name_and_key_reaches_one_receiver,
    a_signal_reaches_all_who_wait,
    a_task_publishes_a_message_and_a_signal,
    a_workflow_calls_another_and_lists_it,
    a_mutex_of_the_workspace_spans_workflows
);

fn receiver(name: &str, message: &str) -> Value {
    json!({
        "name": name, "outputs": { "amount": "${amount}" },
        "nodes": [
            { "id": "start", "type": "start" },
            { "id": "paid", "type": "message", "config": { "name": message, "key": "${order}" }, "output": { "amount": "${output.amount}" } },
            { "id": "done", "type": "end" },
        ],
        "edges": [{ "from": "start", "to": "paid" }, { "from": "paid", "to": "done" }],
    })
}

async fn a_message_by_name_and_key_reaches_one_receiver(world: &World) -> Result<()> {
    let admin = world.admin();
    let (name, message) = (unique("receiver"), unique("paid"));
    make(&admin, &receiver(&name, &message)).await?;
    let first = admin.start(&name, json!({ "order": "a" })).await?;
    let path = format!("/api/v1/messages/{message}");
    let other = admin.post(&path, &json!({ "key": "b", "payload": {}, "ttl": 0 })).await?.expect_status(409)?;
    assert_eq!(other["code"], "NO_RECEIVER");
    let sent = admin.post(&path, &json!({ "key": "a", "payload": { "amount": 5 } })).await?.expect_status(202)?;
    assert_eq!(sent["receiver"], first["id"]);
    let ended = admin.wait_for(&first, "COMPLETED").await?;
    assert_eq!(ended["output"], json!({ "amount": 5 }));
    // Kept for the one who comes next.
    let kept =
        admin.post(&path, &json!({ "key": "a", "payload": { "amount": 6 }, "ttl": "1h" })).await?.expect_status(202)?;
    assert!(kept.get("receiver").is_none(), "{kept}");
    let second = admin.start(&name, json!({ "order": "a" })).await?;
    assert_eq!(admin.wait_for(&second, "COMPLETED").await?["output"], json!({ "amount": 6 }));
    admin.post(&path, &json!({ "key": "a", "ttl": "soon" })).await?.expect_status(422)?;
    world.somebody("default", "viewer").await?.post(&path, &json!({ "key": "a" })).await?.expect_status(403)?;
    Ok(())
}

async fn a_signal_reaches_all_who_wait(world: &World) -> Result<()> {
    let admin = world.admin();
    let (name, signal) = (unique("listener"), unique("go"));
    let definition = json!({
        "name": name,
        "nodes": [{ "id": "start", "type": "start" }, { "id": "wait", "type": "signal", "config": { "name": signal } }, { "id": "done", "type": "end" }],
        "edges": [{ "from": "start", "to": "wait" }, { "from": "wait", "to": "done" }],
    });
    make(&admin, &definition).await?;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(admin.start(&name, json!({})).await?);
    }
    let path = format!("/api/v1/signals/{signal}");
    let sent = admin.post(&path, &json!({ "payload": 1 })).await?.expect_status(202)?;
    assert_eq!(sent["receivers"], 5);
    for instance in &waiting {
        admin.wait_for(instance, "COMPLETED").await?;
    }
    assert_eq!(admin.post(&path, &json!({})).await?.expect_status(202)?["receivers"], 0);
    Ok(())
}

async fn a_task_publishes_a_message_and_a_signal(world: &World) -> Result<()> {
    let admin = world.admin();
    let (name, message, signal) = (unique("receiver"), unique("paid"), unique("go"));
    make(&admin, &receiver(&name, &message)).await?;
    let listener = unique("listener");
    let listens = json!({
        "name": listener,
        "nodes": [{ "id": "start", "type": "start" }, { "id": "wait", "type": "signal", "config": { "name": signal } }, { "id": "done", "type": "end" }],
        "edges": [{ "from": "start", "to": "wait" }, { "from": "wait", "to": "done" }],
    });
    make(&admin, &listens).await?;
    let publisher = unique("publisher");
    let publishes = json!({
        "name": publisher, "outputs": { "receipt": "${receipt}" }, "variables": { "receipt": null },
        "nodes": [
            { "id": "start", "type": "start" },
            { "id": "tell", "type": "publish", "config": { "message": message, "key": "${order}", "payload": { "amount": 7 } }, "output": { "receipt": "${output}" } },
            { "id": "all", "type": "task", "action": "publish", "config": { "signal": signal } },
            { "id": "done", "type": "end" },
        ],
        "edges": [{ "from": "start", "to": "tell" }, { "from": "tell", "to": "all" }, { "from": "all", "to": "done" }],
    });
    make(&admin, &publishes).await?;
    let waiting = admin.start(&name, json!({ "order": "a" })).await?;
    let listening = admin.start(&listener, json!({})).await?;
    let sender = admin.start(&publisher, json!({ "order": "a" })).await?;
    let sent = admin.wait_for(&sender, "COMPLETED").await?;
    assert_eq!(
        (&sent["output"]["receipt"]["message"], &sent["output"]["receipt"]["key"]),
        (&json!(message), &json!("a"))
    );
    assert_eq!(admin.wait_for(&waiting, "COMPLETED").await?["output"], json!({ "amount": 7 }));
    admin.wait_for(&listening, "COMPLETED").await?;
    // Kept for the one who comes next, once.
    admin.wait_for(&admin.start(&publisher, json!({ "order": "b" })).await?, "COMPLETED").await?;
    let late = admin.start(&name, json!({ "order": "b" })).await?;
    admin.wait_for(&late, "COMPLETED").await?;
    let wrong = json!({
        "name": unique("wrong"),
        "nodes": [{ "id": "start", "type": "start" }, { "id": "tell", "type": "publish", "config": { "message": "a", "signal": "b" } }, { "id": "done", "type": "end" }],
        "edges": [{ "from": "start", "to": "tell" }, { "from": "tell", "to": "done" }],
    });
    admin.post("/api/v1/workflows", &wrong).await?.expect_status(422)?;
    Ok(())
}

async fn a_workflow_calls_another_and_lists_it(world: &World) -> Result<()> {
    let admin = world.admin();
    let (inner, outer) = (unique("inner"), unique("outer"));
    let called = json!({
        "name": inner, "inputs": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } },
        "outputs": { "double": "${n * 2}" },
        "nodes": [{ "id": "start", "type": "start" }, { "id": "one", "type": "echo", "config": { "value": 1 } }, { "id": "done", "type": "end" }],
        "edges": [{ "from": "start", "to": "one" }, { "from": "one", "to": "done" }],
    });
    make(&admin, &called).await?;
    let caller = |input: Value| {
        json!({
            "name": outer, "outputs": { "result": "${result}" }, "variables": { "result": 0 },
            "nodes": [
                { "id": "start", "type": "start" },
                { "id": "call", "type": "call", "config": { "workflow": inner, "input": input }, "output": { "result": "${output.double}" } },
                { "id": "done", "type": "end" },
            ],
            "edges": [{ "from": "start", "to": "call" }, { "from": "call", "to": "done" }],
        })
    };
    make(&admin, &caller(json!({ "n": "${n}" }))).await?;
    let instance = admin.start(&outer, json!({ "n": 21 })).await?;
    let ended = admin.wait_for(&instance, "COMPLETED").await?;
    assert_eq!(ended["output"], json!({ "result": 42 }));
    let children = admin
        .get(&format!("/api/v1/workflow-instances/{}/children", instance["id"].as_str().unwrap()))
        .await?
        .expect_status(200)?;
    assert_eq!(children["items"].as_array().unwrap().len(), 1);
    assert_eq!(children["items"][0]["workflow"], inner.as_str());
    // What does not fit the schema of the called workflow fails the node that calls.
    let wrong = admin.start(&outer, json!({ "n": "many" })).await?;
    let failed = admin.wait_for(&wrong, "FAILED").await?;
    assert_eq!(failed["error"]["code"], "INVALID_INPUT", "{failed:#}");
    admin.get("/api/v1/workflow-instances/wi_00000000000000000000000000/children").await?.expect_status(404)?;
    Ok(())
}

async fn a_mutex_of_the_workspace_spans_workflows(world: &World) -> Result<()> {
    let admin = world.admin();
    let (name, mutex, job) = (unique("press"), unique("m"), unique("pressJob"));
    let definition = json!({
        "name": name,
        "nodes": [
            { "id": "start", "type": "start" },
            { "id": "press", "type": "task", "action": job, "mutex": { "name": mutex, "level": "workspace" } },
            { "id": "done", "type": "end" },
        ],
        "edges": [{ "from": "start", "to": "press" }, { "from": "press", "to": "done" }],
    });
    make(&admin, &definition).await?;
    let instances = [admin.start(&name, json!({})).await?, admin.start(&name, json!({})).await?];
    for instance in &instances {
        let wish = json!({ "types": [job], "worker": "w", "max_jobs": 10, "wait_ms": 10_000 });
        let given = admin.post("/api/v1/jobs/activate", &wish).await?.expect_status(200)?;
        let jobs = given["jobs"].as_array().unwrap();
        assert_eq!(jobs.len(), 1, "one at a time: {jobs:?}");
        assert_eq!(jobs[0]["instance_id"], instance["id"], "first come first served");
        let done = format!("/api/v1/jobs/{}/complete", jobs[0]["id"].as_str().unwrap());
        admin.post(&done, &json!({ "token": jobs[0]["token"], "output": null })).await?;
        admin.wait_for(instance, "COMPLETED").await?;
    }
    Ok(())
}
