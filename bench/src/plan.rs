//! What a run measures, read from the command line.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::figures::{Place, Workload};
use crate::survey::Survey;

/// What is measured and how long.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) places: Vec<Place>,
    pub(crate) workloads: Vec<Workload>,
    /// Workloads without a floor.
    pub(crate) surveys: Vec<Survey>,
    /// How long one figure is measured, after a tenth of it for warming up.
    pub(crate) time: Duration,
    /// Instances in flight to try; the best one counts.
    pub(crate) in_flight: Vec<usize>,
    /// Only asks whether it works: for tests.
    pub(crate) small: bool,
    /// Only this part of a workload that has parts, such as `compile` of `cost`.
    pub(crate) part: Option<String>,
    /// How much of the full sizes the workloads without a floor take, up to 1: for a first look.
    pub(crate) share: f64,
    /// Leaves the engine out.
    pub(crate) floor_only: bool,
}

impl Plan {
    /// `[--small] [--floor-only] [--share 0.1] [--part compile|graph|variables|stored] [--seconds N] [--in-flight N,N] [postgres|sqlite] [sequence-10|fan-out-40|latency|cost|waiting|cluster|mixed]…`; all of a kind where none is named.
    pub(crate) fn read(args: &[String]) -> Result<Self> {
        let mut plan = Self {
            places: vec![],
            workloads: vec![],
            surveys: vec![],
            time: Duration::from_secs(10),
            in_flight: vec![1024, 4096],
            small: false,
            part: None,
            share: 1.0,
            floor_only: false,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let place = Place::ALL.into_iter().find(|p| p.name() == arg);
            let workload = Workload::ALL.into_iter().find(|w| w.name() == arg);
            let survey = Survey::ALL.into_iter().find(|s| s.name() == arg);
            match (arg.as_str(), place, workload) {
                (_, Some(place), _) => plan.places.push(place),
                (_, _, Some(workload)) => plan.workloads.push(workload),
                _ if survey.is_some() => plan.surveys.extend(survey),
                ("--small", ..) => {
                    plan.small = true;
                    plan.time = Duration::from_secs(1);
                    plan.in_flight = vec![64];
                }
                ("--share", ..) => plan.share = number(args.next())?,
                ("--part", ..) => plan.part = args.next().cloned(),
                ("--floor-only", ..) => plan.floor_only = true,
                ("--seconds", ..) => plan.time = Duration::from_secs_f64(number(args.next())?),
                ("--in-flight", ..) => {
                    let list = args.next().map(String::as_str).unwrap_or_default();
                    plan.in_flight = list
                        .split(',')
                        .map(|n| number(Some(&n.to_owned())).map(|n: u32| n as usize))
                        .collect::<Result<_>>()?;
                }
                _ => bail!(
                    "unknown argument `{arg}`; usage: [--small] [--floor-only] [--share 0.1] [--part compile|graph|variables|stored] [--seconds N] [--in-flight N,N] [postgres|sqlite] [sequence-10|fan-out-40|latency|cost|waiting|cluster|mixed]"
                ),
            }
        }
        if plan.places.is_empty() {
            plan.places = Place::ALL.to_vec();
        }
        if plan.workloads.is_empty() && plan.surveys.is_empty() {
            plan.workloads = Workload::ALL.to_vec();
            if !plan.floor_only {
                plan.surveys = Survey::ALL.to_vec();
            }
        }
        Ok(plan)
    }
}

impl Plan {
    /// So much of a full size as is asked for, and no less than this.
    pub(crate) fn of(&self, full: u64, least: u64) -> u64 {
        ((full as f64 * self.share) as u64).clamp(least.min(full), full)
    }

    /// Whether a part of a workload is measured.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.part.as_deref().is_none_or(|wanted| wanted == part)
    }
}

fn number<T: std::str::FromStr>(text: Option<&String>) -> Result<T> {
    match text.map(|t| t.trim().parse()) {
        Some(Ok(number)) => Ok(number),
        _ => bail!("expected a number, got {text:?}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_narrow_and_nothing_means_all() {
        let read = |text: &str| Plan::read(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(read("").unwrap().workloads, Workload::ALL);
        assert_eq!(read("").unwrap().surveys, Survey::ALL);
        let plan = read("--seconds 2.5 --in-flight 8,16 sqlite latency").unwrap();
        assert_eq!(
            (plan.places, plan.workloads, plan.in_flight),
            (vec![Place::Sqlite], vec![Workload::Latency], vec![8, 16])
        );
        assert_eq!(plan.time, Duration::from_millis(2500));
        assert!(plan.surveys.is_empty());
        let plan = read("postgres cost").unwrap();
        assert_eq!((plan.workloads, plan.surveys), (vec![], vec![Survey::Cost]));
        assert!(read("--floor-only").unwrap().surveys.is_empty());
        assert!(read("--quick").is_err());
        assert!(read("--seconds x").is_err());
    }
}
