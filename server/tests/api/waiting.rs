//! `/api/v1/workflow-instances/{id}/waiting`: why is this waiting?

use crate::support::{World, make, on_both, unique};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

on_both!(every_node_that_waits_says_why, the_answer_speaks_both_languages, pages_and_single_nodes);

async fn mixed(world: &World) -> Result<(Value, String)> {
    let admin = world.admin();
    let name = unique("waiting");
    let node = |id: &str, kind: &str, more: Value| {
        let mut node = json!({"id": id, "type": kind});
        node.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        node
    };
    let nodes = [
        node("start", "start", json!({})),
        node("job", "task", json!({"action": unique("nobodyDoesThis")})),
        node("ready", "transform", json!({"config": {"value": 1}})),
        node("merge", "transform", json!({"config": {"value": 1}})),
        node("nap", "timer", json!({"config": {"duration": "1h"}})),
        node("held", "transform", json!({"config": {"value": 1}, "guard": "${open}"})),
        node("first", "task", json!({"action": unique("nobodyDoesThis"), "mutex": "desk"})),
        node("second", "task", json!({"action": unique("nobodyDoesThis"), "mutex": "desk"})),
        node("letter", "message", json!({"config": {"name": "paid", "key": "${order}"}})),
        node(
            "many",
            "foreach",
            json!({"config": {"items": [], "open": true}, "body": {"nodes": [{"id": "inner", "type": "transform", "config": {"value": 1}}], "edges": []}}),
        ),
        node("bad", "transform", json!({"config": {"value": "${1 / zero}"}, "on_error": "incident"})),
        node("end", "end", json!({"join": "any"})),
    ];
    let mut edges: Vec<Value> = ["job", "ready", "nap", "held", "first", "second", "letter", "many", "bad"]
        .iter()
        .map(|to| json!({"from": "start", "to": to}))
        .collect();
    edges.extend([json!({"from": "job", "to": "merge"}), json!({"from": "ready", "to": "merge"})]);
    edges.extend(
        ["merge", "nap", "held", "first", "second", "letter", "many", "bad"]
            .iter()
            .map(|from| json!({"from": from, "to": "end"})),
    );
    make(&admin, &json!({"name": name, "nodes": nodes, "edges": edges})).await?;
    let instance = admin.start(&name, json!({"open": false, "order": "o-1", "zero": 0})).await?;
    let path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap());
    Ok((instance, path))
}

fn of<'a>(page: &'a Value, node: &str) -> &'a Value {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["node_id"] == node)
        .unwrap_or_else(|| panic!("{node}: {page:#}"))
}

fn word<'a>(page: &'a Value, node: &str) -> &'a str {
    of(page, node)["reasons"][0]["reason"].as_str().unwrap_or_else(|| panic!("{node}: {page:#}"))
}

async fn every_node_that_waits_says_why(world: &World) -> Result<()> {
    let admin = world.admin();
    let (instance, path) = mixed(world).await?;
    let page = admin.get(&format!("{path}/waiting?limit=200")).await?.expect_status(200)?;
    for (node, reason) in [
        ("job", "job"),
        ("merge", "join"),
        ("nap", "timer"),
        ("held", "guard"),
        ("first", "job"),
        ("second", "mutex"),
        ("letter", "message"),
        ("many", "open"),
        ("inner", "not_reached"),
        ("bad", "incident"),
        ("end", "not_reached"),
    ] {
        assert_eq!(word(&page, node), reason, "{node}");
        for text in ["message", "release"] {
            assert!(!of(&page, node)["reasons"][0][text].as_str().unwrap().is_empty(), "{node} {text}");
        }
    }
    let pending: Vec<&str> = instance["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| ["PENDING", "RUNNING"].contains(&node["status"].as_str().unwrap()))
        .map(|node| node["node_id"].as_str().unwrap())
        .collect();
    for node in pending {
        assert!(!of(&page, node)["reasons"].as_array().unwrap().is_empty(), "{node} has no reason");
    }
    let reason = |node: &str| of(&page, node)["reasons"][0].clone();
    assert_eq!((&reason("merge")["edge_ids"], &reason("merge")["node_ids"]), (&json!(["job->merge"]), &json!(["job"])));
    assert_eq!((&reason("letter")["name"], &reason("letter")["key"]), (&json!("paid"), &json!("o-1")));
    assert_eq!(reason("second")["node_instance_ids"], json!([of(&page, "first")["id"]]));
    assert!(reason("nap")["at"].as_str().unwrap().starts_with("20"));
    let incident = &instance["incidents"][0];
    assert_eq!(reason("bad")["incident_id"], incident["id"]);
    assert_eq!(reason("inner")["node_ids"], json!(["many"]));
    // Paused with its timers: what is left is told in place of a time.
    admin.put(&format!("{path}/actions/pause"), &json!({"timers": "freeze"})).await?.expect_status(200)?;
    let page = admin.get(&format!("{path}/waiting?limit=200")).await?.expect_status(200)?;
    let nap = &of(&page, "nap")["reasons"][0];
    assert!(nap["left_ms"].as_i64().unwrap() > 0 && nap["at"].is_null(), "{nap}");
    assert_eq!(word(&page, "held"), "paused");
    admin.put(&format!("{path}/actions/terminate"), &json!({})).await?.expect_status(200)?;
    assert_eq!(admin.get(&format!("{path}/waiting")).await?.expect_status(200)?["items"], json!([]));
    Ok(())
}

async fn the_answer_speaks_both_languages(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, path) = mixed(world).await?;
    let english = admin.get(&format!("{path}/waiting?limit=200")).await?.expect_status(200)?;
    let request = admin.request(Method::GET, &format!("{path}/waiting?limit=200")).header("accept-language", "zh");
    let chinese = admin.send(request).await?.expect_status(200)?;
    let is_chinese = |text: &Value| text.as_str().unwrap().chars().any(|c| c > '\u{2e80}');
    for row in chinese["items"].as_array().unwrap() {
        for reason in row["reasons"].as_array().unwrap() {
            assert!(is_chinese(&reason["message"]) && is_chinese(&reason["release"]), "{reason}");
        }
    }
    for row in english["items"].as_array().unwrap() {
        for reason in row["reasons"].as_array().unwrap() {
            assert!(!is_chinese(&reason["message"]) && !is_chinese(&reason["release"]), "{reason}");
        }
    }
    Ok(())
}

async fn pages_and_single_nodes(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, path) = mixed(world).await?;
    let whole = admin.get(&format!("{path}/waiting?limit=200")).await?.expect_status(200)?;
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{path}/waiting?limit=3{cursor}")).await?.expect_status(200)?;
        rows.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(Value::Array(rows), whole["items"]);
    let one = admin.get(&format!("{path}/waiting?node=held")).await?.expect_status(200)?;
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    assert_eq!(word(&one, "held"), "guard");
    admin.get(&format!("{path}/waiting?node=nowhere")).await?.expect_status(404)?;
    admin.get(&format!("{path}/waiting?limit=0")).await?.expect_status(422)?;
    Ok(())
}
