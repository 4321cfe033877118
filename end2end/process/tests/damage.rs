//! G15: one damaged bit is found and named, with its instance and its event; that instance stops with an incident, and nothing else does.

use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use heddle_process_tests::place::Place;
use heddle_process_tests::round;
use heddle_testkit::{Client, Heddle, until};
use reqwest::Method;
use serde_json::{Value, json};

/// Instances whose events get a damaged bit each; as many again stay whole.
fn flips() -> usize {
    if std::env::var_os("HEDDLE_LONG").is_some() { 400 } else { 100 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g15_a_damaged_bit_is_found_named_and_kept_in_on_sqlite() -> Result<()> {
    found(&Place::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g15_a_damaged_bit_is_found_named_and_kept_in_on_postgres() -> Result<()> {
    found(&Place::postgres()?).await
}

async fn found(place: &Place) -> Result<()> {
    let plan = place.plan()?;
    let server = plan.clone().start().await?;
    let client = round::sign_in(&server).await?;
    let short = start(&client, ("short", Value::Null), 2 * flips()).await?;
    for id in &short {
        // A second row of the journal.
        let path = format!("/api/v1/workflow-instances/{id}/variables");
        let changed = client.send(client.request(Method::PATCH, &path).json(&json!({"seen": true}))).await?;
        ensure!(changed.status.is_success(), "{}", changed.text);
    }
    let items: Vec<usize> = (0..200).collect();
    let many = json!({"id": "many", "type": "foreach", "config": {"items": items},
        "body": {"nodes": [{"id": "one", "type": "transform", "config": {"value": "${item}"}}], "edges": []}});
    let long = start(&client, ("long", many), SNAPSHOTS.len()).await?;
    let rows = start(&client, ("row", Value::Null), ROWS.len()).await?;
    server.terminate(Duration::from_secs(15)).await?;
    let whole = plan.command(&["verify"]).output()?;
    ensure!(whole.status.code() == Some(0) && text(&whole).contains("problems 0"), "{}", text(&whole));
    ensure!(place.sql("SELECT count(*) FROM snapshot")? == SNAPSHOTS.len().to_string(), "no snapshots");

    let mut damaged = Vec::new();
    for (number, id) in short.iter().step_by(2).enumerate() {
        damaged.push((id.clone(), flip(place, id, number)?));
    }
    for (id, sql) in long.iter().zip(SNAPSHOTS).chain(rows.iter().zip(ROWS)) {
        place.sql(&sql.replace("{id}", &literal(place, id)))?;
        damaged.push((id.clone(), String::new()));
    }
    verified(&plan, &damaged)?;
    // Twice: the incidents that it has opened are no damage, and no second ones are opened.
    verified(&plan, &damaged)?;

    let server = plan.start().await?;
    let client = round::sign_in(&server).await?;
    let list = client.get("/api/v1/incidents?kind=quarantined&limit=200").await?.expect_status(200)?;
    ensure!(list["items"].as_array().map(Vec::len) == Some(damaged.len().min(200)), "{list}");
    // Those that are whole go on.
    let wish = json!({"types": ["damage-desk"], "worker": "w", "max_jobs": 500, "wait_ms": 10_000});
    let given = client.post("/api/v1/jobs/activate", &wish).await?.expect_status(200)?;
    let (mut done, mut refused) = (0, 0);
    for job in given["jobs"].as_array().context("jobs")? {
        let id = job["id"].as_str().context("id")?;
        let answer = client.post(&format!("/api/v1/jobs/{id}/complete"), &json!({"token": job["token"]})).await?;
        let instance = job["instance_id"].as_str().unwrap_or_default();
        let is_unread = damaged.iter().any(|(other, event)| other == instance && !event.is_empty());
        match answer.status.as_u16() {
            200..=299 if !is_unread => done += 1,
            409 if is_unread => refused += 1,
            // The row or the snapshot is damaged: whether it still goes on depends on what is read of it.
            _ if damaged.iter().any(|(other, event)| other == instance && event.is_empty()) => {}
            _ => anyhow::bail!("{instance}: {}", answer.text),
        }
    }
    ensure!(done >= flips() / 2 && refused >= flips() / 2, "{done} done, {refused} refused");
    ensure!(client.get("/readyz").await?.status.is_success(), "the server has stopped");
    // A server that meets damage itself tells it too.
    let fresh = start(&client, ("fresh", Value::Null), 1).await?.pop().context("one")?;
    let again = server.terminate(Duration::from_secs(15)).await?;
    flip(place, &fresh, 7)?;
    let server = again.start().await?;
    let client = round::sign_in(&server).await?;
    let path = format!("/api/v1/workflow-instances/{fresh}/variables");
    let refused = client.send(client.request(Method::PATCH, &path).json(&json!({"seen": true}))).await?;
    ensure!(refused.status.as_u16() == 409 && refused.text.contains("QUARANTINED"), "{}", refused.text);
    until("the incident", Duration::from_secs(10), || async {
        let list = client.get(&format!("/api/v1/incidents?instance={fresh}")).await.ok()?.json();
        (list["items"][0]["kind"] == "quarantined").then_some(())
    })
    .await
}

/// Damage to snapshots: of the state, of its checksum, of the event that it is of.
const SNAPSHOTS: [&str; 2] = [
    "UPDATE snapshot SET checksum = CASE WHEN checksum % 2 = 0 THEN checksum + 1 ELSE checksum - 1 END WHERE instance_id = {id}",
    "UPDATE snapshot SET seq = seq - 1 WHERE instance_id = {id}",
];

/// Damage to rows that are derived from the journal, and to its numbers.
const ROWS: [&str; 8] = [
    "UPDATE workflow_instance SET status = 'RUNNIOG' WHERE id = {id}",
    "UPDATE workflow_instance SET seq = seq + 1 WHERE id = {id}",
    "UPDATE workflow_instance SET nodes_ended = nodes_ended + 4 WHERE id = {id}",
    "UPDATE workflow_instance SET updated_at = updated_at + 1024 WHERE id = {id}",
    "UPDATE journal SET count = count + 8 WHERE instance_id = {id}",
    "UPDATE journal SET first_seq = first_seq + 2 WHERE instance_id = {id}",
    "UPDATE journal SET checksum = CASE WHEN checksum % 2 = 0 THEN checksum + 1 ELSE checksum - 1 END WHERE instance_id = {id}",
    "DELETE FROM job WHERE instance_id = {id}",
];

/// `heddle verify` names every damaged instance, with the event where that is known, and no other; and ends with 2.
fn verified(plan: &Heddle, damaged: &[(String, String)]) -> Result<()> {
    let output = plan.command(&["verify"]).output()?;
    let said = text(&output);
    ensure!(output.status.code() == Some(2), "ended with {}: {said}", output.status);
    let named: Vec<&str> = said.lines().filter(|line| line.starts_with("instance ")).collect();
    for (id, event) in damaged {
        let line = named.iter().find(|line| line.contains(id.as_str()));
        let line = line.with_context(|| format!("{id} is not named"))?;
        ensure!(line.contains(event.as_str()), "{line}: {event} is damaged");
    }
    ensure!(named.len() == damaged.len(), "{} are damaged, {} are named: {said}", damaged.len(), named.len());
    Ok(())
}

/// Flips one bit in the events of a row of the journal, another row and another bit for each number; gives what `verify` must say.
fn flip(place: &Place, id: &str, number: usize) -> Result<String> {
    let id = literal(place, id);
    let which = if number.is_multiple_of(2) { "min" } else { "max" };
    let row =
        format!("instance_id = {id} AND first_seq = (SELECT {which}(first_seq) FROM journal WHERE instance_id = {id})");
    let seq = if place.is_postgres() {
        let bit = format!("({} % (length(events) * 8))", number * 7_919);
        let flipped = format!("set_bit(events, {bit}, 1 - get_bit(events, {bit}))");
        place.sql(&format!("UPDATE journal SET events = {flipped} WHERE {row} RETURNING first_seq"))?
    } else {
        let hex = place.sql(&format!("SELECT hex(events) FROM journal WHERE {row}"))?;
        let digit = number * 7_919 % hex.len();
        let before = hex[digit..=digit].chars().next().and_then(|digit| digit.to_digit(16)).context("hex")?;
        let after = format!("{}{:x}{}", &hex[..digit], before ^ (1 << (number % 4)), &hex[digit + 1..]);
        place.sql(&format!("UPDATE journal SET events = x'{after}' WHERE {row}"))?;
        place.sql(&format!("SELECT first_seq FROM journal WHERE {row}"))?
    };
    Ok(format!("event {seq}:"))
}

async fn start(client: &Client, (name, before): (&str, Value), count: usize) -> Result<Vec<String>> {
    let mut nodes = vec![json!({"id": "start", "type": "start"})];
    nodes.extend(Some(before).filter(|node| !node.is_null()));
    nodes.push(json!({"id": "desk", "type": "task", "action": "damage-desk"}));
    nodes.push(json!({"id": "end", "type": "end"}));
    let edges: Vec<Value> = nodes.windows(2).map(|pair| json!({"from": pair[0]["id"], "to": pair[1]["id"]})).collect();
    client
        .post("/api/v1/workflows", &json!({"name": name, "nodes": nodes, "edges": edges}))
        .await?
        .expect_status(201)?;
    let items: Vec<Value> = (0..count).map(|n| json!({"workflow": name, "input": {"n": n}})).collect();
    let body = json!({"items": items});
    let started = client.post("/api/v1/workflow-instances/batch", &body).await?.expect_status(202)?;
    let items = started["items"].as_array().context("items")?;
    items
        .iter()
        .map(|item| Ok(item["id"].as_str().with_context(|| format!("not started: {item}"))?.to_owned()))
        .collect()
}

/// An id as the database writes it, from its printed form: 26 characters of base32 hold 128 bits.
fn literal(place: &Place, id: &str) -> String {
    let digits = id.rsplit('_').next().unwrap_or_default().bytes();
    let value = digits.fold(0u128, |value, digit| {
        let at = b"0123456789abcdefghjkmnpqrstvwxyz".iter().position(|&known| known == digit).unwrap_or_default();
        (value << 5) | at as u128
    });
    if place.is_postgres() { format!("'{value:032x}'") } else { format!("x'{value:032x}'") }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
