//! Two servers on one PostgreSQL: one is killed, frozen, or joins; nothing acknowledged is lost or doubled, and what one had the other goes
//! on with.

use anyhow::{Result, ensure};
use heddle_process_tests::cluster::{Node, completions, sequence, takes_over};
use heddle_process_tests::history::History;
use heddle_process_tests::{checker, clients, round, rounds};
use heddle_testkit::{Postgres, until};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A killed server's instances go on within this time: a lease of ten seconds, and time to see that it has ended.
const GOES_ON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_a_killed_server_s_instances_go_on_elsewhere_and_nothing_is_lost_or_doubled() -> Result<()> {
    let postgres = Postgres::start()?;
    let database = postgres.database()?;
    let mut a = Node::start(&database, "a").await?;
    round::store_workflow(&a.server).await?;
    let mut b = Node::start(&database, "b").await?;
    for number in 0..rounds().div_ceil(2) {
        let history = Arc::new(History::default());
        let worker = tokio::spawn(clients::work(b.client.clone(), history.clone()));
        let here = tokio::spawn(round::start_all(a.client.clone(), history.clone(), number));
        let probe =
            a.client.post("/api/v1/workflow-instances", &json!({ "workflow": "crash", "input": { "n": 1 } })).await?;
        let probe = probe.expect_status(202)?["id"].as_str().unwrap_or_default().to_owned();
        tokio::time::sleep(Duration::from_millis(300 + 250 * number as u64)).await;
        a.kill()?;
        let took = takes_over(&b.client, &probe).await?;
        here.await??;
        round::settle(&b.client, &history).await?;
        round::all_ended(&b.client, &history, number).await?;
        worker.abort();
        let breaches = checker::breaches(&b.client, &history).await?;
        ensure!(breaches.is_empty(), "round {number}: {}", breaches.join("\n"));
        println!(
            "round {number}: {} instances; the other server answered for the killed one's after {took:?}",
            history.starts().len()
        );
        ensure!(took <= GOES_ON, "round {number}: only after {took:?}");
        // The next round kills the one that was left; a new one joins first.
        let joined = Node::start(&database, if number % 2 == 0 { "c" } else { "a" }).await?;
        (a, b) = (b, joined);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g4_a_frozen_server_that_thaws_writes_nothing_of_what_it_had() -> Result<()> {
    let postgres = Postgres::start()?;
    let database = postgres.database()?;
    let a = Node::start(&database, "a").await?;
    let definition = json!({
        "name": "frozen",
        "nodes": [
            { "id": "start", "type": "start" },
            { "id": "nap", "type": "delay", "config": { "duration": "11s" } },
            { "id": "desk", "type": "task", "action": "frozen-desk" },
            { "id": "done", "type": "end" },
        ],
        "edges": [{ "from": "start", "to": "nap" }, { "from": "nap", "to": "desk" }, { "from": "desk", "to": "done" }],
    });
    a.client.post("/api/v1/workflows", &definition).await?.expect_status(201)?;
    let b = Node::start(&database, "b").await?;
    let mut instances = Vec::new();
    for _ in 0..40 {
        instances.push(a.client.start("frozen", json!({})).await?);
    }
    a.server.signal("STOP")?;
    let first = instances[0]["id"].as_str().unwrap_or_default();
    let took = takes_over(&b.client, first).await?;
    println!("the other server answered for the frozen one's after {took:?}");
    // The naps end on the other server; the frozen one still has them in memory when it thaws, all of them overdue.
    for instance in &instances {
        let wish = json!({ "types": ["frozen-desk"], "worker": "w", "max_jobs": 1, "wait_ms": 30_000 });
        let given = b.client.post("/api/v1/jobs/activate", &wish).await?.expect_status(200)?;
        ensure!(
            !given["jobs"][0]["token"].is_null(),
            "no job is offered: {given}\n{}\n{}",
            a.server.log(),
            b.server.log()
        );
        let id = given["jobs"][0]["id"].as_str().unwrap_or_default().to_owned();
        if instance["id"] == instances[20]["id"] {
            a.server.signal("CONT")?;
        }
        let answer = json!({ "token": given["jobs"][0]["token"], "output": null });
        let done = b.client.post(&format!("/api/v1/jobs/{id}/complete"), &answer).await?;
        ensure!(done.status.is_success(), "{}", done.text);
    }
    for instance in &instances {
        let ended = b.client.wait_for(instance, "COMPLETED").await?;
        let id = ended["id"].as_str().unwrap_or_default();
        for node in ["nap", "desk"] {
            ensure!(completions(&ended, node) == 1, "{node} of {id} completed {} times", completions(&ended, node));
        }
        let seen = sequence(&b.client, id).await?;
        ensure!(seen == (1..=seen.len() as u64).collect::<Vec<_>>(), "{id}: {seen:?}");
    }
    // It joins again, and serves.
    until("the thawed server to join again", GOES_ON, || async {
        let ready = a.client.get("/readyz").await.ok()?;
        ready.status.is_success().then_some(())
    })
    .await?;
    let again = a.client.start("frozen", json!({})).await?;
    a.client.wait_for(&again, "RUNNING").await?;
    ensure!(a.server.log().contains("another server has taken over"), "it was not told:\n{}", a.server.log());
    Ok(())
}
