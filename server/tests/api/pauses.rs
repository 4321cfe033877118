//! `/api/v1/cluster/pauses`.

use crate::support::{World, make, on_both, one_job, unique};
use anyhow::Result;
use serde_json::{Value, json};

on_both!(a_paused_workflow_gives_out_no_jobs, who_may_pause_what, what_is_no_pause_is_not_found);

async fn taken(world: &World, action: &str) -> Result<usize> {
    let wish = json!({"types": [action], "worker": "w", "max_jobs": 5});
    let given = world.admin().post("/api/v1/jobs/activate", &wish).await?.expect_status(200)?;
    Ok(given["jobs"].as_array().expect("jobs").len())
}

fn subjects(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("items").iter().map(|item| item["subject"].as_str().expect("text")).collect()
}

async fn a_paused_workflow_gives_out_no_jobs(world: &World) -> Result<()> {
    let admin = world.admin();
    let (name, action) = (unique("paused"), unique("pack"));
    let workflow = make(&admin, &one_job(&name, &action)).await?;
    let id = workflow["id"].as_str().expect("an id");
    let before = admin.start(&name, json!({})).await?;
    let path = format!("/api/v1/cluster/pauses/workflow/{id}");
    let pause = admin.put(&path, &json!({"reason": "stock-taking"})).await?.expect_status(200)?;
    assert_eq!(
        (&pause["scope"], &pause["subject"], &pause["reason"]),
        (&json!("workflow"), &json!(id), &json!("stock-taking"))
    );
    let again = admin.put(&path, &json!({"reason": "another"})).await?.expect_status(200)?;
    assert_eq!(again, pause, "what is paused stays as it was");
    let after = admin.start(&name, json!({})).await?;
    assert_eq!(taken(world, &action).await?, 0);
    for instance in [&before, &after] {
        let path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().expect("an id"));
        let shown = admin.get(&path).await?.expect_status(200)?;
        assert_eq!((&shown["status"], &shown["pauses"]), (&json!("RUNNING"), &json!([pause])));
    }
    let listed = admin.get("/api/v1/cluster/pauses").await?.expect_status(200)?;
    assert!(subjects(&listed).contains(&id));
    admin.delete(&path).await?.expect_status(204)?;
    admin.delete(&path).await?.expect_status(404)?;
    assert_eq!(taken(world, &action).await?, 2);
    Ok(())
}

async fn who_may_pause_what(world: &World) -> Result<()> {
    let workspace = unique("pausing");
    world.command(&["admin", "workspace", "add", &workspace])?;
    let operator = world.somebody(&workspace, "operator").await?;
    let viewer = world.somebody(&workspace, "viewer").await?;
    let name = unique("mine");
    let owner = world.somebody(&workspace, "owner").await?;
    let workflow = make(&owner, &one_job(&name, &unique("pack"))).await?;
    let own = format!("/api/v1/cluster/pauses/workflow/{}", workflow["id"].as_str().expect("an id"));
    viewer.put(&own, &json!({})).await?.expect_status(403)?;
    operator.put(&own, &json!({})).await?.expect_status(200)?;
    operator.put("/api/v1/cluster/pauses/engine/all", &json!({})).await?.expect_status(403)?;
    operator.put("/api/v1/cluster/pauses/task-type/http", &json!({})).await?.expect_status(403)?;
    // Another workspace neither sees nor lifts it.
    world.admin().delete(&own).await?.expect_status(404)?;
    let listed = world.admin().get("/api/v1/cluster/pauses").await?.expect_status(200)?;
    assert!(!subjects(&listed).contains(&workflow["id"].as_str().expect("an id")));
    assert_eq!(viewer.get("/api/v1/cluster/pauses").await?.expect_status(200)?["items"][0]["subject"], workflow["id"]);
    operator.delete(&own).await?.expect_status(204)?;
    // A type that nobody uses: other tests share this server.
    let type_path = format!("/api/v1/cluster/pauses/task-type/{}", unique("unused"));
    world.admin().put(&type_path, &json!({"reason": "broken"})).await?.expect_status(200)?;
    world.admin().delete(&type_path).await?.expect_status(204)?;
    Ok(())
}

async fn what_is_no_pause_is_not_found(world: &World) -> Result<()> {
    for path in ["engine/some", "room/1", "workflow/wf_1", "workflow/wf_00000000000000000000000001"] {
        world.admin().put(&format!("/api/v1/cluster/pauses/{path}"), &json!({})).await?.expect_status(404)?;
    }
    Ok(())
}
