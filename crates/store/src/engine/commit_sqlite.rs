//! A batch on SQLite: prepared statements of one row each, in one IMMEDIATE transaction, on the engine's own connection.

use super::rows::{in_order, jobs_gone, nodes, posts, tallies, timers_gone};
use super::statement_sqlite as sql;
use super::{people_sqlite, post_sqlite};
use crate::error::sqlite_commit_error;
use crate::row::search_key;
use heddle_engine::storage::{Batch, CommitError, Fence, Head, HeadRow, JobState, Settlement, Unit};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Statement, TransactionBehavior, params};
use std::collections::BTreeMap;

/// Why a transaction was taken back.
#[derive(Debug)]
pub(super) enum Failure {
    /// SQLite said so.
    Sqlite(rusqlite::Error),
    /// What the batch found.
    Refused(CommitError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

pub(super) type Done = Result<(), Failure>;

/// Writes the batch and waits until it is on the disk. After `Unknown` the connection is not to be used again.
pub(super) fn commit(connection: &mut Connection, batch: &Batch) -> Result<(), CommitError> {
    fenced(connection, batch.fence, |db| write(db, batch))
}

/// The same for settlements.
pub(super) fn settle(connection: &mut Connection, fence: Fence, settlements: &[Settlement]) -> Result<(), CommitError> {
    fenced(connection, fence, |db| post_sqlite::settlements(db, settlements))
}

fn fenced(
    connection: &mut Connection,
    fence: Fence,
    write: impl FnOnce(&Connection) -> Done,
) -> Result<(), CommitError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| CommitError::Transient(error.to_string()))?;
    let owned = || if owns(&transaction, fence)? { Ok(()) } else { Err(Failure::Refused(CommitError::Fenced)) };
    let written = owned().and_then(|()| write(&transaction)).and_then(|()| Ok(transaction.commit()?));
    written.map_err(|failure| match failure {
        Failure::Sqlite(error) => sqlite_commit_error(&error),
        Failure::Refused(why) => why,
    })
}

fn write(db: &Connection, batch: &Batch) -> Done {
    let units = in_order(batch);
    heads(db, &units)?;
    journal(db, &units)?;
    node_instances(db, &units)?;
    ended(db, &units, batch.slot)?;
    timers(db, &units)?;
    jobs(db, &units)?;
    incidents(db, &units)?;
    beside(db, &units)?;
    people_sqlite::people(db, &units)?;
    post_sqlite::posts(db, &posts(&units))
}

fn owns(db: &Connection, fence: Fence) -> rusqlite::Result<bool> {
    let server = fence.server.to_bytes();
    let row = db.prepare_cached(sql::FENCE)?.query_row(params![server, fence.epoch as i64], |_| Ok(())).optional()?;
    Ok(row.is_some())
}

pub(super) const fn workspace(unit: &Unit) -> [u8; 16] {
    unit.workspace.to_bytes()
}

pub(super) const fn instance(unit: &Unit) -> [u8; 16] {
    unit.instance.to_bytes()
}

/// Rows of one table: each with the unit it belongs to.
fn rows<'a, R: 'a, I: IntoIterator<Item = R>>(
    units: &'a [&'a Unit],
    of: impl Fn(&'a Unit) -> I,
) -> impl Iterator<Item = (&'a Unit, R)> {
    units.iter().flat_map(move |&unit| of(unit).into_iter().map(move |row| (unit, row)))
}

/// Runs a statement for each row; without rows it is not even looked up.
pub(super) fn each<R>(
    db: &Connection,
    sql: &str,
    rows: impl IntoIterator<Item = R>,
    run: impl Fn(&mut Statement<'_>, R) -> rusqlite::Result<usize>,
) -> Done {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let mut statement = db.prepare_cached(sql)?;
    for row in rows {
        run(&mut statement, row)?;
    }
    Ok(())
}

pub(super) fn conflict(what: &str) -> Failure {
    Failure::Refused(CommitError::Conflict(what.to_owned()))
}

fn heads(db: &Connection, units: &[&Unit]) -> Done {
    each(
        db,
        sql::CREATED,
        rows(units, |unit| unit.created.as_ref().zip(unit.head.as_ref())),
        |statement, (unit, (created, head))| {
            statement.execute(params![
                workspace(unit),
                instance(unit),
                created.workflow.to_bytes(),
                created.version.to_bytes(),
                created.created_at,
                head.updated_at,
                head.started_at,
                head.ended_at,
                head.seq as i64,
                created.version_number,
                unit.shard,
                head.nodes_ended,
                head.nodes_expected,
                head.incidents,
                created.priority,
                head.runnable,
                created.unique_business_key,
                created.test,
                head.status,
                head.phase,
                created.started_by,
                created.business_key,
                head.error,
                created.parent.map(|parent| parent.to_bytes()),
            ])
        },
    )?;
    let mut writer = Heads::new(db)?;
    for unit in units.iter().filter(|unit| unit.created.is_none()) {
        let Some(head) = &unit.head else { continue };
        if !writer.write((&workspace(unit), &instance(unit)), unit.journal.first_seq - 1, head)? {
            return Err(conflict("an instance is not where the batch takes it from"));
        }
    }
    each(db, sql::MIGRATED, rows(units, |unit| unit.version), |statement, (unit, (version, number))| {
        statement.execute(params![workspace(unit), instance(unit), version.to_bytes(), number])
    })
}

/// Brings hot rows up to date: those that have gone further are left.
pub(super) fn refresh_heads(connection: &mut Connection, fence: Fence, heads: &[HeadRow]) -> Result<(), CommitError> {
    fenced(connection, fence, |db| {
        let mut writer = Heads::new(db)?;
        for HeadRow { workspace, instance, head } in heads {
            writer.write((&workspace.to_bytes(), &instance.to_bytes()), head.seq, head)?;
        }
        Ok(())
    })
}

/// Writes hot rows that are there.
struct Heads<'db> {
    stepped: CachedStatement<'db>,
    moved: CachedStatement<'db>,
}

impl<'db> Heads<'db> {
    fn new(db: &'db Connection) -> rusqlite::Result<Self> {
        Ok(Self { stepped: db.prepare_cached(sql::STEPPED)?, moved: db.prepare_cached(sql::MOVED)? })
    }

    /// Whether it was written: not where it is there no more, or is further than `before`.
    fn write(&mut self, of: (&[u8; 16], &[u8; 16]), before: u64, head: &Head) -> rusqlite::Result<bool> {
        // A step seldom changes what a list is sorted or filtered by; an end always does.
        let written = head.ended_at.is_none() && step(&mut self.stepped, of, before, head)? == 1;
        Ok(written || step(&mut self.moved, of, before, head)? == 1)
    }
}

fn step(
    statement: &mut Statement<'_>,
    (workspace, instance): (&[u8; 16], &[u8; 16]),
    before: u64,
    head: &Head,
) -> rusqlite::Result<usize> {
    statement.execute(params![
        workspace, instance, head.updated_at, head.seq as i64, head.nodes_ended, head.nodes_expected, before as i64,
        head.incidents, head.runnable, head.status, head.phase, head.started_at, head.ended_at, head.error,
    ])
}

fn journal(db: &Connection, units: &[&Unit]) -> Done {
    each(db, sql::JOURNAL, units, |statement, unit| {
        let row = &unit.journal;
        statement.execute(params![
            workspace(unit),
            instance(unit),
            row.first_seq as i64,
            row.pos as i64,
            row.at,
            row.count,
            row.checksum.cast_signed(),
            unit.shard,
            &*row.events,
        ])
    })?;
    let mut last: BTreeMap<u16, u64> = BTreeMap::new();
    for unit in units {
        let pos = last.entry(unit.shard).or_default();
        *pos = unit.journal.pos.max(*pos);
    }
    let mut position = db.prepare_cached(sql::POSITION)?;
    for (shard, pos) in last {
        if position.execute(params![shard, pos as i64])? != 1 {
            return Err(conflict("a shard is unknown"));
        }
    }
    Ok(())
}

fn node_instances(db: &Connection, units: &[&Unit]) -> Done {
    each(db, sql::NODE, rows(units, nodes), |statement, (unit, node)| {
        statement.execute(params![
            workspace(unit),
            instance(unit),
            node.started_at,
            node.number,
            node.attempt,
            node.iteration,
            node.node,
            node.node_type,
            node.status,
            node.reason,
            node.output,
            node.error,
        ])
    })
}

/// What has ended: one less that waits, and counted.
fn ended(db: &Connection, units: &[&Unit], slot: u16) -> Done {
    each(db, sql::NODE_GONE, rows(units, |unit| &unit.nodes_gone), |statement, (unit, number)| {
        statement.execute(params![workspace(unit), instance(unit), number])
    })?;
    each(db, sql::TALLY, tallies(units), |statement, ((workspace, workflow, hour, node), tally)| {
        let (workspace, workflow) = (workspace.to_bytes(), workflow.to_bytes());
        statement.execute(params![workspace, workflow, hour, slot, tally.completed, tally.failed, tally.took_ms, node])
    })
}

fn timers(db: &Connection, units: &[&Unit]) -> Done {
    each(db, sql::ARMED, rows(units, |unit| &unit.timers), |statement, (unit, timer)| {
        statement.execute(params![workspace(unit), instance(unit), timer.number, unit.shard, timer.due])
    })?;
    each(db, sql::DISARMED, rows(units, timers_gone), |statement, (unit, number)| {
        statement.execute(params![workspace(unit), instance(unit), number])
    })
}

fn jobs(db: &Connection, units: &[&Unit]) -> Done {
    each(db, sql::OFFERED, rows(units, |unit| &unit.jobs), |statement, (unit, job)| {
        statement.execute(params![
            workspace(unit),
            job.id.to_bytes(),
            instance(unit),
            job.number,
            job.state == JobState::Leased,
            job.priority,
            job.attempt,
            job.token.cast_signed(),
            job.not_before,
            job.lease_until,
            job.created_at,
            job.held,
            job.job_type,
            job.node,
            job.worker,
            job.key,
            job.input,
        ])
    })?;
    each(db, sql::DONE, rows(units, jobs_gone), |statement, (unit, job)| {
        statement.execute(params![workspace(unit), job.to_bytes()])
    })?;
    each(db, sql::HELD, rows(units, |unit| unit.hold_jobs), |statement, (unit, hold)| {
        statement.execute(params![workspace(unit), instance(unit), hold])
    })
}

fn incidents(db: &Connection, units: &[&Unit]) -> Done {
    each(db, sql::INCIDENT, rows(units, |unit| &unit.incidents), |statement, (unit, incident)| {
        statement.execute(params![
            workspace(unit),
            unit.instance.incident(incident.number).to_bytes(),
            instance(unit),
            incident.number,
            incident.kind,
            incident.node,
            incident.code,
            incident.message,
            incident.opened_at,
            incident.resolved_at,
        ])
    })
}

/// Search values, snapshots, idempotency keys, log lines.
fn beside(db: &Connection, units: &[&Unit]) -> Done {
    each(db, sql::SEARCH, rows(units, |unit| &unit.search), |statement, (unit, (name, value))| {
        statement.execute(params![workspace(unit), instance(unit), name, value, search_key(value)])
    })?;
    each(db, sql::SNAPSHOT, rows(units, |unit| &unit.snapshot), |statement, (unit, snapshot)| {
        statement.execute(params![
            workspace(unit),
            instance(unit),
            snapshot.seq as i64,
            snapshot.checksum,
            &*snapshot.state
        ])
    })?;
    for (unit, key) in rows(units, |unit| &unit.idempotency) {
        let expires = key.expires_at;
        let written = db.prepare_cached(sql::KEY)?.execute(params![
            workspace(unit),
            key.key,
            key.body_hash,
            key.response,
            unit.journal.at,
            expires
        ])?;
        if written != 1 {
            return Err(conflict("an idempotency key is taken"));
        }
    }
    each(db, sql::LOG, rows(units, |unit| &unit.logs), |statement, (unit, line)| {
        statement.execute(params![
            workspace(unit),
            instance(unit),
            line.number,
            line.at,
            line.node,
            line.level,
            line.message
        ])
    })
}
