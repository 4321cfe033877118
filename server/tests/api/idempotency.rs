//! `Idempotency-Key`: repeating a request is safe.

use crate::support::{World, make, on_both, one_job, one_step, unique};
use anyhow::Result;
use heddle_testkit::{Client, Reply};
use reqwest::Method;
use serde_json::{Value, json};

on_both!(
    g8_starts_are_repeated_safely, other_posts_are_repeated_safely, g8_many_at_once_make_one,
    batches_at_once_under_one_key_start_once
);

async fn post(client: &Client, path: &str, key: &str, body: &Value) -> Result<Reply> {
    client.send(client.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

async fn g8_starts_are_repeated_safely(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("idem");
    make(&admin, &one_job(&name, &unique("nobodyDoesThis"))).await?;
    let (path, key, body) = ("/api/v1/workflow-instances", unique("key"), json!({"workflow": name, "input": {"a": 1}}));
    let first = post(&admin, path, &key, &body).await?.expect_status(202)?;
    let again = post(&admin, path, &key, &body).await?.expect_status(202)?;
    assert_eq!(first, again);
    let other = post(&admin, path, &key, &json!({"workflow": name, "input": {"a": 2}})).await?;
    assert_eq!(other.expect_status(422)?["code"], "IDEMPOTENCY_KEY_REUSED");
    let somebody = world.somebody("default", "developer").await?;
    let theirs = post(&somebody, path, &key, &body).await?.expect_status(202)?;
    assert_ne!(theirs["id"], first["id"], "keys of different people never meet");
    Ok(())
}

async fn other_posts_are_repeated_safely(world: &World) -> Result<()> {
    let admin = world.admin();
    let (key, definition) = (unique("key"), one_step(&unique("idem")));
    let first = post(&admin, "/api/v1/workflows", &key, &definition).await?;
    let location = first.header("location").map(str::to_owned);
    let first = first.expect_status(201)?;
    let again = post(&admin, "/api/v1/workflows", &key, &definition).await?;
    assert_eq!(
        (again.header("idempotency-replayed"), again.header("location").map(str::to_owned)),
        (Some("true"), location)
    );
    assert_eq!(again.expect_status(201)?, first);
    assert_eq!(
        post(&admin, "/api/v1/workflows", &key, &one_step("other")).await?.expect_status(422)?["code"],
        "IDEMPOTENCY_KEY_REUSED"
    );
    // A refusal is an answer too.
    let key = unique("key");
    let taken = post(&admin, "/api/v1/workflows", &key, &definition).await?.expect_status(409)?;
    assert_eq!(post(&admin, "/api/v1/workflows", &key, &definition).await?.expect_status(409)?, taken);
    Ok(())
}

async fn g8_many_at_once_make_one(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("idem");
    make(&admin, &one_job(&name, &unique("nobodyDoesThis"))).await?;
    let (key, body) = (unique("key"), json!({"workflow": name}));
    let calls = (0..50).map(|_| post(&admin, "/api/v1/workflow-instances", &key, &body));
    let mut ids = std::collections::BTreeSet::new();
    for reply in futures::future::join_all(calls).await {
        ids.insert(reply?.expect_status(202)?["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 1);
    let list = admin.get(&format!("/api/v1/workflow-instances?workflow={name}")).await?.expect_status(200)?;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    Ok(())
}

async fn batches_at_once_under_one_key_start_once(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("idem");
    make(&admin, &one_job(&name, &unique("nobodyDoesThis"))).await?;
    let (path, key) = ("/api/v1/workflow-instances/batch", unique("key"));
    let start = |n: usize| json!({"workflow": name, "input": {"n": n}, "business_key": format!("b{n}"), "unique_business_key": true});
    let mut items: Vec<Value> = (0..20).map(start).collect();
    items.push(json!({"workflow": "there is none"}));
    let body = json!({"items": items});
    let calls = (0..8).map(|_| post(&admin, path, &key, &body));
    let mut answers = std::collections::BTreeSet::new();
    for reply in futures::future::join_all(calls).await {
        let answer = reply?.expect_status(202)?;
        let of = |item: &Value| item["id"].as_str().or(item["problem"]["code"].as_str()).unwrap().to_owned();
        answers.insert(answer["items"].as_array().unwrap().iter().map(of).collect::<Vec<_>>());
    }
    assert_eq!(answers.len(), 1, "all are answered alike: {answers:?}");
    assert_eq!(answers.first().unwrap()[20], "NOT_FOUND");
    let list = admin.get(&format!("/api/v1/workflow-instances?workflow={name}&limit=200")).await?.expect_status(200)?;
    assert_eq!(list["items"].as_array().unwrap().len(), 20);
    let other = post(&admin, path, &key, &json!({"items": [start(99)]})).await?;
    assert_eq!(other.expect_status(422)?["code"], "IDEMPOTENCY_KEY_REUSED");
    Ok(())
}
