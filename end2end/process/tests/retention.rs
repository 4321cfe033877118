//! Retention: kill -9 in the middle of deleting leaves nothing half, what is gone answers 404, and what nobody gave a time stays.

use std::cell::RefCell;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use heddle_process_tests::place::Place;
use heddle_process_tests::{round, rounds};
use heddle_testkit::{Client, Heddle, until};
use reqwest::Method;
use serde_json::{Value, json};

const BATCH: usize = 300;
/// Steps of an instance: each a row of its journal.
const STEPS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_in_retention_delete_leaves_nothing_half_on_sqlite() -> Result<()> {
    killed(&Place::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_in_retention_delete_leaves_nothing_half_on_postgres() -> Result<()> {
    killed(&Place::postgres()?).await
}

async fn killed(place: &Place) -> Result<()> {
    let plan = place.plan()?;
    let server = plan.clone().start().await?;
    let client = round::sign_in(&server).await?;
    make(&client, "kept", &json!({})).await?;
    make(&client, "short-lived", &json!({"retention": "1h"})).await?;
    let kept = ended(&client, "kept", 10).await?;
    let mut going = Vec::new();
    for _ in 0..rounds().min(8) {
        going.extend(ended(&client, "short-lived", BATCH).await?);
    }
    server.terminate(Duration::from_secs(15)).await?;

    // Too young: nothing goes.
    ensure!(prune(&plan)?.starts_with("instances 0\n"), "what has just ended was deleted");
    let of = "workflow_id = (SELECT id FROM workflow WHERE name = 'short-lived')";
    place.sql(&format!(
        "UPDATE workflow_instance SET ended_at = ended_at - 7200000, updated_at = updated_at - 7200000 WHERE {of}"
    ))?;
    let mut cut = 0;
    for _ in 0..rounds() {
        let before = left(place)?;
        let process = plan.command(&["prune"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let process = RefCell::new(process);
        let begun = until("something to go", Duration::from_secs(60), || async {
            let ended = process.borrow_mut().try_wait().ok()?.is_some();
            (ended || left(place).ok()? < before).then_some(ended)
        })
        .await?;
        process.borrow_mut().kill()?;
        process.borrow_mut().wait()?;
        cut += usize::from(!begun);
        whole(place)?;
    }
    ensure!(cut > 0, "no pass was cut off: this test has shown nothing");
    let said = prune(&plan)?;
    ensure!(left(place)? == 0 && place.sql("SELECT count(*) FROM pruned_instance")? == "0", "{said}");
    whole(place)?;
    println!("{cut} of {} passes were cut off", rounds());

    let verified = plan.command(&["verify"]).output()?;
    let text = String::from_utf8_lossy(&verified.stdout);
    ensure!(verified.status.code() == Some(0) && text.contains("problems 0"), "{text}");
    let server = plan.start().await?;
    let client = round::sign_in(&server).await?;
    for id in &kept {
        let found = client.get(&format!("/api/v1/workflow-instances/{id}")).await?.expect_status(200)?;
        ensure!(found["status"] == "COMPLETED", "{found}");
    }
    gone(&client, going.first().context("one")?).await
}

/// Whatever comes for an instance that was deleted is told so.
async fn gone(client: &Client, id: &str) -> Result<()> {
    let path = format!("/api/v1/workflow-instances/{id}");
    for (method, path, body) in [
        (Method::GET, path.clone(), None),
        (Method::GET, format!("{path}/events"), None),
        (Method::PUT, format!("{path}/actions/retry"), Some(json!({}))),
        (Method::PUT, format!("{path}/actions/rollback"), Some(json!({"to_seq": 2}))),
        (Method::PATCH, format!("{path}/variables"), Some(json!({"x": 1}))),
    ] {
        let mut request = client.request(method.clone(), &path);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = client.send(request).await?;
        ensure!(answer.status.as_u16() == 404, "{method} {path}: {} {}", answer.status, answer.text);
        ensure!(answer.text.contains("NOT_FOUND"), "{method} {path}: {}", answer.text);
    }
    Ok(())
}

async fn make(client: &Client, name: &str, settings: &Value) -> Result<()> {
    let id = |step: usize| format!("s{step}");
    let mut nodes = vec![json!({"id": "start", "type": "start"})];
    nodes.extend((1..=STEPS).map(|step| json!({"id": id(step), "type": "echo", "config": {"value": step}})));
    nodes.push(json!({"id": "end", "type": "end"}));
    let mut edges = vec![json!({"from": "start", "to": id(1)}), json!({"from": id(STEPS), "to": "end"})];
    edges.extend((1..STEPS).map(|step| json!({"from": id(step), "to": id(step + 1)})));
    let definition = json!({"name": name, "settings": settings, "nodes": nodes, "edges": edges});
    client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    Ok(())
}

/// Starts so many and waits for the end of all.
async fn ended(client: &Client, workflow: &str, count: usize) -> Result<Vec<String>> {
    let wish = json!({"items": vec![json!({"workflow": workflow, "input": {}}); count]});
    let answer = client.post("/api/v1/workflow-instances/batch", &wish).await?.expect_status(202)?;
    let items = answer["items"].as_array().context("items")?;
    let ids: Vec<String> = items.iter().filter_map(|item| Some(item["id"].as_str()?.to_owned())).collect();
    ensure!(ids.len() == count, "{answer}");
    for item in items {
        client.wait_for(item, "COMPLETED").await?;
    }
    Ok(ids)
}

fn prune(plan: &Heddle) -> Result<String> {
    let output = plan.command(&["prune"]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// Instances that are still there and shall go.
fn left(place: &Place) -> Result<u64> {
    let of = "workflow_id = (SELECT id FROM workflow WHERE name = 'short-lived')";
    Ok(place.sql(&format!("SELECT count(*) FROM workflow_instance WHERE {of}"))?.parse()?)
}

/// An instance that is there has its whole journal; what one that is gone has left behind is noted.
fn whole(place: &Place) -> Result<()> {
    let half = "SELECT count(*) FROM workflow_instance i WHERE i.seq <> (SELECT coalesce(sum(j.count), 0) FROM journal j WHERE j.instance_id = i.id)";
    ensure!(place.sql(half)? == "0", "instances without their whole history");
    let lost = "SELECT count(*) FROM journal j WHERE NOT EXISTS (SELECT 1 FROM workflow_instance i WHERE i.id = j.instance_id) \
        AND NOT EXISTS (SELECT 1 FROM pruned_instance p WHERE p.id = j.instance_id)";
    ensure!(place.sql(lost)? == "0", "rows that nobody will ever delete");
    Ok(())
}
