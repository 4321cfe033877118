//! `heddle verify`.

use crate::config::Config;
use crate::wire;
use anyhow::bail;

pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let store = wire::connect(&config).await?;
    let verified = heddle_service::verify(&store).await?;
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
        bail!("{} problems; instances that are named here must not be trusted", verified.problems.len());
    }
    Ok(())
}
