//! The rows of a batch, in the order and number in which a database can take them.

use heddle_engine::storage::{Batch, CommitError, MessageRow, NodeRow, PermitRow, Post, SubscriptionRow, Unit};
use heddle_model::ids::{JobId, WorkflowId, WorkspaceId};
use heddle_model::limits::TALLY_MS;
use serde::Serialize;
use std::collections::BTreeMap;

/// The units in the order of their ids: neighbours in the batch are neighbours in the indexes, and no two batches lock rows in
/// opposite orders.
pub(super) fn in_order(batch: &Batch) -> Vec<&Unit> {
    let mut units: Vec<&Unit> = batch.units.iter().collect();
    units.sort_unstable_by_key(|unit| unit.instance);
    units
}

/// Of each number only the last row: one statement cannot write a row twice.
fn last<R>(rows: &[R], number: impl Fn(&R) -> u32) -> impl Iterator<Item = &R> {
    let again = move |at: usize| rows.len() > 1 && rows[at + 1..].iter().any(|it| number(it) == number(&rows[at]));
    rows.iter().enumerate().filter(move |(at, _)| !again(*at)).map(|(_, row)| row)
}

/// The node rows of a unit.
pub(super) fn nodes(unit: &Unit) -> impl Iterator<Item = &NodeRow> {
    last(&unit.nodes, |row| row.number)
}

/// Timers that are gone after the unit: one that it arms under the same number stands.
pub(super) fn timers_gone(unit: &Unit) -> impl Iterator<Item = &u32> {
    unit.timers_gone.iter().filter(|number| !unit.timers.iter().any(|timer| timer.number == **number))
}

/// Jobs that are gone after the unit: one that it offers again stands.
pub(super) fn jobs_gone(unit: &Unit) -> impl Iterator<Item = &JobId> {
    unit.jobs_gone.iter().filter(|id| !unit.jobs.iter().any(|job| job.id == **id))
}

/// What is counted under one key.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) completed: i64,
    pub(super) failed: i64,
    /// Of those that completed.
    pub(super) took_ms: i64,
}

/// Workspace, workflow, hour (of the Unix time), node.
pub(super) type TallyKey<'a> = (WorkspaceId, WorkflowId, i64, &'a str);

/// What the units add to the tallies, in the order of the keys.
pub(super) fn tallies<'a>(units: &[&'a Unit]) -> BTreeMap<TallyKey<'a>, Tally> {
    let mut tallies: BTreeMap<TallyKey<'a>, Tally> = BTreeMap::new();
    for unit in units {
        let hour = unit.journal.at.div_euclid(TALLY_MS);
        for row in &unit.tally {
            let tally = tallies.entry((unit.workspace, row.workflow, hour, &row.node)).or_default();
            if row.completed {
                tally.completed += 1;
                tally.took_ms += row.took_ms;
            } else {
                tally.failed += 1;
            }
        }
    }
    tallies
}

/// The units that something passes between, with what it is. Most batches have none.
pub(super) fn posts<'a>(units: &[&'a Unit]) -> Vec<(&'a Unit, &'a Post)> {
    units.iter().filter_map(|unit| unit.post.as_deref().map(|post| (*unit, post))).collect()
}

/// Subscriptions that are armed.
pub(super) fn subscribed(post: &Post) -> impl Iterator<Item = &SubscriptionRow> {
    last(&post.subscribed, |row| row.number)
}

/// Subscriptions that are gone after the unit: one that it arms under the same number stands.
pub(super) fn unsubscribed(post: &Post) -> impl Iterator<Item = &u32> {
    post.unsubscribed.iter().filter(|number| !post.subscribed.iter().any(|row| row.number == **number))
}

/// Permits that are asked for.
pub(super) fn permits(post: &Post) -> impl Iterator<Item = &PermitRow> {
    last(&post.permits, |row| row.number)
}

/// Permits that are given back: one that is asked for anew under the same number stands, and is not granted.
pub(super) fn permits_gone(post: &Post) -> impl Iterator<Item = &u32> {
    post.permits_gone.iter().filter(|number| !post.permits.iter().any(|row| row.number == **number))
}

/// When a message's time is over.
pub(super) fn expires(message: &MessageRow) -> i64 {
    message.letter.expires.unwrap_or(i64::MAX)
}

/// A part of a row that is kept as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<String, CommitError> {
    serde_json::to_string(value).map_err(|error| CommitError::Fatal(error.to_string()))
}
