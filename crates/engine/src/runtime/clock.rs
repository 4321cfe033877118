//! Time: the one place that reads the machine's clocks, and how the database's time is told from them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The machine's time, in Unix milliseconds. Only for what has no database's time at hand.
pub(crate) fn machine_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The engine's time: the database's as it was last heard, and what has passed since on a clock that nobody sets. It never runs
/// backwards. A machine whose wall clock jumps fires no timer early; under tokio's paused time it is virtual.
#[derive(Debug)]
pub(crate) struct Clock {
    begun: Instant,
    offset: AtomicI64,
    last: AtomicI64,
}

impl Clock {
    /// A clock that has not heard the database yet.
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), offset: AtomicI64::default(), last: AtomicI64::default() }
    }

    /// Now, in Unix milliseconds.
    pub(crate) fn now(&self) -> i64 {
        let now = self.own_ms() + self.offset.load(Ordering::Relaxed);
        self.last.fetch_max(now, Ordering::Relaxed).max(now)
    }

    /// Milliseconds since the clock was made.
    pub(super) fn own_ms(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// The database said that it was `database`, some time between two readings of [`Self::own_ms`]: before it was asked and
    /// after it had answered.
    ///
    /// What fits stays. What does not becomes the lowest that fits: the engine's time may lag behind the database's, so that timers
    /// are a little late, but is never ahead of it, so that none is early.
    pub(super) fn correct(&self, database: i64, (before, after): (i64, i64)) {
        let offset = self.offset.load(Ordering::Relaxed);
        if !(database - after..=database - before).contains(&offset) {
            self.offset.store(database - after, Ordering::Relaxed);
        }
    }
}
