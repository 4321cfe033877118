//! A lane's timers: the near ones in memory, the far ones in the database until they are near.

use super::message::Key;
use heddle_model::ids::InstanceId;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

/// How far ahead timers are kept in memory, in milliseconds.
pub(super) const HORIZON_MS: i64 = 60_000;
/// How many are read from the database at a time.
pub(super) const PAGE: u32 = 2_000;
/// How many fire in one round: an overdue backlog must not keep other work out.
pub(super) const PER_ROUND: usize = 256;

#[derive(Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(i64, Key, u32)>>,
    known: HashSet<(Key, u32, i64)>,
    /// Until when the database has been read.
    pub(super) read_until: i64,
    /// When it is to be read again.
    pub(super) read_at: i64,
}

impl Timers {
    /// Remembers a timer that is near; a far one is found in the database in time.
    pub(super) fn arm(&mut self, key: Key, number: u32, due: i64) {
        if due <= self.read_until && self.known.insert((key, number, due)) {
            self.heap.push(Reverse((due, key, number)));
        }
    }

    /// Those that are due, in order, at most so many as one round takes. Disarmed ones are among them: the kernel knows.
    pub(super) fn due(&mut self, now: i64) -> Vec<(Key, u32)> {
        let mut due = Vec::new();
        while due.len() < PER_ROUND {
            let Some(&Reverse((at, key, number))) = self.heap.peek() else { break };
            if at > now {
                break;
            }
            self.heap.pop();
            self.known.remove(&(key, number, at));
            due.push((key, number));
        }
        due
    }

    /// Timers of these instances are another server's.
    pub(super) fn drop_where(&mut self, goes: impl Fn(InstanceId) -> bool) {
        self.heap.retain(|Reverse((_, key, _))| !goes(key.instance));
        self.known.retain(|(key, ..)| !goes(key.instance));
    }

    /// When something is to be done next.
    pub(super) fn next(&self) -> i64 {
        self.heap.peek().map_or(self.read_at, |Reverse((due, ..))| (*due).min(self.read_at))
    }
}
