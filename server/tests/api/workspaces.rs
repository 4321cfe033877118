//! Workspaces: what belongs to one does not exist in another.

use crate::support::{World, make, node_status, on_both, one_job, unique};
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

on_both!(ids_of_another_workspace_do_not_exist, the_same_name_is_free_in_another_workspace);

async fn ids_of_another_workspace_do_not_exist(world: &World) -> Result<()> {
    let admin = world.admin();
    let (name, action) = (unique("secret"), unique("action"));
    let made = make(&admin, &one_job(&name, &action)).await?;
    let instance = admin.start(&name, json!({"secret": "canary-value"})).await?;
    let workspace = unique("other");
    world.command(&["admin", "workspace", "add", &workspace])?;
    let other = world.somebody(&workspace, "owner").await?;
    let (wf, wi) = (made["id"].as_str().unwrap(), instance["id"].as_str().unwrap());
    let job_node = instance["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == "工作").unwrap();
    assert_eq!(node_status(&instance, "工作"), "RUNNING");
    let taken = other
        .post("/api/v1/jobs/activate", &json!({"types": [action], "worker": "thief", "wait_ms": 10}))
        .await?
        .expect_status(200)?;
    assert_eq!(taken["jobs"], json!([]));
    let job = job_node["id"].as_str().unwrap().replacen("ni_", "job_", 1);
    let calls = [
        (Method::GET, format!("/api/v1/workflows/{wf}"), json!(null)),
        (Method::GET, format!("/api/v1/workflows/{wf}?format=yaml"), json!(null)),
        (Method::PUT, format!("/api/v1/workflows/{wf}"), made["definition"].clone()),
        (Method::DELETE, format!("/api/v1/workflows/{wf}?force=true"), json!(null)),
        (Method::GET, format!("/api/v1/workflows/{wf}/versions"), json!(null)),
        (Method::GET, format!("/api/v1/workflows/{wf}/versions/1"), json!(null)),
        (Method::POST, "/api/v1/workflow-instances".to_owned(), json!({"workflow_id": wf})),
        (Method::POST, "/api/v1/workflow-instances".to_owned(), json!({"workflow": name})),
        (Method::GET, format!("/api/v1/workflow-instances/{wi}"), json!(null)),
        (Method::GET, format!("/api/v1/workflow-instances/{wi}/nodes"), json!(null)),
        (Method::GET, format!("/api/v1/workflow-instances/{wi}/events"), json!(null)),
        (Method::GET, format!("/api/v1/logs/workflow-instances/{wi}"), json!(null)),
        (Method::PUT, format!("/api/v1/workflow-instances/{wi}/actions/terminate"), json!({})),
        (Method::PATCH, format!("/api/v1/workflow-instances/{wi}/variables"), json!({"a": 1})),
        (Method::POST, format!("/api/v1/workflow-instances/{wi}/tasks/x/complete"), json!({})),
        (
            Method::PUT,
            format!("/api/v1/workflow-instances/{wi}/actions/modify"),
            json!({"changes": [{"cancel": "工作"}]}),
        ),
        (Method::PUT, format!("/api/v1/workflow-instances/{wi}/actions/compensate?dry_run=true"), json!({})),
        (Method::GET, format!("/api/v1/workflow-instances/{wi}/waiting"), json!(null)),
        (Method::POST, format!("/api/v1/workflow-instances/{wi}/foreach/x/items"), json!({"items": [1]})),
        (Method::POST, format!("/api/v1/workflow-instances/{wi}/foreach/x/cancel"), json!({})),
        (Method::GET, format!("/ws/workflow-instances/{wi}"), json!(null)),
    ];
    for (method, path, body) in calls {
        let mut request = other.request(method.clone(), &path);
        if path.starts_with("/ws/") {
            request = request
                .header("connection", "upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = other.send(request).await?;
        assert_eq!(answer.status.as_u16(), 404, "{method} {path}: {}", answer.text);
        assert!(!answer.text.contains("canary-value"), "{path}");
    }
    let stolen = other.post(&format!("/api/v1/jobs/{job}/complete"), &json!({"token": "1"})).await?;
    assert!(matches!(stolen.status.as_u16(), 404 | 409), "{}", stolen.text);
    for list in [
        "/api/v1/batches", "/api/v1/incidents", "/api/v1/workflows", "/api/v1/workflow-instances",
        "/api/v1/stats/workflows", "/api/v1/stats/nodes",
    ] {
        let page = other.get(list).await?.expect_status(200)?;
        assert_eq!(page["items"], json!([]), "{list}");
    }
    assert_eq!(
        admin.get(&format!("/api/v1/workflow-instances/{wi}")).await?.expect_status(200)?["status"],
        "RUNNING",
        "and nothing was changed"
    );
    Ok(())
}

async fn the_same_name_is_free_in_another_workspace(world: &World) -> Result<()> {
    let name = unique("same");
    make(&world.admin(), &one_job(&name, "x")).await?;
    let workspace = unique("other");
    world.command(&["admin", "workspace", "add", &workspace])?;
    make(&world.somebody(&workspace, "developer").await?, &one_job(&name, "x")).await?;
    Ok(())
}
