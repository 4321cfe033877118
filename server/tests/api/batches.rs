//! `/api/v1/batches`, `/{id}`, `/{id}/items`, `/{id}/actions`: one action on many instances.

use crate::support::{World, make, on_both, one_job, unique};
use anyhow::{Context, Result};
use heddle_testkit::{Client, until};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

on_both!(
    each_item_says_what_became_of_it, a_filter_is_previewed_and_then_done, a_batch_rests_goes_on_and_is_cancelled,
    what_cannot_be_is_refused, a_key_makes_one, another_workspace_knows_none
);

/// A workflow whose instances wait for a worker, and so many of them.
async fn waiting(client: &Client, count: usize) -> Result<(String, Vec<String>)> {
    let name = unique("bulk");
    make(client, &one_job(&name, &unique("nobodyDoesThis"))).await?;
    let items: Vec<Value> = (0..count).map(|n| json!({"workflow": name, "input": {"n": n}})).collect();
    let mut ids = Vec::with_capacity(count);
    for items in items.chunks(50) {
        let body = json!({"items": items});
        let started = client.post("/api/v1/workflow-instances/batch", &body).await?.expect_status(202)?;
        for item in started["items"].as_array().unwrap() {
            ids.push(item["id"].as_str().with_context(|| format!("not started: {item}"))?.to_owned());
        }
    }
    Ok((name, ids))
}

async fn create(client: &Client, body: &Value) -> Result<String> {
    let reply = client.post("/api/v1/batches", body).await?;
    let location = reply.header("location").map(str::to_owned);
    let batch = reply.expect_status(202)?;
    let path = format!("/api/v1/batches/{}", batch["id"].as_str().unwrap());
    assert_eq!(location, Some(path.clone()));
    Ok(path)
}

/// The batch when it is in this status.
async fn when(client: &Client, path: &str, status: &str) -> Result<Value> {
    until(&format!("{path} to be {status}"), Duration::from_secs(60), || async {
        let batch = client.get(path).await.ok()?.expect_status(200).ok()?;
        (batch["status"] == status).then_some(batch)
    })
    .await
}

async fn items(client: &Client, path: &str, status: &str) -> Result<Vec<Value>> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}/items?limit=7&status={status}{cursor}")).await?.expect_status(200)?;
        all.extend(page["items"].as_array().context("items")?.clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(all),
        }
    }
}

async fn each_item_says_what_became_of_it(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, mut ids) = waiting(&admin, 20).await?;
    let ended = ids[0].clone();
    let end = format!("/api/v1/workflow-instances/{ended}/actions/terminate");
    admin.put(&end, &json!({})).await?.expect_status(200)?;
    let nobody = "wi_00000000000000000000000000".to_owned();
    ids.extend([nobody.clone(), ids[3].clone()]);
    let body = json!({"action": "terminate", "ids": ids, "params": {"reason": "收摊"}});
    let path = create(&admin, &body).await?;
    let done = when(&admin, &path, "COMPLETED").await?;
    let count = |name: &str| done[name].as_u64().unwrap();
    assert_eq!(
        (count("total"), count("done"), count("succeeded"), count("failed"), count("refused")),
        (21, 21, 19, 0, 2),
        "an id named twice counts once: {done:#}"
    );
    assert_eq!(
        (&done["action"], &done["reason"], &done["filter"]),
        (&json!("terminate"), &json!("收摊"), &Value::Null)
    );
    assert!(done["started_at"].is_string() && done["ended_at"].is_string());
    let refused: BTreeMap<String, Value> = items(&admin, &path, "REFUSED")
        .await?
        .into_iter()
        .map(|item| (item["instance_id"].as_str().unwrap().to_owned(), item))
        .collect();
    assert_eq!(
        (&refused[&nobody]["code"], &refused[&ended]["code"]),
        (&json!("NOT_FOUND"), &json!("ILLEGAL_TRANSITION"))
    );
    assert!(refused[&ended]["detail"].as_str().unwrap().contains("TERMINATED"));
    let request = admin.request(Method::GET, &format!("{path}/items?status=refused")).header("accept-language", "zh");
    let chinese = admin.send(request).await?.expect_status(200)?;
    assert!(chinese["items"][0]["detail"].as_str().unwrap().chars().any(|c| c > '\u{2e80}'), "{chinese}");
    assert_eq!(items(&admin, &path, "").await?.len(), 21);
    for id in &ids[1..20] {
        let instance = admin.get(&format!("/api/v1/workflow-instances/{id}")).await?.expect_status(200)?;
        assert_eq!(instance["status"], "TERMINATED");
    }
    let list = admin.get("/api/v1/batches?limit=200").await?.expect_status(200)?;
    assert!(list["items"].as_array().unwrap().contains(&done));
    Ok(())
}

async fn a_filter_is_previewed_and_then_done(world: &World) -> Result<()> {
    let admin = world.admin();
    let (name, ids) = waiting(&admin, 5).await?;
    let end = format!("/api/v1/workflow-instances/{}/actions/terminate", ids[0]);
    admin.put(&end, &json!({})).await?.expect_status(200)?;
    let body = json!({"action": "skip", "params": {"node": "工作"}, "filter": {"workflow": name}});
    let told = admin.post("/api/v1/batches?dry_run=true", &body).await?.expect_status(200)?;
    let node = |node: &str, count: u64| json!({"workflow": name, "node_id": node, "count": count});
    assert_eq!(
        told,
        json!({
            "total": 5, "previewed": 5, "would_succeed": 4, "would_be_refused": 1,
            "refusals": [{"code": "ILLEGAL_TRANSITION", "count": 1}],
            "runs": [node("end", 4)], "again": [], "cancels": [], "compensates": []
        })
    );
    let running = admin.get(&format!("/api/v1/workflow-instances?workflow={name}&status=RUNNING")).await?;
    assert_eq!(running.expect_status(200)?["items"].as_array().unwrap().len(), 4, "a dry run changes nothing");
    let path = create(&admin, &body).await?;
    let done = when(&admin, &path, "COMPLETED").await?;
    assert_eq!(
        (&done["succeeded"], &done["refused"], &done["filter"]["workflow"]),
        (&json!(4), &json!(1), &json!(name))
    );
    let completed = admin.get(&format!("/api/v1/workflow-instances?workflow={name}&status=COMPLETED")).await?;
    assert_eq!(completed.expect_status(200)?["items"].as_array().unwrap().len(), 4);
    // A filter that finds nothing is a batch without items.
    let none = json!({"action": "pause", "filter": {"workflow": "there is none"}});
    let path = create(&admin, &none).await?;
    assert_eq!(when(&admin, &path, "COMPLETED").await?["total"], 0);
    Ok(())
}

async fn a_batch_rests_goes_on_and_is_cancelled(world: &World) -> Result<()> {
    let admin = world.admin();
    let (name, _) = waiting(&admin, 300).await?;
    let path = create(&admin, &json!({"action": "pause", "filter": {"workflow": name}})).await?;
    let act = |action: &str| format!("{path}/actions/{action}");
    let paused = admin.put(&act("pause"), &json!({})).await?.expect_status(200)?;
    assert_eq!(paused["status"], "PAUSED");
    assert_eq!(admin.put(&act("pause"), &json!({})).await?.expect_status(409)?["code"], "ILLEGAL_TRANSITION");
    until("what was under way to end", Duration::from_secs(60), || async {
        items(&admin, &path, "STARTED").await.ok()?.is_empty().then_some(())
    })
    .await?;
    let rests = admin.get(&path).await?.expect_status(200)?;
    assert!(rests["done"].as_u64().unwrap() < 300, "{rests}");
    assert_eq!(admin.put(&act("resume"), &json!({})).await?.expect_status(200)?["status"], "RUNNING");
    let done = when(&admin, &path, "COMPLETED").await?;
    assert_eq!((&done["done"], &done["succeeded"]), (&json!(300), &json!(300)));
    assert_eq!(admin.put(&act("cancel"), &json!({})).await?.expect_status(409)?["code"], "ILLEGAL_TRANSITION");

    let path = create(&admin, &json!({"action": "resume", "filter": {"workflow": name}})).await?;
    let cancelled = admin.put(&format!("{path}/actions/cancel"), &json!({})).await?.expect_status(200)?;
    assert_eq!(cancelled["status"], "CANCELLED");
    let (done, left) = until("the rest to be given up", Duration::from_secs(60), || async {
        let left = items(&admin, &path, "CANCELLED").await.ok()?.len() as u64;
        let done = admin.get(&path).await.ok()?.expect_status(200).ok()?["done"].as_u64()?;
        (left > 0 && left + done == 300).then_some((done, left))
    })
    .await?;
    assert!(done < 300 && left > 0, "{done} done, {left} left");
    let still = admin.get(&format!("/api/v1/workflow-instances?workflow={name}&status=PAUSED&limit=1")).await?;
    assert_eq!(still.expect_status(200)?["items"].as_array().unwrap().len(), 1, "the rest was not touched");
    Ok(())
}

async fn what_cannot_be_is_refused(world: &World) -> Result<()> {
    let admin = world.admin();
    let (name, ids) = waiting(&admin, 1).await?;
    let filter = json!({"workflow": name});
    for body in [
        json!({}),
        json!({"action": "pause"}),
        json!({"action": "pause", "filter": {}}),
        json!({"action": "pause", "filter": filter, "ids": ids}),
        json!({"action": "pause", "filter": {"workflwo": name}}),
        json!({"action": "dance", "filter": filter}),
        json!({"action": "skip", "filter": filter}),
        json!({"action": "modify", "filter": filter}),
        json!({"action": "pause", "filter": filter, "params": {"expected_seq": 3}}),
        json!({"action": "pause", "ids": ["nobody"]}),
        json!({"action": "pause", "filter": {"status": "LOST"}}),
    ] {
        let problem = admin.post("/api/v1/batches", &body).await?.expect_status(422)?;
        assert_eq!(problem["code"], "INVALID_INPUT", "{body}: {problem}");
    }
    let nobody = "/api/v1/batches/bat_00000000000000000000000000";
    for path in [nobody.to_owned(), format!("{nobody}/items")] {
        admin.get(&path).await?.expect_status(404)?;
    }
    admin.put(&format!("{nobody}/actions/pause"), &json!({})).await?.expect_status(404)?;
    let path = create(&admin, &json!({"action": "pause", "ids": ids})).await?;
    admin.put(&format!("{path}/actions/dance"), &json!({})).await?.expect_status(404)?;
    admin.get(&format!("{path}/items?status=lost")).await?.expect_status(422)?;
    Ok(())
}

async fn a_key_makes_one(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, ids) = waiting(&admin, 2).await?;
    let make = || {
        let request = admin.request(Method::POST, "/api/v1/batches").header("idempotency-key", &ids[0]);
        admin.send(request.json(&json!({"action": "pause", "ids": ids})))
    };
    let first = make().await?.expect_status(202)?;
    let again = make().await?;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect_status(202)?["id"], first["id"]);
    Ok(())
}

async fn another_workspace_knows_none(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, ids) = waiting(&admin, 1).await?;
    let path = create(&admin, &json!({"action": "pause", "ids": ids})).await?;
    let workspace = unique("other");
    world.command(&["admin", "workspace", "add", &workspace])?;
    let other = world.somebody(&workspace, "owner").await?;
    other.get(&path).await?.expect_status(404)?;
    other.get(&format!("{path}/items")).await?.expect_status(404)?;
    other.put(&format!("{path}/actions/cancel"), &json!({})).await?.expect_status(404)?;
    let theirs = create(&other, &json!({"action": "terminate", "ids": ids})).await?;
    let done = when(&other, &theirs, "COMPLETED").await?;
    assert_eq!(done["refused"], 1, "{done}");
    assert_eq!(items(&other, &theirs, "").await?[0]["code"], "NOT_FOUND");
    let viewer = world.somebody(&workspace, "viewer").await?;
    viewer.post("/api/v1/batches", &json!({"action": "pause", "ids": ids})).await?.expect_status(403)?;
    viewer.get(&theirs).await?.expect_status(200)?;
    viewer.put(&format!("{theirs}/actions/cancel"), &json!({})).await?.expect_status(403)?;
    Ok(())
}
