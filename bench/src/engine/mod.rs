//! The engine's side: the real binary on the same database, driven over HTTP as any program would.

mod closed_loop;
mod definitions;
mod latency;

use std::time::Duration;

use anyhow::{Context, Result};
use heddle_testkit::{Client, Heddle, HeddleProcess};
use serde_json::Value;

use crate::Databases;
use crate::figures::{Figures, Place, Workload};
use crate::plan::Plan;
use crate::process;

const USER: &str = "bench";
const PASSWORD: &str = "a password for the benchmark only";

/// A running server with the workflows of the benchmark; killed when dropped.
pub(crate) struct Server {
    place: Place,
    process: HeddleProcess,
    client: Client,
    _data: tempfile::TempDir,
}

impl Server {
    /// Starts it on a database of its own beside the floor's.
    pub(crate) async fn start(place: Place, databases: &Databases) -> Result<Self> {
        let data = tempfile::Builder::new().prefix("heddle-bench-").tempdir()?;
        let mut plan = Heddle::new(data.path())?.admin(USER, PASSWORD).env("HEDDLE_LOG", "warn");
        if let Databases::Postgres(server) = databases {
            plan = plan.database_url(&server.database()?.url);
        }
        let process = plan.start().await?;
        let client = process.client()?.sign_in(USER, PASSWORD).await?;
        for workload in Workload::ALL {
            let answer = client.post_yaml("/api/v1/workflows", &definitions::of(workload)).await?;
            answer.expect_status(201).with_context(|| format!("storing {}", workload.name()))?;
        }
        Ok(Self { place, process, client, _data: data })
    }

    /// One line per number of instances in flight; for `latency` there is one.
    pub(crate) async fn measure(&self, workload: Workload, plan: &Plan) -> Result<Vec<Figures>> {
        if workload == Workload::Latency {
            return Ok(vec![latency::measure(self, plan).await?]);
        }
        let mut lines = Vec::new();
        for &in_flight in &plan.in_flight {
            // Forty branches each: as many steps in flight as in the sequence.
            let in_flight = if workload == Workload::FanOut40 { (in_flight / 8).max(8) } else { in_flight };
            lines.push(closed_loop::measure(self, workload, in_flight, plan).await?);
        }
        Ok(lines)
    }

    /// A counter of /metrics by its full name with labels; 0 as long as nothing was counted.
    async fn counter(&self, name: &str) -> Result<u64> {
        process::counter(&self.client, name).await
    }

    /// Processor time that the server has used so far.
    fn cpu(&self) -> Result<Duration> {
        process::cpu(self.process.pid())
    }

    /// GET as JSON; anything but 200 is an error.
    async fn get(&self, path: &str) -> Result<Value> {
        self.client.get(path).await?.expect_status(200)
    }
}
