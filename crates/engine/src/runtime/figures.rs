//! Figures of a lane that change with every round: looked up once, not each time.

use metrics::{Counter, Gauge, Histogram};

pub(super) struct Figures {
    pub(super) commits: Counter,
    pub(super) events: Counter,
    pub(super) units: Histogram,
    pub(super) resident: Gauge,
}

impl Figures {
    /// Of the lane with this number. What nobody counts yet when they are made is never counted: the recorder comes first.
    pub(super) fn new(lane: usize) -> Self {
        Self {
            commits: metrics::counter!("heddle_commits_total"),
            events: metrics::counter!("heddle_events_total"),
            units: metrics::histogram!("heddle_commit_units"),
            resident: metrics::gauge!("heddle_resident_instances", "lane" => lane.to_string()),
        }
    }
}
