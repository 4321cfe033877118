//! What is measured, and one line of it. No measuring happens here.

use std::time::Duration;

use serde_json::{Value, json};

/// Where the writes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Postgres,
    Sqlite,
}

impl Place {
    pub(crate) const ALL: [Self; 2] = [Self::Postgres, Self::Sqlite];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

/// What runs; the definitions stand in engine/definitions.rs, the floor's twins in floor/load.rs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Ten trivial steps in a row, each durable before the next begins.
    Sequence10,
    /// Forty at once, then a join.
    FanOut40,
    /// One step, one instance at a time: from the start to knowing that it has completed.
    Latency,
}

impl Workload {
    pub(crate) const ALL: [Self; 3] = [Self::Sequence10, Self::FanOut40, Self::Latency];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sequence10 => "sequence-10",
            Self::FanOut40 => "fan-out-40",
            Self::Latency => "latency",
        }
    }

    /// Trivial steps per instance; a join or a start is none.
    pub(crate) fn steps(self) -> usize {
        match self {
            Self::Sequence10 => 10,
            Self::FanOut40 => 40,
            Self::Latency => 1,
        }
    }
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Event row and instance row per step, no engine.
    Floor,
    /// The same and a `node_instance` row per step.
    FloorWithNodes,
    /// The engine behind its HTTP door.
    Engine,
}

impl Who {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::FloorWithNodes => "floor+node",
            Self::Engine => "engine",
        }
    }
}

/// One measured line.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    pub(crate) who: Who,
    pub(crate) place: Place,
    pub(crate) workload: Workload,
    pub(crate) in_flight: usize,
    /// Completed instances.
    pub(crate) instances: usize,
    pub(crate) time: Duration,
    /// How long single instances took, in ms, ascending.
    pub(crate) took_ms: Vec<f64>,
    pub(crate) commits: Option<u64>,
    /// Processor time of the measured process alone, in seconds.
    pub(crate) cpu_s: Option<f64>,
}

impl Figures {
    pub(crate) fn steps_per_s(&self) -> f64 {
        (self.instances * self.workload.steps()) as f64 / self.time.as_secs_f64()
    }

    /// Quantile of the single instances' times in ms; 0 where none was measured.
    pub(crate) fn quantile(&self, q: f64) -> f64 {
        let last = self.took_ms.len().saturating_sub(1);
        self.took_ms.get((last as f64 * q).round() as usize).copied().unwrap_or(0.0)
    }

    /// The line as JSON.
    pub(crate) fn json(&self) -> Value {
        let steps = (self.instances * self.workload.steps()) as f64;
        let seconds = self.time.as_secs_f64();
        json!({
            "who": self.who.name(),
            "database": self.place.name(),
            "workload": self.workload.name(),
            "in_flight": self.in_flight,
            "seconds": round(seconds),
            "instances": self.instances,
            "instances_per_s": round(self.instances as f64 / seconds),
            "steps_per_s": round(self.steps_per_s()),
            "p50_ms": round(self.quantile(0.5)),
            "p99_ms": round(self.quantile(0.99)),
            "commits_per_s": self.commits.map(|c| round(c as f64 / seconds)),
            "steps_per_commit": self.commits.filter(|c| *c > 0).map(|c| round(steps / c as f64)),
            "cpu_s_per_1000_steps": self.cpu_s.map(|c| (c / steps * 1e6).round() / 1e3),
        })
    }
}

fn round(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_count_steps_and_find_quantiles() {
        let figures = Figures {
            who: Who::Engine,
            place: Place::Sqlite,
            workload: Workload::Sequence10,
            in_flight: 1,
            instances: 100,
            time: Duration::from_secs(2),
            took_ms: (1..=100).map(f64::from).collect(),
            commits: Some(50),
            cpu_s: Some(1.0),
        };
        assert!((figures.steps_per_s() - 500.0).abs() < 1e-9);
        assert!((figures.quantile(0.99) - 99.0).abs() < 1e-9);
        let json = figures.json();
        assert_eq!(json["steps_per_commit"], 20.0);
        assert_eq!(json["cpu_s_per_1000_steps"], 1.0);
    }
}
