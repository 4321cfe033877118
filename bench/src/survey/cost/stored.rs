//! Cost per step against what is stored: ended instances, copied from ones that really ran.

use anyhow::{Result, ensure};

use super::graphs::chain;
use super::{FLAT, ensure_flat, measure};
use crate::Databases;
use crate::finding::{Finding, Target};
use crate::plan::Plan;
use crate::stage::Stage;
use crate::survey::copies;
use crate::survey::drive::{self, Load, nothing};

/// Steps of an instance that is measured.
const STEPS: u64 = 10;
/// Instances that are really run before they are copied.
const ORIGINALS: u64 = 100;

pub(super) async fn run(databases: &Databases, plan: &Plan, show: &mut dyn FnMut(Finding)) -> Result<()> {
    let sizes: &[u64] = if plan.small { &[200, 2_000] } else { &[10_000, 1_000_000] };
    let (instances, in_flight) = if plan.small { (40, 8) } else { (plan.of(20_000, 1_000), 512) };
    let mut stage = Stage::start(databases, 1).await?;
    stage.store(&chain("stored", 1)).await?;
    stage.store(&chain("measured", STEPS)).await?;
    let fill = Load { workflow: "stored", input: nothing(), instances: ORIGINALS, in_flight: ORIGINALS };
    drive::run(&stage.doors().await?, &fill).await?;
    let originals = drive::whole(fill.instances, fill.in_flight);
    let mut first: Option<Finding> = None;
    let mut copied = 0;
    for (round, &size) in sizes.iter().enumerate() {
        // What was measured before is not copied with the rest: only the one-step workflow is there in number.
        let copies = (size / originals).saturating_sub(copied + 1);
        stage.kill()?;
        copies::fill(&stage, "stored", (copies, round as u64))?;
        copied += copies;
        stage.revive().await?;
        let stored = stage.count("stored", "COMPLETED")?;
        ensure!(stored == (copied + 1) * originals, "{stored} are stored, not {}", (copied + 1) * originals);
        let load = |instances| Load { workflow: "measured", input: nothing(), instances, in_flight };
        measure(&stage, &load(instances / 5), (STEPS, STEPS)).await?;
        let taken = measure(&stage, &load(instances), (STEPS, STEPS)).await?;
        let mut line = taken.finding(stage.place, format!("{size} instances stored"));
        if let Some(first) = &first {
            ensure_flat(first, &line, &["transitions_per_step", "events_per_step", "journal_bytes_per_step"], 1.05)?;
            let ratio = line.get("cpu_s_per_1000_steps") / first.get("cpu_s_per_1000_steps").max(1e-9);
            let slower = first.get("steps/s") / line.get("steps/s").max(1e-9);
            line = line.figure("slower_by", slower).verdict(
                format!("CPU per step, of {} stored", sizes[0]),
                (ratio, "×"),
                Target::AtMost(FLAT),
            );
        }
        first.get_or_insert_with(|| line.clone());
        show(line);
    }
    Ok(())
}
