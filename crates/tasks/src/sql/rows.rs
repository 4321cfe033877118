//! The rows of an answer, within their limits.

use super::error::{columns, too_large};
use heddle_engine::tasks::TaskError;
use heddle_model::value::{Map, Value, json};
use std::collections::BTreeSet;

/// Rows gathered so far.
pub(super) struct Rows {
    rows: Vec<Value>,
    most_rows: usize,
    bytes: usize,
    most_bytes: usize,
}

impl Rows {
    pub(super) fn new(most_rows: usize, most_bytes: usize) -> Self {
        Self { rows: Vec::new(), most_rows, bytes: 0, most_bytes }
    }

    /// One more row; an error where it is one too many, not a silent cut.
    pub(super) fn push(&mut self, row: Map<String, Value>) -> Result<(), TaskError> {
        let row = Value::Object(row);
        self.bytes += row.to_string().len();
        if self.rows.len() >= self.most_rows || self.bytes > self.most_bytes {
            return Err(too_large(self.most_rows, self.most_bytes));
        }
        self.rows.push(row);
        Ok(())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The output of a node; `count`: rows read, or changed.
    pub(super) fn output(self, count: u64) -> Value {
        json!({ "rows": self.rows, "count": count })
    }
}

/// Refuses columns of one name: a row is an object, and one of them would be lost.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), TaskError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(columns(name));
        }
    }
    Ok(())
}
