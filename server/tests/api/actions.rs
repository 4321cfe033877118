//! `/api/v1/workflow-instances/{id}/actions/modify`, `/compensate`, `/terminate`: the marking by hand, and undoing.

use crate::support::{World, make, node_status, on_both, unique};
use anyhow::Result;
use heddle_testkit::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both!(
    the_marking_is_changed_by_hand, a_change_that_cannot_be_is_refused_whole, what_was_done_is_undone,
    a_termination_undoes_first_where_asked
);

/// A job, then another.
fn two_jobs(name: &str) -> Value {
    json!({
        "name": name,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "pick", "type": "task", "action": unique("nobodyDoesThis")},
            {"id": "pack", "type": "task", "action": unique("nobodyDoesThis"), "join": "any"},
            {"id": "end", "type": "end"}
        ],
        "edges": [{"from": "start", "to": "pick"}, {"from": "pick", "to": "pack"}, {"from": "pack", "to": "end"}]
    })
}

/// Booked and ready to be shipped; booking can be undone.
fn saga(name: &str) -> Value {
    json!({
        "name": name,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "book", "type": "transform", "config": {"value": 7}, "compensate": "refund"},
            {"id": "refund", "type": "task", "action": unique("nobodyDoesThis")},
            {"id": "ship", "type": "task", "action": unique("nobodyDoesThis")},
            {"id": "end", "type": "end"}
        ],
        "edges": [{"from": "start", "to": "book"}, {"from": "book", "to": "ship"}, {"from": "ship", "to": "end"}]
    })
}

async fn started(client: &Client, definition: &Value) -> Result<(Value, String)> {
    make(client, definition).await?;
    let instance = client.start(definition["name"].as_str().unwrap(), json!({"a": 1})).await?;
    let path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap());
    Ok((instance, path))
}

async fn the_marking_is_changed_by_hand(world: &World) -> Result<()> {
    let admin = world.admin();
    let (instance, path) = started(&admin, &two_jobs(&unique("modify"))).await?;
    let seq = instance["seq"].as_u64().unwrap();
    let body =
        json!({"changes": [{"move": {"from": "pick", "to": "pack"}}], "variables": {"a": 2}, "expected_seq": seq});
    let modify = format!("{path}/actions/modify");
    let dry = admin.put(&format!("{modify}?dry_run=true"), &body).await?.expect_status(200)?;
    let told = |name: &str| dry["preview"][name].clone();
    assert_eq!((told("runs"), told("cancels"), told("compensates")), (json!(["pack"]), json!(["pick"]), json!([])));
    assert_eq!(admin.get(&path).await?.expect_status(200)?["seq"], seq, "a dry run changes nothing");
    let moved = admin.put(&modify, &body).await?.expect_status(200)?;
    assert_eq!((node_status(&moved, "pick"), node_status(&moved, "pack")), ("CANCELLED".into(), "RUNNING".into()));
    assert_eq!((&moved["variables"]["a"], &moved["preview"]), (&json!(2), &Value::Null));
    let stale = admin.put(&modify, &body).await?.expect_status(409)?;
    assert_eq!((&stale["code"], &stale["expected_seq"]), (&json!("CONFLICT"), &json!(seq)));
    let events = admin.get(&format!("{path}/events?limit=200")).await?.expect_status(200)?;
    let types: BTreeSet<&str> =
        events["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(types.contains("command.modify"), "{types:?}");
    Ok(())
}

async fn a_change_that_cannot_be_is_refused_whole(world: &World) -> Result<()> {
    let admin = world.admin();
    let (instance, path) = started(&admin, &two_jobs(&unique("modify"))).await?;
    let modify = format!("{path}/actions/modify");
    for (body, status, code) in [
        (json!({}), 422, "INVALID_INPUT"),
        (json!({"changes": []}), 422, "INVALID_INPUT"),
        (json!({"changes": [{"jump": "pack"}]}), 422, "INVALID_INPUT"),
        (json!({"changes": [{"move": {"from": "pick"}}]}), 422, "INVALID_INPUT"),
        (json!({"changes": [{"start": "pack"}, {"cancel": "nowhere"}]}), 404, "NOT_FOUND"),
        (json!({"changes": [{"cancel": "pick"}]}), 409, "CONFLICT"),
        (json!({"changes": [{"cancel": "pack"}]}), 409, "CONFLICT"),
    ] {
        let problem = admin.put(&modify, &body).await?.expect_status(status)?;
        assert_eq!(problem["code"], code, "{body}: {problem}");
    }
    assert_eq!(admin.get(&path).await?.expect_status(200)?["seq"], instance["seq"], "nothing was changed");
    Ok(())
}

async fn what_was_done_is_undone(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, path) = started(&admin, &saga(&unique("saga"))).await?;
    let undo = format!("{path}/actions/compensate");
    let dry = admin.put(&format!("{undo}?dry_run=true"), &json!({})).await?.expect_status(200)?;
    let told = |name: &str| dry["preview"][name].clone();
    assert_eq!((told("runs"), told("cancels"), told("compensates")), (json!([]), json!(["ship"]), json!(["book"])));
    let undoing = admin.put(&undo, &json!({"reason": "顾客取消"})).await?.expect_status(200)?;
    assert_eq!((&undoing["status"], &undoing["phase"]), (&json!("RUNNING"), &json!("compensating")), "{undoing:#}");
    assert_eq!(admin.put(&undo, &json!({})).await?.expect_status(409)?["code"], "CONFLICT", "it is under way");
    let done = admin.post(&format!("{path}/tasks/refund/complete"), &json!({})).await?.expect_status(200)?;
    assert_eq!((&done["status"], &done["error"]["code"]), (&json!("FAILED"), &json!("COMPENSATED")), "{done:#}");
    assert_eq!(node_status(&done, "book"), "COMPENSATED");
    Ok(())
}

async fn a_termination_undoes_first_where_asked(world: &World) -> Result<()> {
    let admin = world.admin();
    let (_, path) = started(&admin, &saga(&unique("saga"))).await?;
    let end = format!("{path}/actions/terminate");
    let undoing = admin.put(&end, &json!({"compensate": true})).await?.expect_status(200)?;
    assert_eq!(undoing["phase"], "compensating", "{undoing:#}");
    let done = admin.post(&format!("{path}/tasks/refund/complete"), &json!({})).await?.expect_status(200)?;
    assert_eq!((&done["status"], node_status(&done, "book").as_str()), (&json!("TERMINATED"), "COMPENSATED"));
    // Where nothing can be undone it ends at once.
    let (_, path) = started(&admin, &two_jobs(&unique("modify"))).await?;
    let done = admin.put(&format!("{path}/actions/terminate"), &json!({"compensate": true})).await?;
    assert_eq!(done.expect_status(200)?["status"], "TERMINATED");
    Ok(())
}
