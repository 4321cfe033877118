//! SQLite: one writer connection, a pool of readers, every commit flushed.

use super::sqlite_engine::EngineConnection;
use super::{ConnectOptions, Pools};
use crate::StoreError;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{self, ConnectOptions as _};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Versions before this one can corrupt a file when two connections write and checkpoint at once.
const OLDEST: (u32, u32, u32) = (3, 51, 3);
/// How long a writer waits for another process's write before it gives up.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// What the log file is cut back to after a checkpoint, in bytes.
pub(super) const JOURNAL_SIZE_LIMIT: u32 = 64 * 1024 * 1024;
/// Pages of the log before a commit copies them into the file: hot pages are then copied once for many commits.
pub(super) const CHECKPOINT_PAGES: u32 = 8_192;
const READERS: u32 = 4;
/// Waiting for the one writer is ordinary; this only ends a wait that has no end.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
const STATEMENTS: usize = 256;

pub(super) async fn open(
    options: &ConnectOptions,
) -> Result<(Pools, DatabaseConnection, DatabaseConnection), StoreError> {
    let base = SqliteConnectOptions::from_str(&options.url)
        .map_err(|error| StoreError::Fatal(format!("the database URL cannot be read: {error}")))?;
    if options.url.contains(":memory:") || options.url.contains("mode=memory") {
        return Err(StoreError::Fatal(
            "a SQLite database in memory keeps nothing; name a file: sqlite://data/heddle.db?mode=rwc".to_owned(),
        ));
    }
    let file = base.get_filename().to_owned();
    create_folder(&file)?;
    let base = base
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT.to_string())
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
        .pragma("cache_size", "-65536")
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();

    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    let writer = pool().max_connections(1).min_connections(1).connect_with(base.clone()).await?;
    check_version(&writer).await?;
    let readers = options.max_connections.unwrap_or(READERS).max(1);
    let readers = pool().max_connections(readers).connect_with(base.pragma("query_only", "ON")).await?;

    let engine = Box::new(EngineConnection::new(file));
    let reader_connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(readers.clone());
    let writer_connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer.clone());
    Ok((Pools::Sqlite { writer, readers, engine }, reader_connection, writer_connection))
}

fn create_folder(file: &Path) -> Result<(), StoreError> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::create_dir_all(folder)
            .map_err(|error| StoreError::Fatal(format!("the folder {} cannot be made: {error}", folder.display()))),
        None => Ok(()),
    }
}

async fn check_version(pool: &sqlx::SqlitePool) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST {
        return Err(StoreError::Fatal(format!(
            "SQLite {version} can corrupt its file; {}.{}.{} or newer is needed",
            OLDEST.0, OLDEST.1, OLDEST.2
        )));
    }
    Ok(())
}
