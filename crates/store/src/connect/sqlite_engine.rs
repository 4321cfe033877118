//! The engine's own connection to the SQLite file: a batch is written through it in one go, on the thread that asks.
//!
//! Why not the doors' connection: its driver hands every statement to a thread of its own and back (docs/adr/0012). What may not live
//! here: who may write when; whoever uses this holds the one turn to write.

use super::sqlite::{BUSY_TIMEOUT, CHECKPOINT_PAGES, JOURNAL_SIZE_LIMIT};
use heddle_engine::storage::CommitError;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The commit has about thirty statements.
const STATEMENTS: usize = 64;

/// The connection, opened when it is first needed.
#[derive(Debug)]
pub(crate) struct EngineConnection {
    file: PathBuf,
    place: Mutex<Place>,
}

#[derive(Debug)]
struct Place {
    open: Option<Connection>,
    closed: bool,
}

impl EngineConnection {
    /// A connection to an existing file.
    pub(super) const fn new(file: PathBuf) -> Self {
        Self { file, place: Mutex::new(Place { open: None, closed: false }) }
    }

    /// Does `work`, blocking. After an unknown outcome the connection is closed: whatever it still is, it is not to be trusted with the
    /// next batch.
    pub(crate) fn run<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, CommitError>,
    ) -> Result<T, CommitError> {
        let mut place = self.lock();
        // Taken out meanwhile: a panic closes it, and SQLite takes back what was not committed.
        let mut connection = match place.open.take() {
            Some(connection) => connection,
            None if place.closed => return Err(CommitError::Transient("the database has been closed".to_owned())),
            None => open(&self.file).map_err(|error| CommitError::Transient(error.to_string()))?,
        };
        let answer = work(&mut connection);
        if !matches!(answer, Err(CommitError::Unknown(_))) {
            place.open = Some(connection);
        }
        answer
    }

    /// Closes it for good.
    pub(super) fn close(&self) {
        *self.lock() = Place { open: None, closed: true };
    }

    fn lock(&self) -> MutexGuard<'_, Place> {
        // A panic left no connection behind.
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", JOURNAL_SIZE_LIMIT)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn engine() -> (heddle_testkit::TempSqlite, EngineConnection) {
        let place = heddle_testkit::TempSqlite::new().unwrap();
        let file = place.dir().join("heddle.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (n INTEGER)").unwrap();
        (place, EngineConnection::new(file))
    }

    fn count(engine: &EngineConnection) -> i64 {
        engine
            .run(|connection| Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()))
            .unwrap()
    }

    /// A transaction left open, as after a failed COMMIT.
    fn half(connection: &Connection) {
        connection
            .execute_batch("CREATE TEMP TABLE mark (n INTEGER); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
            .unwrap();
    }

    fn is_marked(engine: &EngineConnection) -> bool {
        engine.run(|connection| Ok(connection.prepare("SELECT * FROM mark").is_ok())).unwrap()
    }

    #[test]
    fn an_unknown_outcome_closes_the_connection_and_what_it_left_open() {
        let (_place, engine) = engine();
        let answer: Result<(), _> = engine.run(|connection| {
            half(connection);
            Err(CommitError::Unknown("the flush failed".to_owned()))
        });
        assert!(matches!(answer, Err(CommitError::Unknown(_))));
        assert!(!is_marked(&engine), "the same connection was used again");
        assert_eq!(count(&engine), 0);
        engine
            .run(|connection| {
                connection.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (2); COMMIT").unwrap();
                Ok(())
            })
            .unwrap();
        assert_eq!(count(&engine), 1);
    }

    #[test]
    fn a_panic_closes_the_connection_and_a_refusal_keeps_it() {
        let (_place, engine) = engine();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            engine.run(|connection| -> Result<(), _> {
                half(connection);
                panic!("in the middle")
            })
        }));
        assert!(panicked.is_err() && !is_marked(&engine));
        let _ = engine.run(|connection| -> Result<(), _> {
            connection.execute_batch("CREATE TEMP TABLE mark (n INTEGER)").unwrap();
            Err(CommitError::Fenced)
        });
        assert!(is_marked(&engine), "a refused batch says nothing about the connection");
        engine.close();
        assert!(matches!(engine.run(|_| Ok(())), Err(CommitError::Transient(_))));
    }

    #[test]
    fn every_commit_is_flushed() {
        let (_place, engine) = engine();
        let pragma = |name: &str| -> String {
            engine
                .run(|connection| {
                    let value: rusqlite::types::Value =
                        connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap();
                    Ok(format!("{value:?}"))
                })
                .unwrap()
        };
        assert_eq!(pragma("synchronous"), "Integer(2)");
        assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
        assert_eq!(pragma("foreign_keys"), "Integer(1)");
    }
}
