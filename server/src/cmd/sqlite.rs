//! Copying a SQLite database as a whole, through SQLite itself: a file that is in use must not be copied as a file.

use crate::config::Config;
use anyhow::{Context, bail};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long somebody else's lock is waited for.
const BUSY: Duration = Duration::from_secs(10);

/// The file of the configured database.
pub(super) fn file(config: &Config, command: &str) -> anyhow::Result<PathBuf> {
    let Some(rest) = config.database_url.strip_prefix("sqlite:") else {
        bail!("`heddle {command}` is for SQLite; Postgres has pg_dump, pg_restore and pg_basebackup");
    };
    let path = rest.trim_start_matches("//").split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" {
        bail!("the database of HEDDLE_DATABASE_URL is no file");
    }
    Ok(PathBuf::from(path))
}

/// Copies a database, also one in use, as it is at one moment. The copy appears whole or not at all; what is at its place is replaced.
pub(super) fn copy(from: &Path, to: &Path) -> anyhow::Result<u64> {
    let part = PathBuf::from(format!("{}.part", to.display()));
    let _ = std::fs::remove_file(&part);
    let copied = copy_to(from, &part);
    if copied.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    let bytes = copied?;
    std::fs::rename(&part, to).with_context(|| format!("cannot make {}", to.display()))?;
    if let Some(folder) = to.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).context("cannot write the folder to disk")?;
    }
    Ok(bytes)
}

fn copy_to(from: &Path, part: &Path) -> anyhow::Result<u64> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .with_context(|| format!("cannot open {}", from.display()))?;
    source.busy_timeout(BUSY)?;
    private(part)?;
    let mut target = Connection::open(part).with_context(|| format!("cannot make {}", part.display()))?;
    {
        // All pages in one step: others go on writing, and the copy is of one moment.
        let backup = Backup::new(&source, &mut target)?;
        match backup.step(-1).with_context(|| format!("{} cannot be copied", from.display()))? {
            StepResult::Done => {}
            _ => bail!("{} is locked; try again", from.display()),
        }
    }
    target.close().map_err(|(_, error)| error)?;
    let file = std::fs::File::open(part)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

/// Makes an empty file for the owner's eyes only: a database holds everybody's data.
fn private(path: &Path) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).with_context(|| format!("cannot make {}", path.display()))
}

/// Fails while anybody else has the database open. Afterwards all of it is in the one file.
pub(super) fn ensure_unused(path: &Path) -> anyhow::Result<()> {
    let in_use = || format!("{} is in use: stop the server first", path.display());
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .with_context(|| format!("cannot open {}", path.display()))?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.transaction_with_behavior(TransactionBehavior::Exclusive).with_context(in_use)?.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}
