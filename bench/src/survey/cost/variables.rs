//! Cost per step against the size of variables that the steps do not touch: they must not be written again with every step.

use std::sync::Arc;

use anyhow::Result;
use serde_json::json;

use super::graphs::chain;
use super::{FLAT, ensure_flat, measure};
use crate::Databases;
use crate::finding::{Finding, Target};
use crate::plan::Plan;
use crate::stage::Stage;
use crate::survey::drive::{Input, Load};

/// Sizes in bytes: 0.1, 1, 100 KB.
const SIZES: [u64; 3] = [100, 1_000, 100_000];
/// Enough that the start, which carries the variables, weighs little beside them.
const STEPS: u64 = 100;

pub(super) async fn run(databases: &Databases, plan: &Plan, show: &mut dyn FnMut(Finding)) -> Result<()> {
    let (instances, in_flight) = if plan.small { (8, 4) } else { (plan.of(1_600, 64), 64) };
    let stage = Stage::start(databases, 1).await?;
    stage.store(&chain("variables", STEPS)).await?;
    let mut first: Option<Finding> = None;
    for size in SIZES {
        let input: Input = Arc::new(move |_| json!({ "blob": "x".repeat(size as usize) }));
        let load = |instances| Load { workflow: "variables", input: input.clone(), instances, in_flight };
        measure(&stage, &load(1), (STEPS, STEPS)).await?;
        let taken = measure(&stage, &load(instances), (STEPS, STEPS)).await?;
        let mut line = taken.finding(stage.place, format!("variables of {} KB", size as f64 / 1e3));
        // What the start takes is no cost of a step: it holds them twice, as the input and as variables.
        let own = 2.0 * size as f64 / STEPS as f64;
        let bytes = (line.get("journal_bytes_per_step") - own).max(0.0);
        line.figures.retain(|(name, _)| *name != "journal_bytes_per_step");
        line = line.figure("journal_bytes_per_step", bytes);
        if let Some(first) = &first {
            ensure_flat(first, &line, &["transitions_per_step", "events_per_step", "journal_bytes_per_step"], 1.2)?;
            let ratio = line.get("cpu_s_per_1000_steps") / first.get("cpu_s_per_1000_steps").max(1e-9);
            line = line.verdict("CPU per step, of 0.1 KB", (ratio, "×"), Target::AtMost(FLAT));
        }
        first.get_or_insert_with(|| line.clone());
        show(line);
    }
    Ok(())
}
