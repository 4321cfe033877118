//! What a statement fails with: the same codes for every kind of database, so that a retry policy need not know which one it is.

use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::limits;
use heddle_model::value::json;

/// No data source of this name is open to this workspace.
pub const SQL_NO_SOURCE: &str = "SQL_NO_SOURCE";
/// The database cannot be reached, refuses the sign-in, or broke the connection. Worth a retry.
pub const SQL_CONNECTION: &str = "SQL_CONNECTION";
/// Another transaction was in the way: lock, deadlock, serialization. Worth a retry.
pub const SQL_CONFLICT: &str = "SQL_CONFLICT";
/// The database ended the statement because it took too long.
pub const SQL_TIMEOUT: &str = "SQL_TIMEOUT";
/// A unique, foreign key, check or not-null constraint says no.
pub const SQL_CONSTRAINT: &str = "SQL_CONSTRAINT";
/// The statement would write, and the data source is for reading, or its account may not.
pub const SQL_DENIED: &str = "SQL_DENIED";
/// The statement cannot be understood, or its values do not fit.
pub const SQL_STATEMENT: &str = "SQL_STATEMENT";
/// More rows or bytes than allowed; nothing was changed.
pub const SQL_TOO_LARGE: &str = "SQL_TOO_LARGE";

pub(super) fn too_large(rows: usize, bytes: usize) -> TaskError {
    let message = format!(
        "the answer has more than {rows} rows or {bytes} bytes; nothing was changed. Ask for less, or raise `max_rows` (at most {}) or `max_bytes` (at most {})",
        limits::SQL_ROWS,
        limits::SQL_BYTES
    );
    TaskError::new(ErrorClass::Business, SQL_TOO_LARGE, message).permanent()
}

pub(super) fn columns(name: &str) -> TaskError {
    statement(format!("two columns are called `{name}`; give one of them another name with AS"))
}

pub(super) fn statement(message: impl Into<String>) -> TaskError {
    TaskError::new(ErrorClass::Business, SQL_STATEMENT, message).permanent()
}

pub(super) fn denied(message: impl Into<String>) -> TaskError {
    TaskError::new(ErrorClass::Business, SQL_DENIED, message).permanent()
}

pub(super) fn connection(message: impl Into<String>) -> TaskError {
    TaskError::new(ErrorClass::System, SQL_CONNECTION, message)
}

pub(super) fn count(asked: usize, given: usize) -> TaskError {
    statement(format!("the statement has {asked} parameters and `params` has {given} values"))
}

/// The error of a PostgreSQL answer, by its SQLSTATE.
pub(super) fn postgres(error: &tokio_postgres::Error) -> TaskError {
    let Some(said) = error.as_db_error() else {
        // Encoding a value is ours, everything else is the connection's. The text of a broken connection names no password.
        return connection(format!("the database cannot be asked: {error}"));
    };
    let state = said.code().code();
    let (class, code, retryable) = match (&state[..2], state) {
        (_, "57014" | "55P03" | "25P03") => (ErrorClass::Timeout, SQL_TIMEOUT, true),
        ("40", _) => (ErrorClass::System, SQL_CONFLICT, true),
        ("08" | "28" | "53" | "57" | "58" | "XX", _) | (_, "3D000") => (ErrorClass::System, SQL_CONNECTION, true),
        // A business error that a policy may want to try again: the other row may be gone by then.
        ("23", _) => (ErrorClass::Business, SQL_CONSTRAINT, true),
        (_, "25006" | "42501") => (ErrorClass::Business, SQL_DENIED, false),
        _ => (ErrorClass::Business, SQL_STATEMENT, false),
    };
    let mut found = TaskError::new(class, code, said.message());
    found.retryable = retryable;
    found.details =
        json!({ "sqlstate": state, "constraint": said.constraint(), "table": said.table(), "column": said.column() });
    found
}

/// The error of SQLite, by its code.
pub(super) fn sqlite(error: &rusqlite::Error) -> TaskError {
    use rusqlite::ErrorCode as C;
    let Some(code) = error.sqlite_error_code() else {
        return statement(error.to_string());
    };
    let (class, name, retryable) = match code {
        C::DatabaseBusy | C::DatabaseLocked => (ErrorClass::System, SQL_CONFLICT, true),
        C::OperationInterrupted => (ErrorClass::Timeout, SQL_TIMEOUT, true),
        C::ConstraintViolation => (ErrorClass::Business, SQL_CONSTRAINT, true),
        C::ReadOnly | C::AuthorizationForStatementDenied | C::PermissionDenied => {
            (ErrorClass::Business, SQL_DENIED, false)
        }
        C::CannotOpen | C::SystemIoFailure | C::DatabaseCorrupt | C::DiskFull | C::NotADatabase | C::OutOfMemory => {
            (ErrorClass::System, SQL_CONNECTION, true)
        }
        _ => (ErrorClass::Business, SQL_STATEMENT, false),
    };
    // An error of opening names the file.
    let message =
        if name == SQL_CONNECTION { format!("the database cannot be used ({code:?})") } else { error.to_string() };
    let mut found = TaskError::new(class, name, message);
    found.retryable = retryable;
    found
}
