//! Callers who hang up at any moment: what they asked for happens whole or not at all, and nothing is left behind.

use crate::support::{World, make, on_both, one_step, unique};
use anyhow::{Context, Result};
use heddle_testkit::until;
use serde_json::json;
use std::time::Duration;

on_both!(hung_up_starts_leave_nothing_half_done);

async fn hung_up_starts_leave_nothing_half_done(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("hang-up");
    make(&admin, &one_step(&name)).await?;
    let calls = (0..200_u64).map(|n| {
        let (admin, name) = (admin.clone(), name.clone());
        async move {
            let body = json!({"workflow": name, "input": {"n": n}, "wait_ms": 1_000});
            // The moment sweeps from before the first byte to after the answer.
            let _ =
                tokio::time::timeout(Duration::from_micros(n * 97), admin.post("/api/v1/workflow-instances", &body))
                    .await;
        }
    });
    futures::future::join_all(calls).await;
    let list = format!("/api/v1/workflow-instances?workflow={name}&limit=200");
    until("all that was started to complete", Duration::from_secs(30), || {
        let (admin, list) = (admin.clone(), list.clone());
        async move {
            let page = admin.get(&list).await.ok()?.json();
            page["items"].as_array()?.iter().all(|row| row["status"] == "COMPLETED").then_some(())
        }
    })
    .await?;
    if let Some((postgres, database)) = world.postgres() {
        let query = format!(
            "select count(*) from pg_stat_activity where datname = '{database}' and state like 'idle in transaction%'"
        );
        // A transaction under way is none that was left: it must only end.
        until("every session to be out of its transaction", Duration::from_secs(10), || {
            let answer = postgres.sql("postgres", &query);
            async move { (answer.ok()?.trim() == "0").then_some(()) }
        })
        .await?;
    }
    let body = json!({"workflow": name, "wait_ms": 10_000});
    admin.post("/api/v1/workflow-instances", &body).await?.expect_status(200).context("the server goes on")?;
    Ok(())
}
