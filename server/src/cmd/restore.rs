//! `heddle restore FILE`.

use super::sqlite;
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use heddle_store::{ConnectOptions, Store};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Args)]
pub(super) struct Restore {
    /// A copy made by `heddle backup`.
    file: PathBuf,
    /// Puts it in the place of a database that is there; that one is kept beside it under another name.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(config: Config, what: Restore) -> anyhow::Result<()> {
    let database = sqlite::file(&config, "restore")?;
    if !what.file.is_file() {
        bail!("{} is not there", what.file.display());
    }
    if database.exists() && !what.force {
        bail!("{} is there already; --force puts the copy in its place and keeps it beside", database.display());
    }
    if let Some(folder) = database.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let arrived = PathBuf::from(format!("{}.restored", database.display()));
    let (from, to) = (what.file.clone(), arrived.clone());
    let bytes = tokio::task::spawn_blocking(move || sqlite::copy(&from, &to)).await??;
    if let Err(error) = check(&arrived).await {
        let _ = std::fs::remove_file(&arrived);
        return Err(error.context(format!("{} is no database of this program", what.file.display())));
    }
    if database.exists() {
        sqlite::ensure_unused(&database).inspect_err(|_| drop(std::fs::remove_file(&arrived)))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let kept = PathBuf::from(format!("{}.replaced-{now}", database.display()));
        for beside in ["", "-wal", "-shm"] {
            let (old, new) = (format!("{}{beside}", database.display()), format!("{}{beside}", kept.display()));
            if Path::new(&old).exists() {
                std::fs::rename(&old, new).with_context(|| format!("cannot keep {old}"))?;
            }
        }
        println!("the database that was there is {}", kept.display());
    }
    std::fs::rename(&arrived, &database).with_context(|| format!("cannot make {}", database.display()))?;
    println!("{} {bytes} bytes", database.display());
    Ok(())
}

/// Whether it is a database that this program can bring up to date.
async fn check(file: &Path) -> anyhow::Result<()> {
    let options = ConnectOptions { url: format!("sqlite://{}", file.display()), max_connections: None };
    let store = Store::connect(&options).await?;
    let migrated = store.migrate().await;
    let users = store.any_user().await;
    store.close().await;
    migrated?;
    anyhow::ensure!(users?, "it holds no account");
    Ok(())
}
