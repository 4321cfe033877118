//! `/api/v1/workflow-instances/{id}/foreach/{node}/items`, `/close`, `/complete`, `/cancel`.

use crate::support::{World, make, node_status, on_both, unique};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

on_both!(items_join_until_it_is_closed, it_is_ended_and_withdrawn_by_hand, a_key_adds_once);

async fn open(world: &World) -> Result<(String, String)> {
    let admin = world.admin();
    let name = unique("foreach");
    let definition = json!({
        "name": name,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "每项", "type": "foreach", "config": {"items": "${input.list}", "open": true, "collect": "${item}"},
             "body": {"nodes": [{"id": "work", "type": "transform", "config": {"value": "${item}"}}], "edges": []}},
            {"id": "beside", "type": "task", "action": unique("nobodyDoesThis")},
            {"id": "end", "type": "end"}
        ],
        "edges": [{"from": "start", "to": "每项"}, {"from": "start", "to": "beside"}, {"from": "每项", "to": "end"}, {"from": "beside", "to": "end"}]
    });
    make(&admin, &definition).await?;
    let instance = admin.start(&name, json!({"list": [1]})).await?;
    let path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap());
    let node = instance["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == "每项").unwrap();
    let foreach = format!("{path}/foreach/{}", node["id"].as_str().unwrap());
    Ok((path, foreach))
}

fn output(instance: &Value) -> Value {
    let nodes = instance["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["node_id"] == "每项").unwrap()["output"].clone()
}

async fn items_join_until_it_is_closed(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, foreach) = open(world).await?;
    let items = format!("{foreach}/items");
    admin.post(&items, &json!({"items": [2, {"三": 3}]})).await?.expect_status(200)?;
    assert_eq!(admin.post(&items, &json!({"items": []})).await?.expect_status(422)?["code"], "INVALID_INPUT");
    assert_eq!(admin.post(&items, &json!({"item": 1})).await?.expect_status(422)?["code"], "INVALID_INPUT");
    let closed = admin.post(&format!("{foreach}/close"), &json!({})).await?.expect_status(200)?;
    assert_eq!(node_status(&closed, "每项"), "COMPLETED");
    assert_eq!(output(&closed), json!([1, 2, {"三": 3}]));
    assert!(matches!(admin.post(&items, &json!({"items": [4]})).await?.status.as_u16(), 404 | 409), "it has ended");
    Ok(())
}

async fn it_is_ended_and_withdrawn_by_hand(world: &World) -> Result<()> {
    let admin = world.admin();
    let (path, foreach) = open(world).await?;
    let ended = admin.post(&format!("{foreach}/complete"), &json!({})).await?.expect_status(200)?;
    assert_eq!((node_status(&ended, "每项").as_str(), output(&ended)), ("COMPLETED", json!([1])));
    let wrong = admin.post(&format!("{path}/foreach/beside/cancel"), &json!({})).await?.expect_status(409)?;
    assert_eq!(wrong["code"], "CONFLICT", "only a for-each is withdrawn here: {wrong}");
    let (_, foreach) = open(world).await?;
    let gone = admin.post(&format!("{foreach}/cancel"), &json!({})).await?.expect_status(200)?;
    assert_eq!((node_status(&gone, "每项").as_str(), node_status(&gone, "end").as_str()), ("CANCELLED", "PENDING"));
    let (path, _) = open(world).await?;
    admin.post(&format!("{path}/foreach/nowhere/items"), &json!({"items": [1]})).await?.expect_status(404)?;
    Ok(())
}

async fn a_key_adds_once(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, foreach) = open(world).await?;
    let add = || {
        let request = admin.request(Method::POST, &format!("{foreach}/items")).header("idempotency-key", "add");
        admin.send(request.json(&json!({"items": [2]})))
    };
    add().await?.expect_status(200)?;
    let again = add().await?;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let closed = admin.post(&format!("{foreach}/close"), &json!({})).await?.expect_status(200)?;
    assert_eq!(output(&closed), json!([1, 2]));
    Ok(())
}
