//! Every role against every route of the OpenAPI document: the table of roles is what the server enforces.

use crate::support::{World, on_both, unique};
use anyhow::Result;
use heddle_api::{Permission, Role};
use reqwest::Method;
use serde_json::{Value, json};

on_both!(every_role_meets_every_route);

/// Routes that need no permission; a new one must be put here on purpose.
const OPEN: [&str; 9] = [
    "post /api/v1/auth/token", "post /api/v1/auth/session", "delete /api/v1/auth/session", "get /api/v1/setup",
    "post /api/v1/setup", "get /api/v1/me", "get /healthz", "get /readyz", "get /metrics",
];

/// Every operation with the permissions that one of which it needs.
fn operations(document: &Value) -> Vec<(Method, String, Vec<Permission>)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item
            .as_object()
            .unwrap()
            .iter()
            .filter(|(method, _)| ["get", "put", "post", "delete", "patch"].contains(&method.as_str()))
        {
            let needs: Vec<Permission> = operation["x-permission"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|name| name.as_str().unwrap().parse().unwrap())
                .collect();
            if needs.is_empty() {
                assert!(
                    OPEN.contains(&format!("{method} {path}").as_str()),
                    "{method} {path} needs no permission and is not on the list"
                );
                continue;
            }
            found.push((method.to_uppercase().parse().unwrap(), path.clone(), needs));
        }
    }
    found
}

/// An address with ids that are well-formed and nobody's.
fn address(path: &str) -> String {
    let kind = if path.contains("/workflow-instances/") {
        "wi"
    } else if path.contains("/jobs/") {
        "job"
    } else if path.contains("/incidents/") {
        "inc"
    } else if path.contains("/human-tasks/") {
        "tsk"
    } else if path.contains("/batches/") {
        "bat"
    } else {
        "wf"
    };
    path.replace("{id}", &format!("{kind}_00000000000000000000000000"))
        .replace("{action}", "pause")
        .replace("{scope}/{subject}", "workflow/wf_00000000000000000000000000")
        .replace("{number}", "1")
        .replace("{task}", "t")
        .replace("{node}", "n")
        .replace("{name}", "nobody")
}

async fn every_role_meets_every_route(world: &World) -> Result<()> {
    let document = world.stranger().get("/api/openapi.json").await?.expect_status(200)?;
    let operations = operations(&document);
    assert!(operations.len() >= 25, "{}", operations.len());
    let workspace = unique("matrix");
    world.command(&["admin", "workspace", "add", &workspace])?;
    for role in Role::ALL {
        let client = world.somebody(&workspace, role.as_str()).await?;
        for (method, path, needs) in &operations {
            let request = client.request(method.clone(), &address(path)).json(&json!({}));
            let status = client.send(request).await?.status.as_u16();
            let may = needs.iter().any(|&permission| role.permissions().has(permission));
            assert_eq!(status != 403, may, "{role} {method} {path}: {status}");
            assert_ne!(status, 401, "{role} {method} {path}");
            assert!(status < 500, "{role} {method} {path}: {status}");
        }
    }
    let stranger = world.stranger();
    for (method, path, _) in &operations {
        let status =
            stranger.send(stranger.request(method.clone(), &address(path)).json(&json!({}))).await?.status.as_u16();
        assert_eq!(status, 401, "a stranger, {method} {path}");
    }
    Ok(())
}
