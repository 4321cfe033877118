//! Rate limits: how many may begin in a time. The generic cell rate algorithm: one number of state, no timer.

use super::Micros;
use super::limits::Rate;

/// What a rate has left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    /// Microseconds between two starts at the steady rate.
    interval: u64,
    /// How far ahead of the steady rate a burst may run.
    tolerance: u64,
    /// When the next start would be due at the steady rate.
    due: Micros,
}

impl Bucket {
    pub(super) fn new(rate: Rate) -> Self {
        let interval = (1_000_000.0 / rate.per_second.max(f64::MIN_POSITIVE)).clamp(1.0, 1e15) as u64;
        Self { interval, tolerance: interval.saturating_mul(u64::from(rate.burst.max(1)) - 1), due: 0 }
    }

    /// When one may begin.
    pub(super) const fn ready_at(&self) -> Micros {
        self.due.saturating_sub(self.tolerance)
    }

    /// How many may begin now.
    pub(super) const fn room(&self, now: Micros) -> u64 {
        if self.ready_at() > now { 0 } else { 1 + (now - self.ready_at()) / self.interval }
    }

    /// One begins.
    pub(super) const fn take(&mut self, now: Micros) {
        let from = if self.due > now { self.due } else { now };
        self.due = from.saturating_add(self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_first_and_the_steady_rate_after_it() {
        let mut bucket = Bucket::new(Rate { per_second: 10.0, burst: 3 });
        let mut starts = Vec::new();
        for now in (0..1_000_000).step_by(1_000) {
            while bucket.room(now) > 0 {
                bucket.take(now);
                starts.push(now);
            }
        }
        assert_eq!(starts, [0, 0, 0, 100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000]);
    }

    proptest! {
        /// In no stretch of time do more begin than the burst and the rate allow.
        #[test]
        fn never_more_than_burst_and_rate(per_second in 1_u32..2_000, burst in 1_u32..50, steps in prop::collection::vec(0_u64..20_000, 1..300)) {
            let mut bucket = Bucket::new(Rate { per_second: f64::from(per_second), burst });
            let mut starts: Vec<u64> = Vec::new();
            let mut now = 0;
            for step in steps {
                now += step;
                if bucket.room(now) > 0 {
                    bucket.take(now);
                    starts.push(now);
                }
            }
            let interval = 1_000_000 / u64::from(per_second);
            for (ix, from) in starts.iter().enumerate() {
                for (jx, to) in starts.iter().enumerate().skip(ix) {
                    prop_assert!((jx - ix + 1) as u64 <= u64::from(burst) + (to - from) / interval);
                }
            }
        }
    }
}
