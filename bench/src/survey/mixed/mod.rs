//! `mixed`: everything at once (decisions, for-each of 20, timers, external workers, people, failures with retry, 4 KB of variables),
//! watched by a hundred browsers. Beside its figures it asks whether anything was lost.

mod definition;
mod hands;
mod watchers;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use heddle_testkit::Client;
use serde_json::Value;
use tokio::task::JoinSet;

use super::drive::{self, Load};
use crate::Databases;
use crate::finding::{Finding, Target};
use crate::plan::Plan;
use crate::process::{COMMITS, counter, resident_mb};
use crate::stage::Stage;
use definition::{ITEMS, NAME, input, steps};

/// External workers, and people.
const WORKERS: usize = 2;
const PEOPLE: usize = 2;
/// Instances that are looked at whole in the end.
const SAMPLE: usize = 100;

pub(super) async fn run(databases: &Databases, plan: &Plan, show: &mut dyn FnMut(Finding)) -> Result<()> {
    let (instances, in_flight, browsers) = if plan.small { (40, 10, 10) } else { (plan.of(8_000, 500), 256, 100) };
    let stage = Stage::start(databases, 1).await?;
    stage.store(&definition::definition()).await?;
    let watchers = watchers::open(&stage, browsers).await?;
    let over = Arc::new(AtomicBool::new(false));
    let mut hands = JoinSet::new();
    for number in 0..WORKERS {
        hands.spawn(hands::work(stage.door().await?, number, over.clone()));
    }
    for number in 0..PEOPLE {
        hands.spawn(hands::approve(stage.door().await?, (number, PEOPLE), over.clone()));
    }
    let door = stage.door().await?;
    let load = Load { workflow: NAME, input: input(), instances, in_flight };
    let (cpu, commits) = (stage.cpu()?, counter(&door, COMMITS).await?);
    let driven = drive::run(std::slice::from_ref(&door), &load);
    let time = tokio::select! {
        time = driven => time?,
        // None of them ends before it is told to, but by an error.
        Some(ended) = hands.join_next() => {
            ended??;
            anyhow::bail!("a worker or a person went home early")
        }
    };
    let cpu = stage.cpu()? - cpu;
    let commits = counter(&door, COMMITS).await? - commits;
    let resident = resident_mb(stage.pid())?;
    let seen = watchers.close().await?;
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    while let Some(ended) = hands.join_next().await {
        ended??;
    }
    let started = drive::whole(instances, in_flight);
    let lost = lost(&stage, started).await?;
    let took = times(&stage)?;
    let all = steps(started) as f64;
    let line = Finding::new("mixed", stage.place.name(), format!("{browsers} browsers, {in_flight} in flight"))
        .figure("instances/s", started as f64 / time.as_secs_f64())
        .figure("steps/s", all / time.as_secs_f64())
        .figure("p50_ms", quantile(&took, 0.5))
        .figure("p99_ms", quantile(&took, 0.99))
        .figure("cpu_s_per_1000_steps", cpu.as_secs_f64() / all * 1e3)
        .figure("steps_per_commit", all / (commits as f64).max(1.0))
        .figure("resident_mb", resident)
        .figure("frames_pushed_per_s", seen.frames as f64 / time.as_secs_f64())
        .figure("mb_pushed_per_s", seen.bytes as f64 / 1e6 / time.as_secs_f64())
        .figure("resyncs", seen.resyncs as f64)
        .verdict("instances that did not end as they should", (lost as f64, ""), Target::AtMost(0.0));
    ensure!(seen.frames > 0, "the browsers saw nothing");
    show(line);
    ensure!(lost == 0, "{lost} of {started} instances did not end as they should");
    Ok(())
}

/// How many instances did not end as they should: by their status, and of a sample by all that they did.
async fn lost(stage: &Stage<'_>, started: u64) -> Result<u64> {
    let completed = stage.count(NAME, "COMPLETED")?;
    let mut lost = started.saturating_sub(completed);
    let door = stage.door().await?;
    let path = format!("/api/v1/workflow-instances?workflow={NAME}&limit={SAMPLE}");
    let page = door.get(&path).await?.expect_status(200)?;
    for item in page["items"].as_array().context("the list has no items")? {
        let id = item["id"].as_str().context("an id")?;
        let whole = door.get(&format!("/api/v1/workflow-instances/{id}")).await?.expect_status(200)?;
        if let Err(why) = check(&whole) {
            eprintln!("{id}: {why:#}");
            lost += 1;
        }
    }
    Ok(lost)
}

/// Whether an instance did everything that its number asks for, once.
fn check(instance: &Value) -> Result<()> {
    let number = instance["variables"]["n"].as_u64().context("it has no number")?;
    ensure!(instance["status"] == "COMPLETED", "it is {}", instance["status"]);
    let results = instance["output"]["results"].as_array().context("it has no results")?;
    let wanted: Vec<u64> = (0..ITEMS).map(|item| number + item).collect();
    let given: Vec<u64> = results.iter().filter_map(Value::as_u64).collect();
    ensure!(given == wanted, "its items gave {given:?}");
    let nodes = instance["nodes"].as_array().context("it has no nodes")?;
    let ran = |id: &str| nodes.iter().filter(|node| node["node_id"] == id && node["status"] == "COMPLETED").count();
    let is_small = definition::is_small(number);
    ensure!((ran("small"), ran("large")) == (usize::from(is_small), usize::from(!is_small)), "it took the wrong way");
    ensure!(ran("approve") == usize::from(definition::is_approved(number)), "it was approved {} times", ran("approve"));
    ensure!(ran("work") == 1 && ran("pause") == 1, "it worked {} times, paused {} times", ran("work"), ran("pause"));
    let attempts = nodes.iter().find(|node| node["node_id"] == "work").and_then(|node| node["attempt"].as_u64());
    let wanted = if definition::fails(number) { 2 } else { 1 };
    ensure!(attempts == Some(wanted), "it took {attempts:?} attempts");
    Ok(())
}

/// How long instances took, in milliseconds, ascending.
fn times(stage: &Stage<'_>) -> Result<Vec<f64>> {
    let text = stage.sql(&format!(
        "SELECT i.ended_at - i.created_at FROM workflow_instance i JOIN workflow w ON w.id = i.workflow_id WHERE w.name = '{NAME}' AND i.ended_at IS NOT NULL"
    ))?;
    let mut all: Vec<f64> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    all.sort_by(f64::total_cmp);
    Ok(all)
}

fn quantile(ascending: &[f64], q: f64) -> f64 {
    let last = ascending.len().saturating_sub(1);
    ascending.get((last as f64 * q).round() as usize).copied().unwrap_or(0.0)
}

/// Asks again and again until it is over, with a pause where there was nothing to do.
async fn until_over<F>(over: Arc<AtomicBool>, mut turn: impl FnMut() -> F) -> Result<()>
where
    F: Future<Output = Result<bool>>,
{
    while !over.load(std::sync::atomic::Ordering::Relaxed) {
        if !turn().await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(())
}

/// POST whose answer must be good.
async fn good(door: &Client, path: &str, body: &Value) -> Result<()> {
    let answer = door.post(path, body).await?;
    ensure!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text);
    Ok(())
}
