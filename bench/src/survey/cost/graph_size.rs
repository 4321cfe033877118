//! Cost per step against the size of the graph: as many steps in every size, as many instances in flight.

use anyhow::Result;

use super::graphs::Shape;
use super::{FLAT, ensure_flat, measure, name_of};
use crate::Databases;
use crate::finding::{Finding, Target};
use crate::plan::Plan;
use crate::stage::Stage;
use crate::survey::drive::{Load, nothing};

pub(super) async fn run(databases: &Databases, plan: &Plan, show: &mut dyn FnMut(Finding)) -> Result<()> {
    let (sizes, in_flight): (&[u64], u64) =
        if plan.small { (&[10, 100], 4) } else { (&[10, 1_000, 10_000], plan.of(32, 4)) };
    let stage = Stage::start(databases, 1).await?;
    let largest = sizes.last().copied().unwrap_or_default();
    for shape in Shape::ALL {
        // Every instance of the largest goes round once; the others as often as that makes steps.
        let steps = in_flight * shape.steps(largest);
        let mut lines: Vec<Finding> = Vec::new();
        for &size in sizes {
            let definition = shape.definition(size);
            stage.store(&definition).await?;
            let instances = (steps / shape.steps(size)).max(in_flight);
            let load = |instances| Load { workflow: name_of(&definition), input: nothing(), instances, in_flight };
            // The first one compiles.
            measure(&stage, &load(1), (shape.steps(size), shape.in_a_row(size))).await?;
            let taken = measure(&stage, &load(instances), (shape.steps(size), shape.in_a_row(size))).await?;
            let mut line = taken.finding(stage.place, format!("{} of {size} nodes", shape.name()));
            if let Some(smaller) = lines.last() {
                let ratio = line.get("cpu_s_per_1000_steps") / smaller.get("cpu_s_per_1000_steps").max(1e-9);
                let counts = ["transitions_per_step", "events_per_step", "journal_bytes_per_step"];
                ensure_flat(smaller, &line, &counts, GROWTH)?;
                if size >= 10_000 {
                    line = line.verdict("CPU per step, of the next smaller", (ratio, "×"), Target::AtMost(FLAT));
                }
            }
            lines.push(line.clone());
            show(line);
        }
    }
    Ok(())
}

/// How much a count may grow with the graph: an end names the nodes that were never reached, two bytes each, which a short run feels.
const GROWTH: f64 = 1.5;
