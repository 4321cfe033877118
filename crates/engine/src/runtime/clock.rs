//! Time: the one place that reads the machine's clock, and the offset to the database's.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's time, in Unix milliseconds. Only for what has no database's time at hand.
pub(crate) fn machine_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The engine's time: the machine's clock, corrected to the database's, never running backwards.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset: AtomicI64,
    last: AtomicI64,
}

impl Clock {
    /// Now, in Unix milliseconds.
    pub(crate) fn now(&self) -> i64 {
        let now = machine_ms() + self.offset.load(Ordering::Relaxed);
        self.last.fetch_max(now, Ordering::Relaxed).max(now)
    }

    /// The database said that it was `database` when the machine's clock said `machine`.
    pub(crate) fn correct(&self, database: i64, machine: i64) {
        self.offset.store(database - machine, Ordering::Relaxed);
    }
}
