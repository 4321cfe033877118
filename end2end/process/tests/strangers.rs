//! Who is not signed in gets nothing; who is in another workspace cannot even tell that something exists.

use anyhow::{Context, Result};
use heddle_process_tests::account::{PASSWORD, Running, heddle, running};
use heddle_testkit::sqlite_url;
use serde_json::json;

const SMALL: &str =
    "name: small\nstart: { type: task, name: begin, next: done }\ntasks:\n  - { name: done, type: end }\n";

#[tokio::test]
async fn a_stranger_gets_401_before_anything_is_looked_at() -> Result<()> {
    let Running { server, .. } = running().await?;
    let stranger = server.client()?;
    for path in ["/api/v1/workflows", "/api/v1/workflow-instances", "/api/v1/jobs/activate"] {
        assert_eq!(stranger.post(path, &json!({ "anything": 1 })).await?.status, 401, "POST {path}");
    }
    for path in ["/api/v1/workflows", "/api/v1/workflow-instances/nonsense", "/api/v1/logs/workflow-instances/nonsense"]
    {
        assert_eq!(stranger.get(path).await?.status, 401, "GET {path}");
    }
    for path in ["/healthz", "/readyz", "/api/openapi.json"] {
        assert_eq!(stranger.get(path).await?.status, 200, "GET {path}");
    }
    Ok(())
}

#[tokio::test]
async fn another_workspace_s_things_are_not_there() -> Result<()> {
    let Running { server, client, files } = running().await?;
    let workflow = client.post_yaml("/api/v1/workflows", SMALL).await?.expect_status(201)?;
    let workflow = workflow["id"].as_str().context("no id")?.to_owned();
    let instance = client.start("small", json!({})).await?;
    let instance = instance["id"].as_str().context("no id")?.to_owned();
    let database = sqlite_url(files.dir());
    heddle(files.dir(), &database, &["admin", "workspace", "add", "elsewhere"])?;
    heddle(
        files.dir(),
        &database,
        &["admin", "user", "add", "neighbour", "--workspace", "elsewhere", "--role", "owner"],
    )?;
    let neighbour = server.client()?.sign_in("neighbour", PASSWORD).await?;
    for path in [
        format!("/api/v1/workflows/{workflow}"),
        format!("/api/v1/workflow-instances/{instance}"),
        format!("/api/v1/workflow-instances/{instance}/events"),
    ] {
        assert_eq!(neighbour.get(&path).await?.status, 404, "GET {path}");
        assert_eq!(client.get(&path).await?.status, 200, "GET {path} at home");
    }
    let refused =
        neighbour.post("/api/v1/workflow-instances", &json!({ "workflow_id": workflow, "input": {} })).await?;
    assert_eq!(refused.status, 404, "{}", refused.text);
    assert_eq!(neighbour.get("/api/v1/workflows").await?.json()["items"], json!([]));
    Ok(())
}
