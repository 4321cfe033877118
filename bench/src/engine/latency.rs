//! One instance at a time: from sending the start to the answer that says COMPLETED.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;

use super::Server;
use crate::figures::{Figures, Who, Workload};
use crate::plan::Plan;

pub(super) async fn measure(server: &Server, plan: &Plan) -> Result<Figures> {
    let warm = Instant::now() + plan.time / 10;
    while Instant::now() < warm {
        once(server).await?;
    }
    let cpu = server.cpu()?;
    let begun = Instant::now();
    let mut took_ms = Vec::new();
    while begun.elapsed() < plan.time {
        let one = Instant::now();
        once(server).await?;
        took_ms.push(one.elapsed().as_secs_f64() * 1e3);
    }
    let time = begun.elapsed();
    took_ms.sort_by(f64::total_cmp);
    Ok(Figures {
        who: Who::Engine,
        place: server.place,
        workload: Workload::Latency,
        in_flight: 1,
        instances: took_ms.len(),
        time,
        took_ms,
        commits: None,
        cpu_s: Some((server.cpu()? - cpu).as_secs_f64()),
    })
}

async fn once(server: &Server) -> Result<()> {
    let body = json!({ "workflow": Workload::Latency.name(), "input": {}, "wait_ms": 20_000 });
    let answer = server.client.post("/api/v1/workflow-instances", &body).await?.expect_status(200)?;
    ensure!(answer["status"] == "COMPLETED", "not completed: {answer}");
    Ok(())
}
