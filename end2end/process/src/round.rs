//! One round of a crash test: 200 instances, a kill -9 in their middle, a restart, and the end of all.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use heddle_testkit::{Client, Heddle, HeddleProcess, until};

use crate::account::{PASSWORD, USER};
use crate::history::History;
use crate::{checker, clients, workflow};

/// Instances per round; every second one is started through a batch.
const INSTANCES: usize = 200;
/// Starts per batch.
const BATCH: usize = 20;
/// How long all instances may take to end after a restart.
const END: Duration = Duration::from_secs(120);

/// When the server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// While clients are starting instances: some requests never get their answer.
    WhileStarting {
        /// After so many starts were acknowledged.
        acknowledged: usize,
    },
    /// After all 200 were acknowledged and while they run.
    WhileRunning {
        /// After so many have completed.
        completed: usize,
    },
}

impl Moment {
    /// Every round another one, so that a kill hits starts, first steps, timers and jobs.
    pub fn of(round: usize) -> Self {
        match round % 5 {
            0 => Self::WhileRunning { completed: 0 },
            1 => Self::WhileStarting { acknowledged: 40 + 7 * round },
            2 => Self::WhileRunning { completed: 20 + round },
            3 => Self::WhileStarting { acknowledged: 120 },
            _ => Self::WhileRunning { completed: 90 + 2 * round },
        }
    }
}

/// Stores the workflow, once per database.
pub async fn store_workflow(server: &HeddleProcess) -> Result<()> {
    let client = sign_in(server).await?;
    client.post_yaml("/api/v1/workflows", workflow::YAML).await?.expect_status(201).map(drop)
}

/// Signs in; accounts outlive a kill.
pub async fn sign_in(server: &HeddleProcess) -> Result<Client> {
    server.client()?.sign_in(USER, PASSWORD).await
}

/// Runs a round on a running server and returns the server that was started after the kill.
pub async fn run(server: HeddleProcess, round: usize) -> Result<HeddleProcess> {
    let history = Arc::new(History::default());
    let client = sign_in(&server).await?;
    let moment = Moment::of(round);
    let starting = tokio::spawn(start_all(client.clone(), history.clone(), round));
    let worker = tokio::spawn(clients::work(client.clone(), history.clone()));
    wait_for(moment, &client, &history, round).await?;
    let again: Heddle = server.kill()?;
    starting.await??;
    worker.await??;

    let server = again.start().await.context("starting again after the kill")?;
    let client = sign_in(&server).await?;
    let worker = tokio::spawn(clients::work(client.clone(), history.clone()));
    settle(&client, &history).await?;
    all_ended(&client, &history, round).await?;
    worker.abort();
    let breaches = checker::breaches(&client, &history).await?;
    ensure!(
        breaches.is_empty(),
        "round {round}, killed {moment:?}, {} breaches:\n{}",
        breaches.len(),
        breaches.join("\n")
    );
    let started = history.starts().len();
    ensure!(started >= BATCH, "only {started} instances were started");
    println!("round {round}: killed {moment:?}; {started} instances, nothing lost, nothing doubled");
    Ok(server)
}

/// Starts the round's instances from two clients, one by one and in batches, until done or the server is gone.
pub async fn start_all(client: Client, history: Arc<History>, round: usize) -> Result<()> {
    let key = |kind: &str, i: usize| (format!("r{round}-{kind}-{i}"), (round * 1000 + i) as i64);
    let singles = async {
        for i in 0..INSTANCES / 2 {
            let (key, n) = key("one", i);
            if !clients::start(&client, &history, &key, n).await? {
                break;
            }
        }
        anyhow::Ok(())
    };
    let batches = async {
        let all: Vec<_> = (0..INSTANCES / 2).map(|i| key("many", i)).collect();
        for batch in all.chunks(BATCH) {
            if !clients::start_batch(&client, &history, batch).await? {
                break;
            }
        }
        anyhow::Ok(())
    };
    tokio::try_join!(singles, batches).map(drop)
}

/// Waits until the moment has come.
pub async fn wait_for(moment: Moment, client: &Client, history: &History, round: usize) -> Result<()> {
    let acknowledged = || history.starts().values().filter(|s| s.acknowledged.is_some()).count();
    let (starts, completed) = match moment {
        Moment::WhileStarting { acknowledged } => (acknowledged.min(INSTANCES - BATCH), 0),
        Moment::WhileRunning { completed } => (INSTANCES, completed.min(INSTANCES / 2)),
    };
    until("the starts to be acknowledged", END, || {
        let there = acknowledged() >= starts;
        async move { there.then_some(()) }
    })
    .await?;
    if completed > 0 {
        until("instances to complete", END, || async {
            let done = count(client, round, "COMPLETED").await.unwrap_or(0);
            (done >= completed).then_some(())
        })
        .await?;
    }
    Ok(())
}

/// Starts that got no answer are asked for again, a single one with the same key; that must not make a second instance.
pub async fn settle(client: &Client, history: &History) -> Result<()> {
    for (key, n) in history.unanswered() {
        let answered = if key.contains("-many-") {
            clients::settle(client, history, &key, n).await?
        } else {
            clients::start(client, history, &key, n).await?
        };
        ensure!(answered, "no answer to {key} from a server that is ready");
    }
    Ok(())
}

/// Every start of the round has an instance, and none of them is open.
pub async fn all_ended(client: &Client, history: &History, round: usize) -> Result<()> {
    let expected = history.starts().len();
    let ended = until("all instances to complete after the restart", END, || async {
        let done = count(client, round, "COMPLETED").await.unwrap_or(0);
        (done >= expected).then_some(())
    })
    .await;
    if let Err(error) = ended {
        let open = count(client, round, "CREATED,RUNNING,PAUSED,FAILED,TERMINATED").await.unwrap_or(0);
        anyhow::bail!("{error:#}: {expected} were started, {open} are not COMPLETED");
    }
    Ok(())
}

/// How many instances of a round have one of these statuses.
pub async fn count(client: &Client, round: usize, status: &str) -> Result<usize> {
    let mut total = 0;
    let mut cursor = String::new();
    loop {
        let path = format!(
            "/api/v1/workflow-instances?workflow={}&status={status}&q=r{round}-&limit=200{cursor}",
            workflow::NAME
        );
        let page = client.get(&path).await?.expect_status(200)?;
        total += page["items"].as_array().map_or(0, Vec::len);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(total),
        }
    }
}
