//! A batch on SQLite: multi-row statements in one IMMEDIATE transaction on the one writer connection.
//!
//! A statement of n rows exists in a few lengths only, so that each is prepared once; a batch is cut into such lengths.

use super::rows::{in_order, jobs_gone, nodes, timers_gone};
use super::statement_sqlite::{Table, pieces, text};
use crate::error::{commit_error, not_sent};
use crate::row::{search_key, uuid};
use heddle_engine::storage::{Batch, CommitError, Fence, JobState, Unit};
use sea_orm::sqlx::sqlite::SqliteArguments;
use sea_orm::sqlx::{self, Arguments, AssertSqlSafe, Encode, Sqlite, SqlitePool, Type};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One statement of a batch.
struct Step {
    table: Table,
    sql: Arc<str>,
    arguments: SqliteArguments,
    rows: u64,
}

/// A batch, encoded: it borrows nothing.
pub(super) struct Prepared {
    fence: Fence,
    steps: Vec<Step>,
    error: Option<String>,
}

/// The arguments of one row.
struct Row<'a> {
    arguments: &'a mut SqliteArguments,
    error: &'a mut Option<String>,
}

impl Row<'_> {
    fn put<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        if let Err(error) = self.arguments.add(value) {
            self.error.get_or_insert_with(|| error.to_string());
        }
        self
    }

    fn key(&mut self, unit: &Unit) -> &mut Self {
        self.put(uuid(unit.workspace.as_u128())).put(uuid(unit.instance.as_u128()))
    }
}

impl Prepared {
    /// Adds rows to a table: as many statements as it takes.
    fn add<R>(&mut self, table: Table, rows: &[R], put: impl Fn(&mut Row<'_>, &R)) {
        for piece in pieces(rows) {
            let mut arguments = SqliteArguments::default();
            arguments.reserve(piece.len() * table.columns(), 0);
            for row in piece {
                put(&mut Row { arguments: &mut arguments, error: &mut self.error }, row);
            }
            self.steps.push(Step { table, sql: text(table, piece.len()), arguments, rows: piece.len() as u64 });
        }
    }
}

fn rows<'a, R: 'a, I: IntoIterator<Item = R>>(units: &[&'a Unit], of: impl Fn(&'a Unit) -> I) -> Vec<(&'a Unit, R)> {
    units.iter().flat_map(|&unit| of(unit).into_iter().map(move |row| (unit, row))).collect()
}

/// Encodes a batch.
pub(super) fn prepare(batch: &Batch) -> Prepared {
    let units = in_order(batch);
    let mut prepared = Prepared { fence: batch.fence, steps: Vec::with_capacity(16), error: None };
    heads(&mut prepared, &units);
    journal(&mut prepared, &units);
    node_instances(&mut prepared, &units);
    timers(&mut prepared, &units);
    jobs(&mut prepared, &units);
    incidents(&mut prepared, &units);
    beside(&mut prepared, &units);
    prepared
}

/// Runs it and waits until it is on the disk.
pub(super) async fn send(pool: &SqlitePool, prepared: Prepared) -> Result<(), CommitError> {
    if let Some(error) = prepared.error {
        return Err(CommitError::Fatal(error));
    }
    let mut connection = pool.acquire().await.map_err(|error| not_sent(&error))?;
    let answer = run(&mut connection, prepared.fence, prepared.steps).await;
    if matches!(answer, Err(CommitError::Unknown(_))) {
        let _ = connection.close().await;
    }
    answer
}

async fn run(connection: &mut sqlx::SqliteConnection, fence: Fence, steps: Vec<Step>) -> Result<(), CommitError> {
    use sqlx::Connection;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| not_sent(&error))?;
    let held = sqlx::query("SELECT 1 FROM server_node WHERE server_id = ?1 AND epoch = ?2")
        .bind(uuid(fence.server.as_u128()))
        .bind(fence.epoch as i64)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(|error| commit_error(&error))?;
    if held.is_none() {
        transaction.rollback().await.map_err(|error| commit_error(&error))?;
        return Err(CommitError::Fenced);
    }
    for step in steps {
        let (table, rows) = (step.table, step.rows);
        let query = sqlx::query_with(AssertSqlSafe(step.sql), step.arguments);
        let done = query.execute(&mut *transaction).await.map_err(|error| commit_error(&error))?;
        if table.counted() && done.rows_affected() != rows {
            transaction.rollback().await.map_err(|error| commit_error(&error))?;
            return Err(CommitError::Conflict(format!("not all rows fit: {table:?}")));
        }
    }
    transaction.commit().await.map_err(|error| commit_error(&error))
}

fn heads(prepared: &mut Prepared, units: &[&Unit]) {
    let created = rows(units, |unit| unit.created.as_ref());
    prepared.add(Table::Created, &created, |row, (unit, created)| {
        row.key(unit)
            .put(uuid(created.workflow.as_u128()))
            .put(uuid(created.version.as_u128()))
            .put(created.created_at)
            .put(unit.head.updated_at)
            .put(unit.head.started_at)
            .put(unit.head.ended_at)
            .put(unit.head.seq as i64)
            .put(created.version_number)
            .put(unit.shard)
            .put(unit.head.nodes_ended)
            .put(unit.head.nodes_expected)
            .put(unit.head.incidents)
            .put(created.priority)
            .put(unit.head.runnable)
            .put(created.unique_business_key)
            .put(created.test)
            .put(unit.head.status)
            .put(unit.head.phase)
            .put(created.started_by.as_str())
            .put(created.business_key.as_deref())
            .put(unit.head.error.as_deref());
    });
    let moved: Vec<&Unit> = units.iter().copied().filter(|unit| unit.created.is_none()).collect();
    prepared.add(Table::Moved, &moved, |row, unit| {
        row.key(unit)
            .put(unit.journal.first_seq as i64 - 1)
            .put(unit.head.updated_at)
            .put(unit.head.started_at)
            .put(unit.head.ended_at)
            .put(unit.head.seq as i64)
            .put(unit.head.nodes_ended)
            .put(unit.head.nodes_expected)
            .put(unit.head.incidents)
            .put(unit.head.runnable)
            .put(unit.head.status)
            .put(unit.head.phase)
            .put(unit.head.error.as_deref());
    });
}

fn journal(prepared: &mut Prepared, units: &[&Unit]) {
    prepared.add(Table::Journal, units, |row, unit| {
        row.key(unit)
            .put(unit.journal.first_seq as i64)
            .put(unit.journal.pos as i64)
            .put(unit.journal.at)
            .put(unit.journal.count)
            .put(unit.journal.checksum.cast_signed())
            .put(unit.shard)
            .put(&*unit.journal.events);
    });
    let mut last: BTreeMap<u16, u64> = BTreeMap::new();
    for unit in units {
        let pos = last.entry(unit.shard).or_default();
        *pos = unit.journal.pos.max(*pos);
    }
    let last: Vec<(u16, u64)> = last.into_iter().collect();
    prepared.add(Table::Position, &last, |row, (shard, pos)| {
        row.put(*shard).put(*pos as i64);
    });
}

fn node_instances(prepared: &mut Prepared, units: &[&Unit]) {
    prepared.add(Table::Nodes, &rows(units, nodes), |row, (unit, node)| {
        row.key(unit)
            .put(node.started_at)
            .put(node.ended_at)
            .put(node.number)
            .put(node.attempt)
            .put(node.iteration)
            .put(node.node.clone())
            .put(node.node_type.clone())
            .put(node.status)
            .put(node.reason)
            .put(node.output.as_deref())
            .put(node.error.as_deref());
    });
}

fn timers(prepared: &mut Prepared, units: &[&Unit]) {
    let armed = rows(units, |unit| &unit.timers);
    prepared.add(Table::Armed, &armed, |row, (unit, timer)| {
        row.key(unit).put(timer.number).put(unit.shard).put(timer.due);
    });
    prepared.add(Table::Disarmed, &rows(units, timers_gone), |row, (unit, number)| {
        row.key(unit).put(**number);
    });
}

fn jobs(prepared: &mut Prepared, units: &[&Unit]) {
    let offered = rows(units, |unit| &unit.jobs);
    prepared.add(Table::Offered, &offered, |row, (unit, job)| {
        row.put(uuid(unit.workspace.as_u128()))
            .put(uuid(job.id.as_u128()))
            .put(uuid(unit.instance.as_u128()))
            .put(job.number)
            .put(job.state == JobState::Leased)
            .put(job.priority)
            .put(job.attempt)
            .put(job.token.cast_signed())
            .put(job.not_before)
            .put(job.lease_until)
            .put(job.created_at)
            .put(job.held)
            .put(job.job_type.clone())
            .put(job.node.clone())
            .put(job.worker.as_deref())
            .put(job.key.as_str())
            .put(job.input.as_str());
    });
    prepared.add(Table::Done, &rows(units, jobs_gone), |row, (unit, id)| {
        row.put(uuid(unit.workspace.as_u128())).put(uuid(id.as_u128()));
    });
    prepared.add(Table::Held, &rows(units, |unit| unit.hold_jobs), |row, (unit, hold)| {
        row.key(unit).put(*hold);
    });
}

fn incidents(prepared: &mut Prepared, units: &[&Unit]) {
    prepared.add(Table::Incidents, &rows(units, |unit| &unit.incidents), |row, (unit, incident)| {
        row.put(uuid(unit.workspace.as_u128()))
            .put(uuid(unit.instance.incident(incident.number).as_u128()))
            .put(uuid(unit.instance.as_u128()))
            .put(incident.number)
            .put(incident.kind)
            .put(incident.node.as_deref())
            .put(incident.code.as_str())
            .put(incident.message.as_str())
            .put(incident.opened_at)
            .put(incident.resolved_at);
    });
}

/// Search values, snapshots, idempotency keys, log lines.
fn beside(prepared: &mut Prepared, units: &[&Unit]) {
    prepared.add(Table::Search, &rows(units, |unit| &unit.search), |row, (unit, (name, value))| {
        row.key(unit).put(name.clone()).put(value.as_str()).put(search_key(value).as_ref());
    });
    prepared.add(Table::Snapshots, &rows(units, |unit| &unit.snapshot), |row, (unit, snapshot)| {
        row.key(unit).put(snapshot.seq as i64).put(snapshot.checksum).put(&*snapshot.state);
    });
    prepared.add(Table::Keys, &rows(units, |unit| &unit.idempotency), |row, (unit, key)| {
        row.put(uuid(unit.workspace.as_u128()))
            .put(key.key.as_str())
            .put(&key.body_hash[..])
            .put(key.response.as_str())
            .put(unit.journal.at)
            .put(key.expires_at);
    });
    prepared.add(Table::Logs, &rows(units, |unit| &unit.logs), |row, (unit, line)| {
        row.key(unit)
            .put(line.number)
            .put(line.at)
            .put(line.node.clone())
            .put(line.level.clone())
            .put(line.message.as_str());
    });
}
