//! The table with its ratios, and the file that keeps a run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use crate::figures::{Figures, Place, Who, Workload};
use crate::finding::Finding;
use crate::plan::Plan;

/// One row per line measured; the engine's best row of a workload has its ratio to both floors.
pub(crate) fn table(all: &[Figures]) -> String {
    let mut text = String::from(
        "| database | workload | who | in flight | steps/s | p50 ms | p99 ms | of floor | of floor+node |\n| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for line in all {
        let ratio = |who| if line.who == Who::Engine { ratio(all, line, who) } else { None };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.0} | {:.2} | {:.2} | {} | {} |",
            line.place.name(),
            line.workload.name(),
            line.who.name(),
            line.in_flight,
            line.steps_per_s(),
            line.quantile(0.5),
            line.quantile(0.99),
            shown(ratio(Who::Floor)),
            shown(ratio(Who::FloorWithNodes)),
        );
    }
    text
}

/// Steps per second as a part of the floor's best; for `latency` the median as a multiple of the floor's.
fn ratio(all: &[Figures], line: &Figures, floor: Who) -> Option<f64> {
    let of = |f: &&Figures| f.who == floor && f.place == line.place && f.workload == line.workload;
    let floors = all.iter().filter(of);
    if line.workload == Workload::Latency {
        floors.map(|f| f.quantile(0.5)).reduce(f64::min).map(|best| line.quantile(0.5) / best)
    } else {
        floors.map(Figures::steps_per_s).reduce(f64::max).map(|best| line.steps_per_s() / best)
    }
}

fn shown(ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio) if ratio < 1.0 => format!("{:.1} %", ratio * 100.0),
        Some(ratio) => format!("{ratio:.2} ×"),
        None => String::new(),
    }
}

/// Writes a full run to bench/history; a small one, or a part, is not worth keeping.
pub(crate) fn keep(plan: &Plan, all: &[Figures], found: &[Finding]) -> Result<Option<PathBuf>> {
    if plan.small || plan.part.is_some() || plan.share < 1.0 {
        return Ok(None);
    }
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("history");
    std::fs::create_dir_all(&dir)?;
    let now = time::OffsetDateTime::now_utc();
    let stamp =
        format!("{}-{:02}-{:02}-{:02}{:02}", now.year(), u8::from(now.month()), now.day(), now.hour(), now.minute());
    let file = dir.join(format!("{stamp}.jsonl"));
    let mut text = format!("{}\n", machine());
    for line in all {
        let mut json = line.json();
        if line.who == Who::Engine {
            json["of_floor"] = json!(ratio(all, line, Who::Floor));
            json["of_floor_with_nodes"] = json!(ratio(all, line, Who::FloorWithNodes));
        }
        let _ = writeln!(text, "{json}");
    }
    for line in found {
        let _ = writeln!(text, "{}", line.json());
    }
    std::fs::write(&file, text)?;
    Ok(Some(file))
}

/// What the figures were measured on: they mean nothing elsewhere.
fn machine() -> serde_json::Value {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map(|m| m.trim_start_matches(['\t', ' ', ':']).to_owned());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let databases = Place::ALL.map(Place::name);
    json!({ "machine": { "cores": cores, "cpu": model, "load_at_end": load.split(' ').next() }, "databases": databases })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn line(who: Who, workload: Workload, instances: usize, p50: f64) -> Figures {
        let time = Duration::from_secs(1);
        Figures {
            who,
            place: Place::Postgres,
            workload,
            in_flight: 1,
            instances,
            time,
            took_ms: vec![p50],
            commits: None,
            cpu_s: None,
        }
    }

    #[test]
    fn ratios_are_parts_of_the_best_floor_and_multiples_of_its_latency() {
        let all = [
            line(Who::Floor, Workload::Sequence10, 100, 1.0),
            line(Who::Floor, Workload::Sequence10, 200, 1.0),
            line(Who::Engine, Workload::Sequence10, 50, 1.0),
            line(Who::Floor, Workload::Latency, 1, 2.0),
            line(Who::Engine, Workload::Latency, 1, 5.0),
        ];
        assert_eq!(ratio(&all, &all[2], Who::Floor), Some(0.25));
        assert_eq!(ratio(&all, &all[4], Who::Floor), Some(2.5));
        assert_eq!(ratio(&all, &all[2], Who::FloorWithNodes), None);
        let table = table(&all);
        assert!(table.contains("25.0 %") && table.contains("2.50 ×"), "{table}");
    }
}
