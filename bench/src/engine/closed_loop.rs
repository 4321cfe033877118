//! Throughput: so many instances in flight, started through `POST …/batch`; as some complete, as many are started.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::Server;
use crate::figures::{Figures, Who, Workload};
use crate::plan::Plan;
use crate::process::{COMMITS, COMPLETED, TRANSITIONS};

/// How often the server is asked how far it is.
const LOOK: Duration = Duration::from_millis(10);
/// How long the last instances may take after the loop has ended.
const DRAIN: Duration = Duration::from_secs(120);
/// Callers that start batches.
const CALLERS: usize = 4;

struct Loop {
    body: Value,
    size: u64,
    in_flight: u64,
    started: AtomicU64,
    completed: AtomicU64,
    over: AtomicBool,
}

pub(super) async fn measure(server: &Server, workload: Workload, in_flight: usize, plan: &Plan) -> Result<Figures> {
    let warm = run(server, workload, in_flight, plan.time / 5).await?;
    ensure!(warm.completed > 0, "nothing completed while warming up");
    let (cpu, commits) = (server.cpu()?, server.counter(COMMITS).await?);
    let transitions = server.counter(TRANSITIONS).await?;
    let done = run(server, workload, in_flight, plan.time).await?;
    // Steps that ran through within one commit would be another workload than the floor's.
    let (transitions, least) = (server.counter(TRANSITIONS).await? - transitions, done.completed * rounds(workload));
    ensure!(
        transitions >= least,
        "{transitions} transitions were committed, at least {least} are needed to make each step durable before the next"
    );
    Ok(Figures {
        who: Who::Engine,
        place: server.place,
        workload,
        in_flight,
        instances: done.completed as usize,
        time: done.time,
        took_ms: sample(server, workload).await?,
        commits: Some(server.counter(COMMITS).await? - commits),
        cpu_s: Some((server.cpu()? - cpu).as_secs_f64()),
    })
}

/// Transactions that an instance takes part in at least: one to start, one after each step that another one waits for.
fn rounds(workload: Workload) -> u64 {
    match workload {
        Workload::Sequence10 => 11,
        Workload::FanOut40 | Workload::Latency => 2,
    }
}

struct Done {
    completed: u64,
    /// From the first start to the last completion.
    time: Duration,
}

async fn run(server: &Server, workload: Workload, in_flight: usize, time: Duration) -> Result<Done> {
    let size = (in_flight / 8).clamp(1, 250);
    let item = json!({ "workflow": workload.name(), "input": {} });
    let state = Arc::new(Loop {
        body: json!({ "items": vec![item; size] }),
        size: size as u64,
        in_flight: in_flight as u64,
        started: AtomicU64::new(0),
        completed: AtomicU64::new(0),
        over: AtomicBool::new(false),
    });
    let before = server.counter(COMPLETED).await?;
    let begun = Instant::now();
    let callers: Vec<_> =
        (0..CALLERS).map(|_| tokio::spawn(start_batches(server.client.clone(), state.clone()))).collect();
    while begun.elapsed() < time {
        tokio::time::sleep(LOOK).await;
        state.completed.store(server.counter(COMPLETED).await? - before, Ordering::Relaxed);
    }
    state.over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await??;
    }
    let started = state.started.load(Ordering::Relaxed);
    while state.completed.load(Ordering::Relaxed) < started {
        if begun.elapsed() > time + DRAIN {
            bail!(
                "{} of {started} instances of {} completed",
                state.completed.load(Ordering::Relaxed),
                workload.name()
            );
        }
        tokio::time::sleep(LOOK).await;
        state.completed.store(server.counter(COMPLETED).await? - before, Ordering::Relaxed);
    }
    Ok(Done { completed: started, time: begun.elapsed() })
}

/// Starts a batch whenever there is room for one.
async fn start_batches(client: heddle_testkit::Client, state: Arc<Loop>) -> Result<()> {
    while !state.over.load(Ordering::Relaxed) {
        let begun = state.started.fetch_add(state.size, Ordering::Relaxed);
        if begun + state.size > state.completed.load(Ordering::Relaxed) + state.in_flight {
            state.started.fetch_sub(state.size, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        }
        let answer = client.post("/api/v1/workflow-instances/batch", &state.body).await?;
        // Each start of a batch succeeds or fails on its own: one refusal would make the figures wrong.
        ensure!(
            answer.status.is_success() && !answer.text.contains("\"problem\""),
            "starting a batch: {} {}",
            answer.status,
            answer.text
        );
    }
    Ok(())
}

/// How long the newest instances took, from their own times.
async fn sample(server: &Server, workload: Workload) -> Result<Vec<f64>> {
    let page = server
        .get(&format!("/api/v1/workflow-instances?workflow={}&status=COMPLETED&limit=200", workload.name()))
        .await?;
    let items = page["items"].as_array().context("the list has no items")?;
    let at = |item: &Value, field: &str| -> Option<time::OffsetDateTime> {
        let text = item[field].as_str()?;
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()
    };
    let took = |item: &Value| Some((at(item, "ended_at")? - at(item, "started_at")?).as_seconds_f64() * 1e3);
    let mut all: Vec<f64> = items.iter().filter_map(took).collect();
    all.sort_by(f64::total_cmp);
    Ok(all)
}
