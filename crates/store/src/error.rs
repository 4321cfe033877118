//! What a query can answer instead of success, and what an error of a database means.

use heddle_engine::storage::{CommitError, StorageError};
use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr};

/// A query failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else has this already (`name`, `email`, `id`).
    #[error("this {0} is taken")]
    Taken(&'static str),
    /// What the caller expected to find is not so any more. Read again, then decide again.
    #[error("the row has changed meanwhile")]
    Stale,
    /// It may work when tried again (connection lost, database busy or starting).
    #[error("the database is not reachable at the moment: {0}")]
    Transient(String),
    /// It will not work when tried again. The text says where.
    #[error("the database refused: {0}")]
    Fatal(String),
}

/// What an error means for the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A unique key is taken. Nothing was written.
    Conflict,
    /// The batch belongs to somebody who no longer owns its shards. Nothing was written.
    Fenced,
    /// Nothing was written; try again.
    Transient,
    /// It may have been written.
    Unknown,
    /// Nothing was written, and never will be.
    Fatal,
    /// Nothing was written, and never will be, because of the data themselves.
    Refused,
}

/// SQLSTATE that a batch of somebody who no longer owns its shards ends with (`heddle_refuse`).
pub(crate) const FENCED: &str = "HD001";
/// SQLSTATE that a batch which does not fit what is stored ends with (`heddle_refuse`).
pub(crate) const CONFLICT: &str = "HD002";

/// What an error means that came after a statement was sent.
pub(crate) fn class(error: &sqlx::Error) -> Class {
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code();
            let code = code.as_deref().unwrap_or_default();
            match database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
                Some(_) => postgres_class(code),
                None => sqlite_class(code.parse().unwrap_or_default()),
            }
        }
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::BeginFailed => Class::Transient,
        // The connection is gone: whether the server got to its end, nobody here knows.
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            Class::Unknown
        }
        _ => Class::Fatal,
    }
}

fn postgres_class(code: &str) -> Class {
    match code {
        "23505" | CONFLICT => Class::Conflict,
        FENCED => Class::Fenced,
        // Serialization failure, deadlock, lock not available, cancelled by a time limit, idle in transaction too long.
        "40001" | "40P01" | "55P03" | "57014" | "25P03" => Class::Transient,
        // Starting up; too many connections, no disk, no memory.
        "57P03" => Class::Transient,
        _ if code.starts_with("53") => Class::Transient,
        // Shut down or crashed: it may have happened between the commit and the answer. 40003 says so itself.
        "57P01" | "57P02" | "57P04" | "57P05" | "40003" => Class::Unknown,
        // Data that no column takes, constraints, limits of the database.
        _ if code.starts_with("22") || code.starts_with("23") || code.starts_with("54") => Class::Refused,
        _ if code.starts_with("08") || code.starts_with("58") => Class::Unknown,
        _ => Class::Fatal,
    }
}

/// By the primary code, the lowest byte of the extended one.
fn sqlite_class(extended: i32) -> Class {
    match (extended & 0xff, extended) {
        // Unique index, primary key, rowid.
        (19, 2067 | 1555 | 2579) => Class::Conflict,
        // Busy, locked, no memory, interrupted, disk full (rolled back by SQLite itself), cannot open.
        (5 | 6 | 7 | 9 | 13 | 14, _) => Class::Transient,
        // A failed write or flush: what reached the disk is not known.
        (10, _) => Class::Unknown,
        // Too large; another constraint; a value of the wrong kind.
        (18..=20, _) => Class::Refused,
        _ => Class::Fatal,
    }
}

/// What an error means that came while no statement was under way (waiting for a connection).
pub(crate) fn not_sent(error: &sqlx::Error) -> CommitError {
    CommitError::Transient(error.to_string())
}

/// What an error of a commit is to the engine.
pub(crate) fn commit_error(error: &sqlx::Error) -> CommitError {
    answer(class(error), error.to_string())
}

/// The same for the engine's own connection to a SQLite file.
pub(crate) fn sqlite_commit_error(error: &rusqlite::Error) -> CommitError {
    let class = error.sqlite_error().map_or(Class::Fatal, |error| sqlite_class(error.extended_code));
    answer(class, error.to_string())
}

fn answer(class: Class, text: String) -> CommitError {
    match class {
        Class::Conflict => CommitError::Conflict(text),
        Class::Fenced => CommitError::Fenced,
        Class::Transient => CommitError::Transient(text),
        Class::Unknown => CommitError::Unknown(text),
        Class::Fatal => CommitError::Fatal(text),
        Class::Refused => CommitError::Refused(text),
    }
}

/// The error of the driver inside sea-orm's, where there is one.
fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner))
        | DbErr::Conn(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match driver_error(&error) {
            Some(driver) => driver.into(),
            None if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) => Self::Transient(error.to_string()),
            None => Self::Fatal(error.to_string()),
        }
    }
}

impl From<&sqlx::Error> for StoreError {
    fn from(error: &sqlx::Error) -> Self {
        match class(error) {
            Class::Conflict => Self::Taken(taken(error)),
            Class::Transient | Class::Unknown => Self::Transient(error.to_string()),
            Class::Fenced | Class::Fatal | Class::Refused => Self::Fatal(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        (&error).into()
    }
}

/// Which of a row's keys clashed, in the words of the caller.
fn taken(error: &sqlx::Error) -> &'static str {
    let database = error.as_database_error();
    // PostgreSQL names the constraint, SQLite the columns.
    let text = database
        .map(|error| error.constraint().map_or_else(|| error.message().to_owned(), str::to_owned))
        .unwrap_or_default();
    match text {
        text if text.contains("email") => "email",
        text if text.contains("username")
            || text.ends_with(".name")
            || text.ends_with("_name")
            || text.ends_with("_name_key") =>
        {
            "name"
        }
        text if text.contains("business_key") || text.contains("unique_key") => "business_key",
        _ => "id",
    }
}

impl From<StoreError> for StorageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Transient(text) => Self::Transient(text),
            other => Self::Fatal(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_is_an_unknown_outcome_and_a_full_pool_is_not() {
        assert_eq!(class(&sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())), Class::Unknown);
        assert_eq!(class(&sqlx::Error::PoolTimedOut), Class::Transient);
        assert_eq!(postgres_class("57P01"), Class::Unknown);
        assert_eq!(postgres_class("40P01"), Class::Transient);
        assert_eq!(postgres_class("22021"), Class::Refused, "a byte sequence that is no text");
        assert_eq!(postgres_class("23502"), Class::Refused);
        assert_eq!(postgres_class("54000"), Class::Refused, "an index row that is too large");
        assert_eq!(postgres_class("42P01"), Class::Fatal, "a missing table is nobody's data");
        assert_eq!(sqlite_class(2067), Class::Conflict);
        assert_eq!(sqlite_class(787), Class::Refused, "a foreign key is not a taken key");
        assert_eq!(sqlite_class(18), Class::Refused, "too large");
        assert_eq!(sqlite_class(8), Class::Fatal, "a file that may not be written is nobody's data");
        assert_eq!(sqlite_class(1034), Class::Unknown, "fsync failed");
        let failed = |code| sqlite_commit_error(&rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None));
        assert!(matches!(failed(1034), CommitError::Unknown(_)));
        assert!(matches!(failed(1555), CommitError::Conflict(_)));
        assert!(matches!(failed(5), CommitError::Transient(_)));
        assert!(matches!(sqlite_commit_error(&rusqlite::Error::InvalidQuery), CommitError::Fatal(_)));
    }
}
