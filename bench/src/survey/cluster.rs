//! `cluster`: `sequence-10` with one, two and three servers on one Postgres and the same cores. Starts are spread over the servers as a
//! load balancer would.

use anyhow::Result;

use super::cost::chain;
use super::drive::{self, Load, nothing};
use crate::Databases;
use crate::figures::Place;
use crate::finding::{Finding, Target};
use crate::plan::Plan;
use crate::process::{COMMITS, counter};
use crate::stage::Stage;

const STEPS: u64 = 10;
/// Two servers reach at least so much of what one does, in per cent.
const SHARE: f64 = 75.0;

pub(super) async fn run(databases: &Databases, plan: &Plan, show: &mut dyn FnMut(Finding)) -> Result<()> {
    if databases.place() == Place::Sqlite {
        // One file, one server.
        return Ok(());
    }
    let (sizes, instances): (&[usize], u64) =
        if plan.small { (&[1, 2], 200) } else { (&[1, 2, 3], plan.of(30_000, 2_000)) };
    let mut alone: Option<f64> = None;
    for &servers in sizes {
        let stage = Stage::start(databases, servers).await?;
        stage.store(&chain("sequence-10", STEPS)).await?;
        let mut best: Option<Finding> = None;
        for &in_flight in &plan.in_flight {
            let line = measure(&stage, (instances, in_flight as u64)).await?;
            if best.as_ref().is_none_or(|best| best.get("steps/s") < line.get("steps/s")) {
                best = Some(line);
            }
        }
        let Some(mut line) = best else { continue };
        let rate = line.get("steps/s");
        match alone {
            None => alone = Some(rate),
            Some(one) => {
                line = line.verdict("steps/s, of one server's", (rate / one * 100.0, "%"), Target::AtLeast(SHARE));
            }
        }
        show(line);
    }
    Ok(())
}

async fn measure(stage: &Stage<'_>, (instances, in_flight): (u64, u64)) -> Result<Finding> {
    let doors = stage.doors().await?;
    let load = |instances| Load { workflow: "sequence-10", input: nothing(), instances, in_flight };
    drive::run(&doors, &load(instances / 5)).await?;
    let (cpu, before) = (stage.cpu()?, commits(&doors).await?);
    let time = drive::run(&doors, &load(instances)).await?;
    let steps = (drive::whole(instances, in_flight) * STEPS) as f64;
    Ok(Finding::new("cluster", stage.place.name(), format!("{} servers, {in_flight} in flight", stage.servers.len()))
        .figure("steps/s", steps / time.as_secs_f64())
        .figure("cpu_s_per_1000_steps", (stage.cpu()? - cpu).as_secs_f64() / steps * 1e3)
        .figure("steps_per_commit", steps / (commits(&doors).await? - before).max(1.0)))
}

async fn commits(doors: &[heddle_testkit::Client]) -> Result<f64> {
    let mut sum = 0;
    for door in doors {
        sum += counter(door, COMMITS).await?;
    }
    Ok(sum as f64)
}
