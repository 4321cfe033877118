//! What a running server says about itself and what the system says about it.

use std::time::Duration;

use anyhow::{Context, Result};
use heddle_testkit::Client;

/// Counter of instances that completed.
pub(crate) const COMPLETED: &str = "heddle_instances_ended_total{status=\"COMPLETED\"}";
/// Counter of the engine's transactions.
pub(crate) const COMMITS: &str = "heddle_commits_total";
/// Transitions in all its transactions: an instance has one in each transaction that it takes part in.
pub(crate) const TRANSITIONS: &str = "heddle_commit_units_sum";
/// Counter of events.
pub(crate) const EVENTS: &str = "heddle_events_total";

/// A counter of /metrics by its full name with labels; 0 as long as nothing was counted.
pub(crate) async fn counter(client: &Client, name: &str) -> Result<u64> {
    let text = client.get("/metrics").await?.text;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    Ok(value.unwrap_or(0.0) as u64)
}

/// Processor time that a process has used so far.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // After the name in brackets; user and system time are the 14th and 15th fields, in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|t| t.parse::<u64>().ok()).unwrap_or(0);
    Ok(Duration::from_millis((ticks(11) + ticks(12)) * 10))
}

/// Resident memory of a process, in megabytes of 10⁶ bytes.
pub(crate) fn resident_mb(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    let kib: f64 = kib.context("/proc has no VmRSS")?;
    Ok(kib * 1024.0 / 1e6)
}
