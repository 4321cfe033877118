//! `heddle verify`.

use crate::config::Config;
use crate::wire;
use std::time::{Duration, Instant};

/// How often it tells how far it is.
const TELL: Duration = Duration::from_secs(2);

/// There is damage: the exit code is another one than where the database could not be read at all.
#[derive(Debug, thiserror::Error)]
#[error("{0} problems; instances that are named here must not be trusted")]
pub(super) struct Damaged(usize);

pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let store = wire::connect(&config).await?;
    let mut told = Instant::now();
    let verified = heddle_service::verify(&store, |so_far| {
        if told.elapsed() >= TELL {
            told = Instant::now();
            let problems = so_far.problems.len();
            eprintln!("{} instances, {} events, {problems} problems so far", so_far.instances, so_far.events);
        }
    })
    .await?;
    store.close().await;
    println!(
        "audit rows {}\ninstances {}\nevents {}\nproblems {}",
        verified.audit_rows,
        verified.instances,
        verified.events,
        verified.problems.len()
    );
    for problem in &verified.problems {
        println!("{problem}");
    }
    if !verified.problems.is_empty() {
        return Err(Damaged(verified.problems.len()).into());
    }
    Ok(())
}
