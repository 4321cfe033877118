//! `waiting`: instances that wait for a message or a long timer: what they take of memory, how soon a restarted server goes on beside
//! them, how fast they are woken.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use heddle_testkit::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::drive::{self, Input, nothing};
use crate::Databases;
use crate::finding::{Finding, Target};
use crate::plan::Plan;
use crate::process::{COMPLETED, counter, resident_mb};
use crate::stage::{Stage, workflow};

const NAME: &str = "waiting";
/// Instances of one call.
const BATCH: u64 = 1_000;
/// Callers that start, and callers that send messages.
const CALLERS: u64 = 4;
const SENDERS: u64 = 32;
/// After so many a caller signs in again: a token holds for minutes.
const PER_TOKEN: u64 = 50_000;
/// Instances that stand in the queue of a task when the server dies.
const QUEUED: u64 = 20;
/// The targets: megabytes with a million, seconds with a hundred thousand.
const MEMORY_MB: f64 = 500.0;
const FIRST_S: f64 = 2.0;

pub(super) async fn run(databases: &Databases, plan: &Plan, show: &mut dyn FnMut(Finding)) -> Result<()> {
    let sizes: &[u64] = if plan.small { &[200, 400] } else { &[10_000, 100_000, 1_000_000] };
    let mut stage = Stage::start(databases, 1).await?;
    for definition in definitions() {
        stage.store(&definition).await?;
    }
    let mut keys = 0;
    let largest = sizes.last().map_or(0, |&full| plan.of(full, sizes[0]));
    for &size in sizes.iter().filter(|&&size| size <= largest) {
        let waiting = stage.count("waits-message", "RUNNING")? + stage.count("waits-timer", "RUNNING")?;
        let more = (size - waiting) / 2;
        let (empty, begun) = (resident_mb(stage.pid())?, Instant::now());
        start(&stage, "waits-message", keys..keys + more).await?;
        start(&stage, "waits-timer", 0..size - waiting - more).await?;
        let time = begun.elapsed().as_secs_f64();
        let oldest = keys;
        keys += more;
        let place = stage.place.name();
        let mut line = Finding::new(NAME, place, format!("{size} wait, just started"))
            .figure("starts_per_s", (size - waiting) as f64 / time)
            .figure("resident_mb_before", empty)
            .figure("resident_mb", resident_mb(stage.pid())?);
        if size >= 1_000_000 {
            let resident = line.get("resident_mb");
            line = line.verdict("resident", (resident, "MB"), Target::AtMost(MEMORY_MB));
        }
        show(line);
        show(restart(&mut stage, size).await?);
        show(wake(&stage, size, oldest..keys).await?);
    }
    Ok(())
}

fn definitions() -> [Value; 3] {
    let chain = |name: &str, mut node: Value| {
        node["id"] = json!("waits");
        let nodes = vec![json!({ "id": "start", "type": "start" }), node, json!({ "id": "done", "type": "end" })];
        workflow(name, nodes, vec![json!({ "from": "start", "to": "waits" }), json!({ "from": "waits", "to": "done" })])
    };
    [
        chain("waits-message", json!({ "type": "message", "config": { "name": "wake", "key": "${key}" } })),
        chain("waits-timer", json!({ "type": "timer", "config": { "duration": "30d" } })),
        chain("queued", json!({ "type": "echo", "config": { "value": 1 } })),
    ]
}

/// Starts instances, each with a key of its own.
async fn start(stage: &Stage<'_>, workflow: &'static str, numbers: std::ops::Range<u64>) -> Result<()> {
    let input: Input = Arc::new(|number| json!({ "key": format!("k{number}") }));
    for first in numbers.clone().step_by(PER_TOKEN as usize) {
        let (door, end) = (stage.door().await?, (first + PER_TOKEN).min(numbers.end));
        each(CALLERS, (first..end).step_by(BATCH as usize), |from| {
            let (door, input) = (door.clone(), input.clone());
            async move { drive::start(&door, workflow, &input, from..(from + BATCH).min(end)).await }
        })
        .await?;
    }
    Ok(())
}

/// Does something for each of these numbers, so many at a time.
async fn each<F>(abreast: u64, numbers: impl Iterator<Item = u64>, mut work: impl FnMut(u64) -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for number in numbers {
        if running.len() as u64 >= abreast
            && let Some(ended) = running.join_next().await
        {
            ended??;
        }
        running.spawn(work(number));
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}

/// `kill -9` and a new start, until the first task of those that were queued has run.
async fn restart(stage: &mut Stage<'_>, size: u64) -> Result<Finding> {
    let door = stage.door().await?;
    // Nothing begins: what is started stands in the queue when the server dies.
    let paused = door.put("/api/v1/cluster/pauses/engine/all", &json!({})).await?;
    ensure!(paused.status.is_success(), "the engine could not be paused: {}", paused.text);
    drive::start(&door, "queued", &nothing(), 0..QUEUED).await?;
    let ran = stage.count("queued", "COMPLETED")?;
    stage.kill()?;
    stage.sql("DELETE FROM pause")?;
    let begun = stage.revive().await?;
    let ready = begun.elapsed();
    heddle_testkit::until("a task to have run", Duration::from_secs(60), || async {
        (first_ran(&door).await.ok()? > ran).then_some(())
    })
    .await?;
    let first = begun.elapsed();
    heddle_testkit::until("all that was queued to have run", Duration::from_secs(120), || async {
        (first_ran(&door).await.ok()? >= ran + QUEUED).then_some(())
    })
    .await?;
    let resident = resident_mb(stage.pid())?;
    let line = Finding::new(NAME, stage.place.name(), format!("{size} wait, restarted"))
        .figure("ready_s", ready.as_secs_f64())
        .figure("first_task_s", first.as_secs_f64())
        .figure("resident_mb", resident);
    Ok(match size {
        // The slower of the two questions is the one that a size is asked.
        1_000_000.. => line.verdict("resident", (resident, "MB"), Target::AtMost(MEMORY_MB)),
        100_000.. => line.verdict("first task", (first.as_secs_f64(), "s"), Target::AtMost(FIRST_S)),
        _ => line,
    })
}

/// How many of those that were queued have run, as far as a page tells.
async fn first_ran(door: &Client) -> Result<u64> {
    let path = "/api/v1/workflow-instances?workflow=queued&status=COMPLETED&limit=200";
    let page = door.get(path).await?.expect_status(200)?;
    Ok(page["items"].as_array().context("the list has no items")?.len() as u64)
}

/// Sends messages to instances that wait, and waits until each has ended.
async fn wake(stage: &Stage<'_>, size: u64, keys: std::ops::Range<u64>) -> Result<Finding> {
    let door = stage.door().await?;
    let count = (keys.end - keys.start).min(size / 10).clamp(1, 10_000);
    let before = counter(&door, COMPLETED).await?;
    let begun = Instant::now();
    // Spread over all that wait: nobody wakes them in the order in which they came.
    let stride = (keys.end - keys.start) / count;
    each(SENDERS, (0..count).map(|number| keys.start + number * stride), |key| {
        let door = door.clone();
        async move {
            let body = json!({ "key": format!("k{key}"), "payload": { "woken": true } });
            let answer = door.post("/api/v1/messages/wake", &body).await?.expect_status(202)?;
            ensure!(answer["receiver"].is_string(), "nobody waited for k{key}: {answer}");
            Ok(())
        }
    })
    .await?;
    heddle_testkit::until("all that were woken to end", Duration::from_secs(120), || async {
        (counter(&door, COMPLETED).await.ok()? >= before + count).then_some(())
    })
    .await?;
    let time = begun.elapsed().as_secs_f64();
    Ok(Finding::new(NAME, stage.place.name(), format!("{size} wait, {count} woken"))
        .figure("woken_per_s", count as f64 / time)
        .figure("resident_mb", resident_mb(stage.pid())?))
}
