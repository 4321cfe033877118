//! `/api/v1/incidents`, `/groups`, `/{id}`, `/{id}/resolve`.

use crate::support::{World, make, node_status, on_both, unique};
use anyhow::Result;
use heddle_testkit::Client;
use reqwest::Method;
use serde_json::{Value, json};

on_both!(
    incidents_are_listed_page_by_page,
    they_are_grouped_by_workflow_node_and_code,
    one_is_resolved_in_each_way,
    a_dry_run_says_what_would_run_again,
    what_cannot_be_is_refused,
    another_workspace_knows_none
);

/// Divides by a variable; a failure waits for a person.
async fn divider(client: &Client) -> Result<String> {
    let name = unique("除法");
    let definition = json!({
        "name": name,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "除", "type": "transform", "config": {"value": "${10 / divisor}"}, "on_error": "incident"},
            {"id": "end", "type": "end"}
        ],
        "edges": [{"from": "start", "to": "除"}, {"from": "除", "to": "end"}]
    });
    make(client, &definition).await?;
    Ok(name)
}

async fn failed(client: &Client, name: &str) -> Result<(String, Value)> {
    let instance = client.start(name, json!({"divisor": 0})).await?;
    assert_eq!(instance["incidents"].as_array().unwrap().len(), 1, "{instance:#}");
    Ok((format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap()), instance["incidents"][0].clone()))
}

async fn list(client: &Client, query: &str) -> Result<Value> {
    let request = client.request(Method::GET, "/api/v1/incidents");
    let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    client.send(request.query(&pairs)).await?.expect_status(200)
}

async fn a_dry_run_says_what_would_run_again(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = divider(&admin).await?;
    let (instance, incident) = failed(&admin, &name).await?;
    let path = format!("/api/v1/incidents/{}/resolve", incident["id"].as_str().unwrap());
    let wish = json!({"action": "retry", "variables": {"divisor": 2}});
    let told = admin.post(&format!("{path}?dry_run=true"), &wish).await?.expect_status(200)?;
    assert_eq!((&told["status"], &told["preview"]["runs"]), (&json!("OPEN"), &json!(["除", "end"])), "{told:#}");
    let past = admin.post(&format!("{path}?dry_run=true"), &json!({"action": "skip"})).await?.expect_status(200)?;
    assert_eq!(past["preview"]["skips"], json!(["除"]), "{past:#}");
    let before = admin.get(&instance).await?.expect_status(200)?;
    assert_eq!(before["incidents"].as_array().unwrap().len(), 1, "nothing has happened");
    let done = admin.post(&path, &wish).await?.expect_status(200)?;
    assert_eq!(done["status"], "RESOLVED");
    assert_eq!(admin.get(&instance).await?.expect_status(200)?["status"], "COMPLETED");
    Ok(())
}

async fn incidents_are_listed_page_by_page(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = divider(&admin).await?;
    let mut opened = Vec::new();
    for _ in 0..5 {
        opened.push(failed(&admin, &name).await?.1["id"].clone());
    }
    let whole = list(&admin, &format!("workflow={name}")).await?;
    let mut found: Vec<Value> = whole["items"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    let times: Vec<&str> =
        whole["items"].as_array().unwrap().iter().map(|row| row["opened_at"].as_str().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]), "those opened last first: {times:?}");
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&admin, &format!("workflow={name}&limit=2{cursor}")).await?;
        paged.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, found);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    found.sort_by_key(text);
    opened.sort_by_key(text);
    assert_eq!(found, opened);
    let row = &whole["items"][0];
    assert_eq!((&row["status"], &row["workflow"], &row["node_id"]), (&json!("OPEN"), &json!(name), &json!("除")));
    let (kind, code) = (row["kind"].as_str().unwrap(), row["code"].as_str().unwrap());
    for (query, count) in [
        (format!("workflow={name}&kind={kind}&code={code}&node=除&status=open"), 5),
        (format!("workflow={name}&kind=poisoned"), 0),
        (format!("workflow={name}&status=resolved"), 0),
        (format!("workflow={name}&code=OTHER"), 0),
        (format!("workflow={name}&node=other"), 0),
        (format!("instance={}", row["instance_id"].as_str().unwrap()), 1),
        ("workflow=there-is-none".to_owned(), 0),
    ] {
        assert_eq!(list(&admin, &query).await?["items"].as_array().unwrap().len(), count, "{query}");
    }
    for query in ["status=lost", "kind=nonsense", "cursor=x", "limit=0"] {
        let problem = admin.get(&format!("/api/v1/incidents?{query}")).await?.expect_status(422)?;
        assert_eq!(problem["code"], "INVALID_INPUT", "{query}");
    }
    Ok(())
}

async fn they_are_grouped_by_workflow_node_and_code(world: &World) -> Result<()> {
    let admin = world.admin();
    let (one, other) = (divider(&admin).await?, divider(&admin).await?);
    for name in [&one, &one, &one, &other] {
        failed(&admin, name).await?;
    }
    let groups = |name: &str| {
        let request = admin.request(Method::GET, "/api/v1/incidents/groups").query(&[("workflow", name)]);
        admin.send(request)
    };
    let found = groups(&one).await?.expect_status(200)?;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found:#}");
    let group = &found["items"][0];
    assert_eq!(
        (&group["workflow"], &group["node_id"], &group["count"]),
        (&json!(one), &json!("除"), &json!(3)),
        "{found:#}"
    );
    assert!(group["first_at"].as_str().unwrap() <= group["last_at"].as_str().unwrap());
    assert_eq!(groups(&other).await?.expect_status(200)?["items"][0]["count"], 1);
    let all = admin.get("/api/v1/incidents/groups?limit=200").await?.expect_status(200)?;
    let counts: Vec<u64> =
        all["items"].as_array().unwrap().iter().map(|group| group["count"].as_u64().unwrap()).collect();
    assert!(counts.windows(2).all(|pair| pair[0] >= pair[1]), "the largest first: {counts:?}");
    Ok(())
}

async fn one_is_resolved_in_each_way(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = divider(&admin).await?;
    for (body, node) in [
        (json!({"action": "retry", "variables": {"divisor": 2}, "reason": "改正"}), "COMPLETED"),
        (json!({"action": "skip", "output": 1}), "SKIPPED"),
        (json!({"action": "complete", "output": 5}), "COMPLETED"),
    ] {
        let (path, incident) = failed(&admin, &name).await?;
        let address = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
        let open = admin.get(&address).await?.expect_status(200)?;
        assert_eq!((&open["status"], &open["id"]), (&json!("OPEN"), &incident["id"]));
        assert!(open["node_instance_id"].as_str().unwrap().starts_with("ni_"));
        let request = admin.request(Method::POST, &format!("{address}/resolve")).header("idempotency-key", "resolve");
        let resolved = admin.send(request.json(&body)).await?.expect_status(200)?;
        assert_eq!(resolved["status"], "RESOLVED", "{body}: {resolved:#}");
        assert!(resolved["resolved_at"].is_string());
        let instance = admin.get(&path).await?.expect_status(200)?;
        assert_eq!((&instance["status"], node_status(&instance, "除").as_str()), (&json!("COMPLETED"), node), "{body}");
        let request = admin.request(Method::POST, &format!("{address}/resolve")).header("idempotency-key", "resolve");
        let again = admin.send(request.json(&body)).await?;
        assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (200, Some("true")));
        let late = admin.post(&format!("{address}/resolve"), &body).await?.expect_status(409)?;
        assert_eq!((&late["code"], &late["from"]), (&json!("ILLEGAL_TRANSITION"), &json!("RESOLVED")));
    }
    let closed = list(&admin, &format!("workflow={name}&status=resolved")).await?;
    assert_eq!(closed["items"].as_array().unwrap().len(), 3);
    Ok(())
}

async fn what_cannot_be_is_refused(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = divider(&admin).await?;
    let (_, incident) = failed(&admin, &name).await?;
    let address = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    for body in [json!({}), json!({"action": "mute"}), json!({"action": "skip", "else": 1})] {
        assert_eq!(
            admin.post(&format!("{address}/resolve"), &body).await?.expect_status(422)?["code"],
            "INVALID_INPUT"
        );
    }
    let nobody = "/api/v1/incidents/inc_00000000000000000000000000";
    admin.get(nobody).await?.expect_status(404)?;
    admin.post(&format!("{nobody}/resolve"), &json!({"action": "retry"})).await?.expect_status(404)?;
    assert_eq!(admin.get("/api/v1/incidents/inc_x").await?.expect_status(404)?["code"], "MALFORMED_ID");
    // Still wrong: the old incident is resolved, and a new one says so.
    admin.post(&format!("{address}/resolve"), &json!({"action": "retry"})).await?.expect_status(200)?;
    assert_eq!(list(&admin, &format!("workflow={name}")).await?["items"].as_array().unwrap().len(), 1);
    Ok(())
}

async fn another_workspace_knows_none(world: &World) -> Result<()> {
    let admin = world.admin();
    let (path, incident) = failed(&admin, &divider(&admin).await?).await?;
    let workspace = unique("other");
    world.command(&["admin", "workspace", "add", &workspace])?;
    let other = world.somebody(&workspace, "owner").await?;
    assert_eq!(list(&other, "").await?["items"], json!([]));
    assert_eq!(other.get("/api/v1/incidents/groups").await?.expect_status(200)?["items"], json!([]));
    let address = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    other.get(&address).await?.expect_status(404)?;
    other.post(&format!("{address}/resolve"), &json!({"action": "skip"})).await?.expect_status(404)?;
    assert_eq!(admin.get(&path).await?.expect_status(200)?["status"], "RUNNING");
    Ok(())
}
