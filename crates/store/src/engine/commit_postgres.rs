//! A batch on PostgreSQL: its columns as arrays, sent with one statement.

use super::rows::{in_order, jobs_gone, nodes, posts, tallies, timers_gone};
use super::statement_postgres::{self, PARTS};
use super::{people_postgres, post_postgres};
use crate::connect::Committers;
use crate::error::{commit_error, not_sent};
use crate::row::{search_key, text, uuid};
use heddle_engine::storage::{Batch, CommitError, Fence, Head, HeadRow, JobState, Settlement, Unit};
use sea_orm::prelude::Uuid;
use sea_orm::sqlx::postgres::{PgArguments, PgHasArrayType};
use sea_orm::sqlx::{self, Arguments, AssertSqlSafe, Encode, Postgres, Type};
use std::sync::Arc;

/// A batch, encoded: it borrows nothing.
pub(super) struct Prepared {
    pub(super) sql: Arc<str>,
    arguments: PgArguments,
}

/// Collects the arguments of the parts that have rows.
pub(super) struct Writer {
    parts: u32,
    /// Parts whose one row is given as values.
    ones: u32,
    /// Whether it is for one unit alone: whoever waits for that waits for nothing else. Larger batches keep to arrays, so that
    /// the number of different statements stays small.
    is_single: bool,
    arguments: PgArguments,
    error: Option<String>,
}

impl Writer {
    /// Every statement begins with the fence.
    fn new(fence: Fence, units: usize) -> Self {
        let mut writer =
            Self { parts: 0, ones: 0, is_single: units == 1, arguments: PgArguments::default(), error: None };
        writer.value(uuid(fence.server.as_u128())).value(fence.epoch as i64);
        writer
    }

    fn prepared(self) -> Result<Prepared, CommitError> {
        match self.error {
            None => Ok(Prepared { sql: statement_postgres::text(self.parts, self.ones), arguments: self.arguments }),
            Some(error) => Err(CommitError::Fatal(error)),
        }
    }

    /// Begins a part; its columns follow. Parts come in the order of their numbers.
    pub(super) fn part(&mut self, number: usize) -> &mut Self {
        debug_assert!(number < PARTS.len() && self.parts >> number == 0);
        self.parts |= 1 << number;
        self
    }

    pub(super) fn value<'q, T: Encode<'q, Postgres> + Type<Postgres>>(&mut self, value: T) -> &mut Self {
        if let Err(error) = self.arguments.add(value) {
            self.error.get_or_insert_with(|| error.to_string());
        }
        self
    }

    /// One column: an array with a value per row, or the value of a single row.
    pub(super) fn column<'q, R, T>(&mut self, rows: &[R], value: impl Fn(&R) -> T) -> &mut Self
    where
        T: PgHasArrayType + Encode<'q, Postgres> + Type<Postgres>,
    {
        // The part that was begun last is the highest.
        let part = self.parts.checked_ilog2().unwrap_or_default() as usize;
        match rows {
            [row] if self.is_single && statement_postgres::is_plain(part) => {
                self.ones |= 1 << part;
                self.value(value(row))
            }
            rows => self.value(rows.iter().map(value).collect::<Vec<T>>()),
        }
    }
}

/// Rows of one table: each with the unit it belongs to.
fn rows<'a, R: 'a, I: IntoIterator<Item = R>>(units: &[&'a Unit], of: impl Fn(&'a Unit) -> I) -> Vec<(&'a Unit, R)> {
    units.iter().flat_map(|&unit| of(unit).into_iter().map(move |row| (unit, row))).collect()
}

pub(super) const fn workspace(unit: &Unit) -> Uuid {
    uuid(unit.workspace.as_u128())
}

const fn instance(unit: &Unit) -> Uuid {
    uuid(unit.instance.as_u128())
}

/// Encodes a batch.
pub(super) fn prepare(batch: &Batch) -> Result<Prepared, CommitError> {
    let units = in_order(batch);
    let mut writer = Writer::new(batch.fence, units.len());
    heads(&mut writer, &units);
    journal(&mut writer, &units);
    node_instances(&mut writer, &units);
    timers(&mut writer, &units);
    jobs(&mut writer, &units);
    incidents(&mut writer, &units);
    beside(&mut writer, &units);
    post_postgres::posts(&mut writer, &posts(&units))?;
    migrated(&mut writer, &units)?;
    ended(&mut writer, &units, batch.slot);
    people_postgres::people(&mut writer, &units);
    writer.prepared()
}

/// Encodes settlements.
pub(super) fn prepare_settlements(fence: Fence, settlements: &[Settlement]) -> Result<Prepared, CommitError> {
    let mut writer = Writer::new(fence, settlements.len());
    post_postgres::settlements(&mut writer, settlements)?;
    writer.prepared()
}

/// Sends it and waits for the end. Whoever is cut off meanwhile takes the connection along: the server ends the statement as a whole.
pub(super) async fn send(committers: &Committers, prepared: Prepared) -> Result<(), CommitError> {
    let mut committer = committers.take().await.map_err(|error| not_sent(&error))?;
    let query = sqlx::query_with(AssertSqlSafe(prepared.sql), prepared.arguments);
    let Err(error) = query.execute(&mut committer.connection).await else {
        committers.give_back(committer);
        return Ok(());
    };
    let answer = commit_error(&error);
    match (&answer, &error) {
        // The server is gone, or going: none of its connections is to be trusted with the next batch.
        (CommitError::Unknown(_), _) => committers.forget(),
        // It has refused, and listens again.
        (_, sqlx::Error::Database(_)) => committers.give_back(committer),
        _ => {}
    }
    Err(answer)
}

fn heads(writer: &mut Writer, units: &[&Unit]) {
    let created = rows(units, |unit| unit.created.as_ref().zip(unit.head.as_ref()));
    if !created.is_empty() {
        writer
            .part(0)
            .column(&created, |(unit, _)| workspace(unit))
            .column(&created, |(unit, _)| instance(unit))
            .column(&created, |(_, (row, _))| uuid(row.workflow.as_u128()))
            .column(&created, |(_, (row, _))| uuid(row.version.as_u128()))
            .column(&created, |(_, (row, _))| row.created_at)
            .column(&created, |(_, (_, head))| head.updated_at)
            .column(&created, |(_, (_, head))| head.started_at)
            .column(&created, |(_, (_, head))| head.ended_at)
            .column(&created, |(_, (_, head))| head.seq as i64)
            .column(&created, |(_, (row, _))| i64::from(row.version_number))
            .column(&created, |(unit, _)| i32::from(unit.shard))
            .column(&created, |(_, (_, head))| head.nodes_ended as i32)
            .column(&created, |(_, (_, head))| head.nodes_expected as i32)
            .column(&created, |(_, (_, head))| head.incidents as i32)
            .column(&created, |(_, (row, _))| i32::from(row.priority))
            .column(&created, |(_, (_, head))| head.runnable)
            .column(&created, |(_, (row, _))| row.unique_business_key)
            .column(&created, |(_, (row, _))| row.test)
            .column(&created, |(_, (_, head))| head.status)
            .column(&created, |(_, (_, head))| head.phase)
            .column(&created, |(_, (row, _))| text(&row.started_by))
            .column(&created, |(_, (row, _))| row.business_key.as_deref().map(text))
            .column(&created, |(_, (_, head))| head.error.as_deref().map(text))
            .column(&created, |(_, (row, _))| row.parent.map(|parent| uuid(parent.as_u128())));
    }
    let moved: Vec<Moved<'_>> = units
        .iter()
        .filter(|unit| unit.created.is_none() && unit.version.is_none())
        .filter_map(|unit| Moved::of(unit))
        .collect();
    if !moved.is_empty() {
        step(writer.part(1), &moved).value(moved.len() as i64);
    }
}

/// A hot row that goes on.
struct Moved<'a> {
    workspace: Uuid,
    instance: Uuid,
    /// The last event that may be there.
    before: i64,
    head: &'a Head,
}

impl<'a> Moved<'a> {
    fn of(unit: &'a Unit) -> Option<Self> {
        let head = unit.head.as_ref()?;
        let before = unit.journal.first_seq as i64 - 1;
        Some(Self { workspace: workspace(unit), instance: instance(unit), before, head })
    }
}

fn step<'a>(writer: &'a mut Writer, moved: &[Moved<'_>]) -> &'a mut Writer {
    writer
        .column(moved, |row| row.workspace)
        .column(moved, |row| row.instance)
        .column(moved, |row| row.before)
        .column(moved, |row| row.head.updated_at)
        .column(moved, |row| row.head.started_at)
        .column(moved, |row| row.head.ended_at)
        .column(moved, |row| row.head.seq as i64)
        .column(moved, |row| row.head.nodes_ended as i32)
        .column(moved, |row| row.head.nodes_expected as i32)
        .column(moved, |row| row.head.incidents as i32)
        .column(moved, |row| row.head.runnable)
        .column(moved, |row| row.head.status)
        .column(moved, |row| row.head.phase)
        .column(moved, |row| row.head.error.as_deref().map(text))
}

/// The hot rows of the few instances that go on in another version.
fn migrated(writer: &mut Writer, units: &[&Unit]) -> Result<(), CommitError> {
    let (mut moved, mut versions) = (Vec::new(), Vec::new());
    for unit in units {
        let Some(version) = unit.version else { continue };
        let missing = || CommitError::Fatal("a new version is written with its hot row".to_owned());
        moved.push(Moved::of(unit).ok_or_else(missing)?);
        versions.push(version);
    }
    if !moved.is_empty() {
        step(writer.part(23), &moved)
            .column(&versions, |(version, _)| uuid(version.as_u128()))
            .column(&versions, |(_, number)| i64::from(*number))
            .value(moved.len() as i64);
    }
    Ok(())
}

/// Encodes hot rows that are brought up to date: those that have gone further are left.
pub(super) fn prepare_heads(fence: Fence, heads: &[HeadRow]) -> Result<Prepared, CommitError> {
    let mut writer = Writer::new(fence, heads.len());
    let moved: Vec<Moved<'_>> = heads
        .iter()
        .map(|row| Moved {
            workspace: uuid(row.workspace.as_u128()),
            instance: uuid(row.instance.as_u128()),
            before: row.head.seq as i64,
            head: &row.head,
        })
        .collect();
    if !moved.is_empty() {
        step(writer.part(26), &moved);
    }
    writer.prepared()
}

fn journal(writer: &mut Writer, units: &[&Unit]) {
    writer
        .part(2)
        .column(units, |unit| workspace(unit))
        .column(units, |unit| instance(unit))
        .column(units, |unit| unit.journal.first_seq as i64)
        .column(units, |unit| unit.journal.pos as i64)
        .column(units, |unit| unit.journal.at)
        .column(units, |unit| unit.journal.count as i32)
        .column(units, |unit| unit.journal.checksum.cast_signed())
        .column(units, |unit| unit.shard.cast_signed())
        .column(units, |unit| &*unit.journal.events);
}

fn node_instances(writer: &mut Writer, units: &[&Unit]) {
    let rows = rows(units, nodes);
    if rows.is_empty() {
        return;
    }
    writer
        .part(3)
        .column(&rows, |(unit, _)| workspace(unit))
        .column(&rows, |(unit, _)| instance(unit))
        .column(&rows, |(_, row)| row.started_at)
        .column(&rows, |(_, row)| row.number as i32)
        .column(&rows, |(_, row)| row.attempt as i32)
        .column(&rows, |(_, row)| row.iteration as i32)
        .column(&rows, |(_, row)| text(&row.node))
        .column(&rows, |(_, row)| text(&row.node_type))
        .column(&rows, |(_, row)| row.status)
        .column(&rows, |(_, row)| row.reason)
        .column(&rows, |(_, row)| row.output.as_deref().map(text))
        .column(&rows, |(_, row)| row.error.as_deref().map(text));
}

/// What has ended: counted, and one less that waits.
fn ended(writer: &mut Writer, units: &[&Unit], slot: u16) {
    let counted: Vec<_> = tallies(units).into_iter().collect();
    if !counted.is_empty() {
        writer
            .part(24)
            .column(&counted, |((workspace, ..), _)| uuid(workspace.as_u128()))
            .column(&counted, |((_, workflow, ..), _)| uuid(workflow.as_u128()))
            .column(&counted, |((_, _, hour, _), _)| *hour)
            .column(&counted, |_| i32::from(slot))
            .column(&counted, |(_, tally)| tally.completed)
            .column(&counted, |(_, tally)| tally.failed)
            .column(&counted, |(_, tally)| tally.took_ms)
            .column(&counted, |((.., node), _)| text(node));
    }
    let gone = rows(units, |unit| &unit.nodes_gone);
    if !gone.is_empty() {
        writer
            .part(25)
            .column(&gone, |(unit, _)| workspace(unit))
            .column(&gone, |(unit, _)| instance(unit))
            .column(&gone, |(_, number)| **number as i32);
    }
}

fn timers(writer: &mut Writer, units: &[&Unit]) {
    let armed = rows(units, |unit| &unit.timers);
    if !armed.is_empty() {
        writer
            .part(4)
            .column(&armed, |(unit, _)| workspace(unit))
            .column(&armed, |(unit, _)| instance(unit))
            .column(&armed, |(_, row)| row.number as i32)
            .column(&armed, |(unit, _)| i32::from(unit.shard))
            .column(&armed, |(_, row)| row.due);
    }
    let gone = rows(units, timers_gone);
    if !gone.is_empty() {
        writer
            .part(5)
            .column(&gone, |(unit, _)| workspace(unit))
            .column(&gone, |(unit, _)| instance(unit))
            .column(&gone, |(_, number)| **number as i32);
    }
}

fn jobs(writer: &mut Writer, units: &[&Unit]) {
    let offered = rows(units, |unit| &unit.jobs);
    if !offered.is_empty() {
        writer
            .part(6)
            .column(&offered, |(unit, _)| workspace(unit))
            .column(&offered, |(_, row)| uuid(row.id.as_u128()))
            .column(&offered, |(unit, _)| instance(unit))
            .column(&offered, |(_, row)| row.number as i32)
            .column(&offered, |(_, row)| i32::from(row.state == JobState::Leased))
            .column(&offered, |(_, row)| i32::from(row.priority))
            .column(&offered, |(_, row)| row.attempt as i32)
            .column(&offered, |(_, row)| row.token.cast_signed())
            .column(&offered, |(_, row)| row.not_before)
            .column(&offered, |(_, row)| row.lease_until)
            .column(&offered, |(_, row)| row.created_at)
            .column(&offered, |(unit, row)| unit.hold_jobs.unwrap_or(row.held))
            .column(&offered, |(_, row)| text(&row.job_type))
            .column(&offered, |(_, row)| text(&row.node))
            .column(&offered, |(_, row)| row.worker.as_deref().map(text))
            .column(&offered, |(_, row)| text(&row.key))
            .column(&offered, |(_, row)| text(&row.input));
    }
    let gone = rows(units, jobs_gone);
    if !gone.is_empty() {
        writer.part(7).column(&gone, |(unit, _)| workspace(unit)).column(&gone, |(_, id)| uuid(id.as_u128()));
    }
    let holding = rows(units, |unit| unit.hold_jobs);
    if !holding.is_empty() {
        // Rows that this statement writes or deletes elsewhere are not touched a second time.
        let mut written = rows(units, |unit| unit.jobs.iter().map(|job| &job.id).chain(&unit.jobs_gone));
        written.retain(|(unit, _)| unit.hold_jobs.is_some());
        writer
            .part(8)
            .column(&holding, |(unit, _)| workspace(unit))
            .column(&holding, |(unit, _)| instance(unit))
            .column(&holding, |(_, hold)| *hold)
            .column(&written, |(_, id)| uuid(id.as_u128()));
    }
}

fn incidents(writer: &mut Writer, units: &[&Unit]) {
    let rows = rows(units, |unit| &unit.incidents);
    if rows.is_empty() {
        return;
    }
    writer
        .part(9)
        .column(&rows, |(unit, _)| workspace(unit))
        .column(&rows, |(unit, row)| uuid(unit.instance.incident(row.number).as_u128()))
        .column(&rows, |(unit, _)| instance(unit))
        .column(&rows, |(_, row)| row.number as i32)
        .column(&rows, |(_, row)| row.kind)
        .column(&rows, |(_, row)| row.node.as_deref().map(text))
        .column(&rows, |(_, row)| text(&row.code))
        .column(&rows, |(_, row)| text(&row.message))
        .column(&rows, |(_, row)| row.opened_at)
        .column(&rows, |(_, row)| row.resolved_at);
}

/// Search values, snapshots, idempotency keys, log lines.
fn beside(writer: &mut Writer, units: &[&Unit]) {
    let search = rows(units, |unit| &unit.search);
    if !search.is_empty() {
        writer
            .part(10)
            .column(&search, |(unit, _)| workspace(unit))
            .column(&search, |(unit, _)| instance(unit))
            .column(&search, |(_, (name, _))| text(name))
            .column(&search, |(_, (_, value))| text(value))
            .column(&search, |(_, (_, value))| search_key(value));
    }
    let snapshots = rows(units, |unit| &unit.snapshot);
    if !snapshots.is_empty() {
        writer
            .part(11)
            .column(&snapshots, |(unit, _)| workspace(unit))
            .column(&snapshots, |(unit, _)| instance(unit))
            .column(&snapshots, |(_, row)| row.seq as i64)
            .column(&snapshots, |(_, row)| i64::from(row.checksum))
            .column(&snapshots, |(_, row)| &*row.state);
    }
    let keys = rows(units, |unit| &unit.idempotency);
    if !keys.is_empty() {
        writer
            .part(12)
            .column(&keys, |(unit, _)| workspace(unit))
            .column(&keys, |(_, row)| text(&row.key))
            .column(&keys, |(_, row)| &row.body_hash[..])
            .column(&keys, |(_, row)| text(&row.response))
            .column(&keys, |(unit, _)| unit.journal.at)
            .column(&keys, |(_, row)| row.expires_at)
            .value(keys.len() as i64);
    }
    let logs = rows(units, |unit| &unit.logs);
    if !logs.is_empty() {
        writer
            .part(13)
            .column(&logs, |(unit, _)| workspace(unit))
            .column(&logs, |(unit, _)| instance(unit))
            .column(&logs, |(_, row)| row.number as i32)
            .column(&logs, |(_, row)| row.at)
            .column(&logs, |(_, row)| text(&row.node))
            .column(&logs, |(_, row)| text(&row.level))
            .column(&logs, |(_, row)| text(&row.message));
    }
}
