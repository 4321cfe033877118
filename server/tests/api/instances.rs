//! `/api/v1/workflow-instances`: starting and reading.

use crate::support::{World, make, node_status, on_both, one_job, one_step, unique};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

on_both!(
    a_start_that_waits_answers_with_the_end, inputs_are_checked_against_their_schema, a_batch_answers_each_start,
    lists_filter_by_what_the_docs_name, g2_events_are_numbered_without_gaps, business_keys_may_be_unique,
    chinese_names_and_variables_decide,
);

async fn a_start_that_waits_answers_with_the_end(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("wait");
    let made = make(&admin, &one_step(&name)).await?;
    let answer = admin
        .post("/api/v1/workflow-instances", &json!({"workflow": name, "input": {"a": 1}, "wait_ms": 10_000}))
        .await?;
    let location = answer.header("location").unwrap().to_owned();
    let ended = answer.expect_status(200)?;
    assert_eq!((ended["status"].as_str(), ended["progress"].as_f64()), (Some("COMPLETED"), Some(1.0)));
    assert_eq!((&ended["workflow_id"], &ended["version_id"]), (&made["id"], &made["version_id"]));
    let read = admin.get(&location).await?;
    assert_eq!(read.header("etag"), Some(format!("\"{}\"", ended["seq"]).as_str()));
    assert_eq!(read.expect_status(200)?, ended);
    let by_id = json!({"workflow_id": made["id"], "version": 1});
    admin.post("/api/v1/workflow-instances", &by_id).await?.expect_status(202)?;
    for wrong in [json!({"workflow": name, "workflow_id": made["id"]}), json!({"workflow": name, "priority": 10})] {
        admin.post("/api/v1/workflow-instances", &wrong).await?.expect_status(422)?;
    }
    for missing in
        [json!({"workflow": "no such name"}), json!({"workflow": name, "version": 9}), json!({"workflow_id": "wf_x"})]
    {
        admin.post("/api/v1/workflow-instances", &missing).await?.expect_status(404)?;
    }
    Ok(())
}

async fn inputs_are_checked_against_their_schema(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("schema");
    let mut definition = one_step(&name);
    definition["inputs"] = json!({"type": "object", "required": ["金额"], "properties": {"金额": {"type": "number", "minimum": 0}, "code": {"type": "string", "pattern": "^[A-Z]+$"}}});
    make(&admin, &definition).await?;
    let wrong = json!({"workflow": name, "input": {"金额": -1, "code": "x"}});
    for (language, least, pattern) in [
        ("en", "Must be at least 0.", "Must match the pattern `^[A-Z]+$`."),
        ("zh-CN,zh;q=0.9", "不能小于 0。", "必须符合模式 `^[A-Z]+$`。"),
    ] {
        let request =
            admin.request(Method::POST, "/api/v1/workflow-instances").header("accept-language", language).json(&wrong);
        let problem = admin.send(request).await?.expect_status(422)?;
        let mut found: Vec<(&str, &str)> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["message"].as_str().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [("/input/code", pattern), ("/input/金额", least)], "{problem}");
    }
    admin.post("/api/v1/workflow-instances", &json!({"workflow": name})).await?.expect_status(422)?;
    admin
        .post("/api/v1/workflow-instances", &json!({"workflow": name, "input": {"金额": 1}}))
        .await?
        .expect_status(202)?;
    Ok(())
}

async fn a_batch_answers_each_start(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("batch");
    make(&admin, &one_step(&name)).await?;
    let mut items: Vec<Value> = (0..100).map(|n| json!({"workflow": name, "input": {"n": n}})).collect();
    items[7] = json!({"workflow": "no such name"});
    let answer = admin.post("/api/v1/workflow-instances/batch", &json!({"items": items})).await?.expect_status(202)?;
    let answers = answer["items"].as_array().unwrap();
    assert_eq!(answers.len(), 100);
    for (n, item) in answers.iter().enumerate() {
        if n == 7 {
            assert_eq!((item["problem"]["code"].as_str(), item.get("id")), (Some("NOT_FOUND"), None));
        } else {
            assert!(item["id"].as_str().unwrap().starts_with("wi_"), "{item}");
        }
    }
    let bare =
        admin.post("/api/v1/workflow-instances/batch", &json!([{"workflow": name}])).await?.expect_status(202)?;
    assert_eq!(bare["items"].as_array().unwrap().len(), 1);
    let many: Vec<Value> = (0..1001).map(|_| json!({"workflow": name})).collect();
    admin.post("/api/v1/workflow-instances/batch", &json!({"items": many})).await?.expect_status(422)?;
    admin.post("/api/v1/workflow-instances/batch", &json!({"items": []})).await?.expect_status(422)?;
    Ok(())
}

async fn lists_filter_by_what_the_docs_name(world: &World) -> Result<()> {
    let workspace = unique("filter");
    world.command(&["admin", "workspace", "add", &workspace])?;
    let client = world.somebody(&workspace, "developer").await?;
    let mut waiting = one_job("等待", "nobodyDoesThis");
    waiting["settings"] = json!({"search": ["region"]});
    let made = make(&client, &waiting).await?;
    make(&client, &one_step("quick")).await?;
    for n in 0..3 {
        let body = json!({"workflow": "等待", "input": {"region": if n == 0 { "north" } else { "south" }}, "business_key": format!("order-{n}")});
        client.post("/api/v1/workflow-instances", &body).await?.expect_status(202)?;
    }
    client
        .post("/api/v1/workflow-instances", &json!({"workflow": "quick", "wait_ms": 10_000}))
        .await?
        .expect_status(200)?;
    let id = made["id"].as_str().unwrap();
    let counted = [
        ("", 4),
        ("status=RUNNING", 3),
        ("status=COMPLETED,running", 4),
        ("status=FAILED", 0),
        ("workflow=%E7%AD%89%E5%BE%85", 3),
        ("workflow=unknown", 0),
        ("business_key=order-1", 1),
        ("q=order-", 3),
        ("incident=true", 0),
        ("node=%E5%B7%A5%E4%BD%9C", 3),
        ("started_after=2020-01-01T00:00:00Z", 4),
        ("started_before=2020-01-01T00:00:00Z", 0),
        ("workflow=%E7%AD%89%E5%BE%85&var.region=south", 2),
        ("version=1", 4),
        ("version=2", 0),
    ];
    for (query, count) in counted {
        let page = client.get(&format!("/api/v1/workflow-instances?{query}")).await?.expect_status(200)?;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}: {page:#}");
    }
    client.get(&format!("/api/v1/workflow-instances?workflow={id}&var.colour=red")).await?.expect_status(422)?;
    let first = client.get("/api/v1/workflow-instances?limit=3").await?.expect_status(200)?;
    let rest = client
        .get(&format!("/api/v1/workflow-instances?limit=3&cursor={}", first["next_cursor"].as_str().unwrap()))
        .await?
        .expect_status(200)?;
    assert_eq!(
        (first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len(), &rest["next_cursor"]),
        (3, 1, &Value::Null)
    );
    assert_eq!(first["items"][0]["workflow"], "quick", "the newest first");
    let stats = client.get("/api/v1/stats/workflows").await?.expect_status(200)?;
    let row = stats["items"].as_array().unwrap().iter().find(|row| row["workflow"] == "等待").unwrap();
    assert_eq!((row["running"].as_u64(), row["completed"].as_u64()), (Some(3), Some(0)));
    client.get("/api/v1/stats/nodes").await?.expect_status(200)?;
    Ok(())
}

async fn g2_events_are_numbered_without_gaps(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("events");
    make(&admin, &one_step(&name)).await?;
    let ended = admin
        .post("/api/v1/workflow-instances", &json!({"workflow": name, "wait_ms": 10_000}))
        .await?
        .expect_status(200)?;
    let path = format!("/api/v1/workflow-instances/{}", ended["id"].as_str().unwrap());
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page = admin.get(&format!("{path}/events?limit=3&after={after}")).await?.expect_status(200)?;
        events.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => after = next.parse()?,
            None => break,
        }
    }
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=ended["seq"].as_u64().unwrap()).collect::<Vec<_>>());
    assert_eq!(
        (events[0]["type"].as_str(), events.last().unwrap()["type"].as_str()),
        (Some("instance.created"), Some("instance.completed"))
    );
    let completed =
        events.iter().filter(|event| event["type"] == "node.completed" && event["node_id"] == "say").count();
    assert_eq!(completed, 1);
    let nodes = admin.get(&format!("{path}/nodes")).await?.expect_status(200)?;
    assert_eq!(nodes["items"].as_array().unwrap().len(), 3);
    admin
        .get(&format!("/api/v1/logs/workflow-instances/{}", ended["id"].as_str().unwrap()))
        .await?
        .expect_status(200)?;
    Ok(())
}

async fn business_keys_may_be_unique(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("keys");
    make(&admin, &one_job(&name, "nobodyDoesThis")).await?;
    let body = json!({"workflow": name, "business_key": "订单 7", "unique_business_key": true});
    admin.post("/api/v1/workflow-instances", &body).await?.expect_status(202)?;
    assert_eq!(
        admin.post("/api/v1/workflow-instances", &body).await?.expect_status(409)?["code"],
        "BUSINESS_KEY_TAKEN"
    );
    let batch = admin.post("/api/v1/workflow-instances/batch", &json!([body])).await?.expect_status(202)?;
    assert_eq!(batch["items"][0]["problem"]["code"], "BUSINESS_KEY_TAKEN");
    Ok(())
}

async fn chinese_names_and_variables_decide(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("金额判断");
    let definition = json!({
        "name": name,
        "nodes": [{"id": "开始", "type": "start"}, {"id": "判断", "type": "decision"}, {"id": "大额", "type": "task"}, {"id": "小额", "type": "task"}, {"id": "结束", "type": "end"}],
        "edges": [
            {"from": "开始", "to": "判断"}, {"from": "判断", "to": "大额", "condition": "${金额 > 1000}"}, {"from": "判断", "to": "小额", "default": true},
            {"from": "大额", "to": "结束"}, {"from": "小额", "to": "结束"}
        ]
    });
    make(&admin, &definition).await?;
    for (amount, taken, skipped) in [(2000, "大额", "小额"), (10, "小额", "大额")] {
        let ended = admin
            .post(
                "/api/v1/workflow-instances",
                &json!({"workflow": name, "input": {"金额": amount}, "wait_ms": 10_000}),
            )
            .await?
            .expect_status(200)?;
        assert_eq!(
            (node_status(&ended, taken).as_str(), node_status(&ended, skipped).as_str()),
            ("COMPLETED", "SKIPPED")
        );
    }
    Ok(())
}
