//! The rows of a batch, in the order and number in which a database can take them.

use heddle_engine::storage::{Batch, NodeRow, Unit};

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
