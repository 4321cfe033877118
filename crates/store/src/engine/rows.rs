//! The rows of a batch, in the order and number in which a database can take them.

use heddle_engine::storage::{Batch, NodeRow, Unit};
use heddle_model::ids::JobId;

/// The units in the order of their ids: neighbours in the batch are neighbours in the indexes, and no two batches lock rows in
/// opposite orders.
pub(super) fn in_order(batch: &Batch) -> Vec<&Unit> {
    let mut units: Vec<&Unit> = batch.units.iter().collect();
    units.sort_unstable_by_key(|unit| unit.instance);
    units
}

/// The node rows of a unit, of each number only the last: one statement cannot write a row twice.
pub(super) fn nodes(unit: &Unit) -> impl Iterator<Item = &NodeRow> {
    let rows = &unit.nodes;
    let last = move |at: usize| rows.len() < 2 || !rows[at + 1..].iter().any(|later| later.number == rows[at].number);
    rows.iter().enumerate().filter(move |(at, _)| last(*at)).map(|(_, row)| row)
}

/// Timers that are gone after the unit: one that it arms under the same number stands.
pub(super) fn timers_gone(unit: &Unit) -> impl Iterator<Item = &u32> {
    unit.timers_gone.iter().filter(|number| !unit.timers.iter().any(|timer| timer.number == **number))
}

/// Jobs that are gone after the unit: one that it offers again stands.
pub(super) fn jobs_gone(unit: &Unit) -> impl Iterator<Item = &JobId> {
    unit.jobs_gone.iter().filter(|id| !unit.jobs.iter().any(|job| job.id == **id))
}
