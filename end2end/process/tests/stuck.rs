//! G10: nothing is stuck silently. The auditor finds an instance whose cause was taken away, and no other; a task that takes its server down with it
//! ends as an incident.

use std::time::Duration;

use anyhow::{Result, ensure};
use heddle_process_tests::place::Place;
use heddle_process_tests::{checker, round};
use heddle_testkit::{Client, until};
use serde_json::{Value, json};

/// The auditor's first look, and the time it leaves to what is on its way, with room for a busy machine.
const FOUND: Duration = Duration::from_secs(60);
/// As many lost attempts make a task poisonous.
const ATTEMPTS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_an_instance_without_a_cause_is_told_on_sqlite() -> Result<()> {
    told(&Place::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_an_instance_without_a_cause_is_told_on_postgres() -> Result<()> {
    told(&Place::postgres()?).await
}

/// One of everything that an instance may wait for; the first is the one that is broken.
const WAITS: [(&str, &str); 9] = [
    ("broken", r#"{"type": "timer", "config": {"duration": "1h"}}"#),
    ("timer", r#"{"type": "timer", "config": {"duration": "1h"}}"#),
    ("job", r#"{"type": "task", "action": "nobody-does-this"}"#),
    ("message", r#"{"type": "message", "config": {"name": "never"}}"#),
    ("signal", r#"{"type": "signal", "config": {"name": "never"}}"#),
    ("condition", r#"{"type": "condition", "config": {"when": "${n > 1}"}}"#),
    ("human", r#"{"type": "human", "config": {"title": "Decide"}}"#),
    ("guard", r#"{"type": "transform", "guard": "${n > 1}", "config": {"set": {"x": 1}}}"#),
    ("incident", r#"{"type": "transform", "on_error": "incident", "config": {"value": "${1 / (n - 1)}"}}"#),
];

async fn told(place: &Place) -> Result<()> {
    let server = place.plan()?.start().await?;
    let client = round::sign_in(&server).await?;
    for (name, node) in WAITS {
        let mut node: Value = serde_json::from_str(node)?;
        node["id"] = json!("waits");
        let definition = json!({
            "name": name,
            "nodes": [{"id": "start", "type": "start"}, node, {"id": "end", "type": "end"}],
            "edges": [{"from": "start", "to": "waits"}, {"from": "waits", "to": "end"}],
        });
        client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
        let started = client.start(name, json!({"n": 1})).await?;
        client.wait_for(&started, "RUNNING").await?;
        if name == "timer" {
            // A caller waits for what it has called.
            let caller = json!({
                "name": "caller",
                "nodes": [{"id": "start", "type": "start"}, {"id": "calls", "type": "call", "config": {"workflow": "timer"}}, {"id": "end", "type": "end"}],
                "edges": [{"from": "start", "to": "calls"}, {"from": "calls", "to": "end"}],
            });
            client.post("/api/v1/workflows", &caller).await?.expect_status(201)?;
            client.start("caller", json!({"n": 1})).await?;
            let paused = client.start("timer", json!({"n": 1})).await?;
            let id = paused["id"].as_str().unwrap_or_default();
            client
                .put(&format!("/api/v1/workflow-instances/{id}/actions/pause"), &json!({}))
                .await?
                .expect_status(200)?;
        }
    }
    let again = server.terminate(Duration::from_secs(15)).await?;
    let broken = "(SELECT i.id FROM workflow_instance i JOIN workflow w ON w.workspace_id = i.workspace_id AND w.id = i.workflow_id WHERE w.name = 'broken')";
    place.sql(&format!("DELETE FROM timer WHERE instance_id = {broken}"))?;
    let server = again.start().await?;
    let client = server.client()?;
    let stuck = until("the auditor to have looked", FOUND, || async {
        // It says how many there are when it has looked at all of them.
        figure(&client, "heddle_instances_without_cause").await
    })
    .await?;
    let looked = figure(&client, "heddle_instances_audited_total").await;
    ensure!(stuck == 1.0, "{stuck} of {looked:?} are told to be stuck\n{}", server.log());
    // All that are open but the paused one, which waits for a person; with the child that was called.
    ensure!(looked == Some(11.0), "it looked at {looked:?}");
    ensure!(server.log().contains("nothing will ever move this instance"), "{}", server.log());
    Ok(())
}

async fn figure(client: &Client, name: &str) -> Option<f64> {
    let text = client.get("/metrics").await.ok()?.text;
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_a_task_that_kills_its_server_is_poisoned() -> Result<()> {
    let place = Place::sqlite()?;
    let mut server = place.plan()?.start().await?;
    let client = round::sign_in(&server).await?;
    let definition = json!({
        "name": "poison",
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "kills", "type": "script", "config": {"source": "for (;;) {}", "time_ms": 10_000}},
            {"id": "end", "type": "end"},
        ],
        "edges": [{"from": "start", "to": "kills"}, {"from": "kills", "to": "end"}],
    });
    client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    let instance = client.start("poison", json!({})).await?;
    let id = instance["id"].as_str().unwrap_or_default().to_owned();
    // What is lost is counted before the next attempt begins: a server that dies at once has counted too.
    for lost in 0..ATTEMPTS {
        let client = round::sign_in(&server).await?;
        until("the attempt to be counted", Duration::from_secs(30), || async {
            (attempts_lost(&client, &id).await.ok()? == lost).then_some(())
        })
        .await?;
        ensure!(incident(&client, &id).await? == Value::Null, "poisoned after {lost} lost attempts");
        server = server.kill()?.start().await?;
    }
    let client = round::sign_in(&server).await?;
    let found = until("the incident", Duration::from_secs(30), || async {
        incident(&client, &id).await.ok().filter(|incident| !incident.is_null())
    })
    .await?;
    ensure!(found["kind"] == "poisoned" && found["node_id"] == "kills", "{found}");
    ensure!(attempts_lost(&client, &id).await? == ATTEMPTS, "it was begun again");
    let list = client.get("/api/v1/incidents?kind=poisoned").await?.expect_status(200)?;
    ensure!(list["items"].as_array().is_some_and(|items| items.len() == 1), "the dead-letter list: {list}");
    // The server is none the worse for it.
    let other = client.start("poison", json!({})).await?;
    client.wait_for(&other, "RUNNING").await?;
    Ok(())
}

async fn attempts_lost(client: &Client, id: &str) -> Result<usize> {
    let events = checker::events(client, id).await?;
    Ok(events.iter().filter(|event| event["type"] == "node.attempt_lost").count())
}

async fn incident(client: &Client, id: &str) -> Result<Value> {
    let list = client.get(&format!("/api/v1/incidents?instance={id}")).await?.expect_status(200)?;
    Ok(list["items"][0].clone())
}
