//! `heddle backup FILE`.

use super::sqlite;
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct Backup {
    /// Where the copy goes.
    file: PathBuf,
    /// Replaces a file that is there.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(config: Config, what: Backup) -> anyhow::Result<()> {
    let database = sqlite::file(&config, "backup")?;
    if what.file.exists() && !what.force {
        bail!("{} is there already; --force replaces it", what.file.display());
    }
    if let Some(folder) = what.file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let to = what.file.clone();
    let bytes = tokio::task::spawn_blocking(move || sqlite::copy(&database, &to)).await??;
    println!("{} {bytes} bytes", what.file.display());
    eprintln!(
        "Keep {} too, in another place: without that key nobody's tokens hold.",
        config.data_dir.join("secret.key").display()
    );
    Ok(())
}
