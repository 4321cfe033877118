//! A statement against a SQLite file. It runs on a thread for blocking work and stops at the next thousand steps when nobody waits.

use super::SqlTask;
use super::error;
use super::rows::{Rows, distinct};
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::limits;
use heddle_model::value::{Map, Value};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Steps of SQLite's machine between two looks at whether anyone waits.
const STEPS: i32 = 1_000;

pub(super) async fn run(path: &Path, read_only: bool, task: SqlTask, rows: Rows) -> Result<Value, TaskError> {
    let (path, stop) = (PathBuf::from(path), Stop(Arc::default()));
    let stopped = Arc::clone(&stop.0);
    let work = tokio::task::spawn_blocking(move || {
        let mut connection = open(&path, read_only, stopped)?;
        ask(&mut connection, read_only, &task, rows)
    });
    work.await
        .map_err(|error| TaskError::new(ErrorClass::System, "PANIC", format!("the statement panicked: {error}")))?
}

/// Tells the thread to stop when the future is dropped.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn open(path: &Path, read_only: bool, stopped: Arc<AtomicBool>) -> Result<Connection, TaskError> {
    let access = if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    let failed = |error: rusqlite::Error| error::sqlite(&error);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    connection.busy_timeout(Duration::from_millis(limits::SQL_BUSY_MS)).map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    // No other file than this one: neither attached nor written by VACUUM INTO.
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(failed)?;
    connection
        .set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(limits::SQL_BYTES).unwrap_or(i32::MAX))
        .map_err(failed)?;
    connection.authorizer(Some(authorize)).map_err(failed)?;
    connection.progress_handler(STEPS, Some(move || stopped.load(Ordering::Relaxed))).map_err(failed)?;
    Ok(connection)
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { .. } | AuthAction::Detach { .. } | AuthAction::Pragma { .. } => Authorization::Deny,
        AuthAction::Function { function_name } if function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }
}

fn ask(connection: &mut Connection, read_only: bool, task: &SqlTask, mut rows: Rows) -> Result<Value, TaskError> {
    let failed = |error: rusqlite::Error| error::sqlite(&error);
    let before = connection.total_changes();
    let transaction = connection.transaction().map_err(failed)?;
    let reads = {
        let mut statement = transaction.prepare(&task.query).map_err(failed)?;
        if read_only && !statement.readonly() {
            return Err(error::denied("the data source is for reading only"));
        }
        bind(&mut statement, &task.params)?;
        let names: Vec<String> = statement.column_names().into_iter().map(ToOwned::to_owned).collect();
        distinct(names.iter().map(String::as_str))?;
        let mut found = statement.raw_query();
        while let Some(row) = found.next().map_err(failed)? {
            let mut object = Map::new();
            for (index, name) in names.iter().enumerate() {
                object.insert(name.clone(), value(row.get_ref(index).map_err(failed)?));
            }
            rows.push(object)?;
        }
        drop(found);
        statement.readonly()
    };
    transaction.commit().map_err(failed)?;
    let count = if reads { rows.len() as u64 } else { connection.total_changes() - before };
    Ok(rows.output(count))
}

/// Binds `$1` or `?1` to the first value, and so on; a bare `?` takes the value of its place.
fn bind(statement: &mut Statement<'_>, params: &[Value]) -> Result<(), TaskError> {
    let mut used = 0;
    for index in 1..=statement.parameter_count() {
        let place = match statement.parameter_name(index) {
            None => index,
            Some(name) => name[1..]
                .parse::<usize>()
                .map_err(|_| error::statement(format!("`{name}` is no parameter; write $1, $2, …")))?,
        };
        used = used.max(place);
        let value = place.checked_sub(1).and_then(|place| params.get(place));
        let value = value.ok_or_else(|| error::count(place, params.len()))?;
        statement.raw_bind_parameter(index, cell(value)?).map_err(|error| error::sqlite(&error))?;
    }
    if used == params.len() { Ok(()) } else { Err(error::count(used, params.len())) }
}

fn cell(value: &Value) -> Result<Cell, TaskError> {
    Ok(match value {
        Value::Null => Cell::Null,
        Value::Bool(yes) => Cell::Integer(i64::from(*yes)),
        Value::Number(number) => match (number.as_i64(), number.is_u64(), number.as_f64()) {
            (Some(whole), ..) => Cell::Integer(whole),
            (None, false, Some(real)) => Cell::Real(real),
            _ => return Err(error::statement(format!("{number} is larger than an integer of the database"))),
        },
        Value::String(text) => Cell::Text(text.clone()),
        Value::Array(_) | Value::Object(_) => Cell::Text(value.to_string()),
    })
}

fn value(cell: ValueRef<'_>) -> Value {
    use base64::Engine as _;
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(whole) => whole.into(),
        ValueRef::Real(real) => super::postgres_value::real(real),
        ValueRef::Text(bytes) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::String(base64::engine::general_purpose::STANDARD.encode(bytes)),
    }
}
