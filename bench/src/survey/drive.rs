//! A closed loop of a number of instances: so many in flight, spread over the servers as a load balancer would.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use heddle_testkit::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::process::{self, COMPLETED};

/// How often the servers are asked how far they are.
const LOOK: Duration = Duration::from_millis(10);
/// How long nothing may move before the loop gives up.
const STUCK: Duration = Duration::from_secs(120);
/// Callers that start batches, for each server.
const CALLERS: usize = 4;

/// The input of an instance by its number.
pub(crate) type Input = Arc<dyn Fn(u64) -> Value + Send + Sync>;

/// What is run.
pub(crate) struct Load<'a> {
    pub(crate) workflow: &'a str,
    pub(crate) input: Input,
    pub(crate) instances: u64,
    pub(crate) in_flight: u64,
}

/// No input.
pub(crate) fn nothing() -> Input {
    Arc::new(|_| json!({}))
}

struct Loop {
    workflow: String,
    input: Input,
    batch: u64,
    limit: u64,
    instances: u64,
    begun: AtomicU64,
    completed: AtomicU64,
}

/// Runs so many instances to their end; from the first start to the last completion.
pub(crate) async fn run(doors: &[Client], load: &Load<'_>) -> Result<Duration> {
    let batch = (load.in_flight / 8).clamp(1, 250).min(load.instances.max(1));
    let state = Arc::new(Loop {
        workflow: load.workflow.to_owned(),
        input: load.input.clone(),
        batch,
        limit: load.in_flight,
        // Whole batches: what is started is what is counted.
        instances: load.instances.div_ceil(batch) * batch,
        begun: AtomicU64::new(0),
        completed: AtomicU64::new(0),
    });
    let before = completed(doors).await?;
    let (begun, mut moved) = (Instant::now(), Instant::now());
    let mut callers = JoinSet::new();
    for door in doors.iter().flat_map(|door| std::iter::repeat_n(door, CALLERS)) {
        callers.spawn(start_batches(door.clone(), state.clone()));
    }
    loop {
        let now = completed(doors).await? - before;
        if state.completed.swap(now, Ordering::Relaxed) != now {
            moved = Instant::now();
        }
        if now >= state.instances {
            break;
        }
        ensure!(moved.elapsed() < STUCK, "{now} of {} instances of {} completed", state.instances, load.workflow);
        // What a caller that failed has not started would be waited for in vain.
        while let Some(ended) = callers.try_join_next() {
            ended??;
        }
        tokio::time::sleep(LOOK).await;
    }
    let time = begun.elapsed();
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    Ok(time)
}

/// How many instances [`run`] really starts of so many.
pub(crate) fn whole(instances: u64, in_flight: u64) -> u64 {
    let batch = (in_flight / 8).clamp(1, 250).min(instances.max(1));
    instances.div_ceil(batch) * batch
}

async fn completed(doors: &[Client]) -> Result<u64> {
    let mut sum = 0;
    for door in doors {
        sum += process::counter(door, COMPLETED).await?;
    }
    Ok(sum)
}

/// Starts a batch whenever there is room for one.
async fn start_batches(door: Client, state: Arc<Loop>) -> Result<()> {
    loop {
        let begun = state.begun.fetch_add(state.batch, Ordering::Relaxed);
        if begun >= state.instances {
            return Ok(());
        }
        if begun + state.batch > state.completed.load(Ordering::Relaxed) + state.limit {
            state.begun.fetch_sub(state.batch, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        }
        start(&door, &state.workflow, &state.input, begun..begun + state.batch).await?;
    }
}

/// Starts instances by their numbers, in one call.
pub(crate) async fn start(door: &Client, workflow: &str, input: &Input, numbers: std::ops::Range<u64>) -> Result<()> {
    let items: Vec<Value> = numbers.map(|number| json!({ "workflow": workflow, "input": input(number) })).collect();
    let answer = door.post("/api/v1/workflow-instances/batch", &json!({ "items": items })).await?;
    // Each start of a batch succeeds or fails on its own: one refusal would make the figures wrong.
    let is_whole = answer.status.is_success() && !answer.text.contains("\"problem\"");
    ensure!(is_whole, "starting a batch: {} {}", answer.status, answer.text);
    Ok(())
}
