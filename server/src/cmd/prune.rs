//! `heddle prune`: one pass of retention, now.

use crate::config::Config;
use crate::wire;
use anyhow::bail;

pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let store = wire::connect(&config).await?;
    let done = heddle_service::retain(&store, config.retention).await?;
    store.close().await;
    println!("instances {}\nrows of history {}", done.instances, done.rows);
    if done.elsewhere {
        bail!("a server is deleting at this moment, and goes on with it");
    }
    Ok(())
}
