//! The time axis: from the instance's first moment to its last, with round ticks. Pure.

use heddle_api::view::{InstanceView, NodeView};

/// What the axis shows, in Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Left end.
    pub from: i64,
    /// Right end.
    pub to: i64,
}

impl Span {
    /// The span of an instance; what runs ends a little after now, so that there is room for the "now" line.
    pub fn of(instance: &InstanceView, now_ms: i64) -> Self {
        let from = instance.started_at.unwrap_or(instance.created_at).as_ms();
        let last = instance
            .nodes
            .iter()
            .filter_map(|node| node.ended_at.or(node.started_at))
            .map(|at| at.as_ms())
            .max()
            .unwrap_or(from);
        let to = match instance.ended_at {
            Some(at) => at.as_ms().max(last),
            None => {
                let now = now_ms.max(last).max(from + 1_000);
                now + (now - from) / 16
            }
        };
        Self { from, to: to.max(from + 10) }
    }

    /// Where a time stands, in percent.
    pub fn percent(self, at_ms: i64) -> f64 {
        ((at_ms - self.from) as f64 * 100.0 / (self.to - self.from) as f64).clamp(0.0, 100.0)
    }

    /// Bar of a node, in percent; `None` where it has not begun.
    pub fn bar(self, node: &NodeView, now_ms: i64) -> Option<(f64, f64)> {
        let start = node.started_at?.as_ms();
        let end = node.ended_at.map_or(now_ms.max(start), |at| at.as_ms());
        Some((self.percent(start), self.percent(end)))
    }

    /// Round offsets from the left end, at most six: percent and milliseconds.
    pub fn ticks(self) -> Vec<(f64, i64)> {
        const STEPS: [i64; 22] = [
            1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000,
            3_600_000, 10_800_000, 21_600_000, 86_400_000, 604_800_000,
        ];
        let length = self.to - self.from;
        let step = STEPS.into_iter().find(|step| length / step <= 5).unwrap_or(length / 5 + 1);
        (0..)
            .map(|n| n * step)
            .take_while(|offset| *offset < length)
            .map(|offset| (self.percent(self.from + offset), offset))
            .take(7)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn ticks_are_round_and_few() {
        for length in [10, 137, 4_000, 59_999, 3_600_000, 90_000_000_000] {
            let ticks = Span { from: 5, to: 5 + length }.ticks();
            assert!((2..=7).contains(&ticks.len()), "{length}: {ticks:?}");
            assert_eq!(ticks[0], (0.0, 0));
        }
    }

    #[test]
    fn places_stay_on_the_axis() {
        let span = Span { from: 1_000, to: 2_000 };
        assert_eq!([span.percent(1_500), span.percent(0), span.percent(9_000)], [50.0, 0.0, 100.0]);
    }
}
