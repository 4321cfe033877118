//! A round in which something happens to the database under 200 instances. The server lives on, and must go on by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use heddle_testkit::{Client, HeddleProcess, until};

use crate::history::History;
use crate::round::{self, Moment};
use crate::{checker, clients};

/// How long a server may take to be ready again once its database is: the promise of T2.
pub const HEALS: Duration = Duration::from_secs(5);

/// How long the fault itself may take to be seen.
const SEEN: Duration = Duration::from_secs(30);

/// Runs a round; `fault` happens in its middle, and has ended when it returns. Gives how long the server took to be ready after that.
pub async fn survive(
    server: &HeddleProcess,
    number: usize,
    fault: impl AsyncFnOnce() -> Result<()>,
) -> Result<Duration> {
    let history = Arc::new(History::default());
    let client = round::sign_in(server).await?;
    let starting = tokio::spawn(round::start_all(client.clone(), history.clone(), number));
    let worker = tokio::spawn(clients::work_on(client.clone(), history.clone()));
    let moment = Moment::of(number);
    round::wait_for(moment, &client, &history, number).await?;
    fault().await?;
    let mended = Instant::now();
    ready(&client).await?;
    let took = mended.elapsed();
    starting.await??;
    round::settle(&client, &history).await?;
    round::all_ended(&client, &history, number).await?;
    ensure!(!worker.is_finished(), "the worker has given up: {:?}", worker.await);
    worker.abort();
    let breaches = checker::breaches(&client, &history).await?;
    ensure!(breaches.is_empty(), "round {number}, {moment:?}:\n{}\n{}", breaches.join("\n"), server.log());
    println!("round {number}: {moment:?}; {} instances; ready again after {took:?}", history.starts().len());
    ensure!(took <= HEALS, "round {number}: ready again only after {took:?}");
    Ok(took)
}

/// Waits until the server says that it is ready.
pub async fn ready(client: &Client) -> Result<()> {
    until("the server to be ready", SEEN, || async {
        client.get("/readyz").await.ok().filter(|reply| reply.status.is_success()).map(drop)
    })
    .await
}

/// Waits until the server has noticed: it says more than it had said so far.
pub async fn noticed(server: &HeddleProcess, so_far: usize) -> Result<()> {
    until("the server to notice", SEEN, || async { (server.log().len() > so_far).then_some(()) }).await
}
