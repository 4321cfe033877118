//! `cost`: what a step costs against the size of the graph, of what is stored and of variables; and what a large graph takes to
//! validate and compile.

mod compile;
mod graph_size;
mod graphs;
mod stored;
mod variables;

pub(super) use graphs::chain;

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::drive::{self, Load};
use crate::Databases;
use crate::figures::Place;
use crate::finding::Finding;
use crate::plan::Plan;
use crate::process::{COMMITS, EVENTS, TRANSITIONS, counter};
use crate::stage::Stage;

const NAME: &str = "cost";
/// A larger thing may cost so much more than a smaller one.
const FLAT: f64 = 1.5;

pub(super) async fn run(databases: &Databases, plan: &Plan, show: &mut dyn FnMut(Finding)) -> Result<()> {
    // Without a database: once is enough.
    if plan.has("compile") && plan.places.first() == Some(&databases.place()) {
        compile::run(plan, show)?;
    }
    if plan.has("graph") {
        graph_size::run(databases, plan, show).await?;
    }
    if plan.has("variables") {
        variables::run(databases, plan, show).await?;
    }
    if plan.has("stored") {
        stored::run(databases, plan, show).await?;
    }
    Ok(())
}

/// What a number of instances took.
struct Taken {
    steps: f64,
    time: Duration,
    cpu: Duration,
    commits: f64,
    transitions: f64,
    events: f64,
    bytes: f64,
}

/// Runs a load on the first server and counts everything that it took. Each instance takes so many steps, of which so many wait for
/// another one.
async fn measure(stage: &Stage<'_>, load: &Load<'_>, (steps, in_a_row): (u64, u64)) -> Result<Taken> {
    let door = stage.door().await?;
    let counted = async |name: &str| -> Result<f64> { Ok(counter(&door, name).await? as f64) };
    let (cpu, journal) = (stage.cpu()?, stage.journal()?);
    let before = (counted(COMMITS).await?, counted(TRANSITIONS).await?, counted(EVENTS).await?);
    let time = drive::run(std::slice::from_ref(&door), load).await?;
    let taken = Taken {
        steps: (drive::whole(load.instances, load.in_flight) * steps) as f64,
        time,
        cpu: stage.cpu()? - cpu,
        commits: counted(COMMITS).await? - before.0,
        transitions: counted(TRANSITIONS).await? - before.1,
        events: counted(EVENTS).await? - before.2,
        bytes: stage.journal()?.0 - journal.0,
    };
    // Steps that ran through within one commit would be no steps.
    let least = (drive::whole(load.instances, load.in_flight) * in_a_row) as f64;
    ensure!(taken.transitions >= least, "{} transitions, at least {least} are needed", taken.transitions);
    Ok(taken)
}

impl Taken {
    fn cpu_per_1000(&self) -> f64 {
        self.cpu.as_secs_f64() / self.steps * 1e3
    }

    fn finding(&self, place: Place, case: String) -> Finding {
        Finding::new(NAME, place.name(), case)
            .figure("steps/s", self.steps / self.time.as_secs_f64())
            .figure("cpu_s_per_1000_steps", self.cpu_per_1000())
            .figure("commits_per_1000_steps", self.commits / self.steps * 1e3)
            .figure("transitions_per_step", self.transitions / self.steps)
            .figure("events_per_step", self.events / self.steps)
            .figure("journal_bytes_per_step", self.bytes / self.steps)
    }
}

/// Counts do not depend on the machine: these may not grow with what only the size of something changed.
fn ensure_flat(small: &Finding, large: &Finding, what: &[&str], factor: f64) -> Result<()> {
    for name in what {
        let (one, other) = (small.get(name), large.get(name));
        ensure!(other <= one * factor, "{name} grew from {one:.3} ({}) to {other:.3} ({})", small.case, large.case);
    }
    Ok(())
}

/// A definition's name, by which it is started.
fn name_of(definition: &Value) -> &str {
    definition["name"].as_str().unwrap_or_default()
}
