//! `heddle migrate`.

use crate::config::Config;
use crate::wire;

pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let store = wire::connect(&config).await?;
    let applied = store.migrate().await?;
    for name in &applied {
        println!("applied {name}");
    }
    if applied.is_empty() {
        println!("the schema is up to date");
    }
    store.close().await;
    Ok(())
}
