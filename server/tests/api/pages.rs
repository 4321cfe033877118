//! The pages as a program sees them: who is let in, the policy with its nonce, readable before any script has run.

use crate::support::{ADMIN, PASSWORD, World, make, on_both, one_step, unique};
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

on_both!(
    strangers_are_led_to_sign_in, pages_are_rendered_on_the_server, unknown_pages_are_404, server_functions_are_guarded
);

async fn session(world: &World) -> Result<String> {
    let answer =
        world.stranger().post("/api/v1/auth/session", &json!({"username": ADMIN, "password": PASSWORD})).await?;
    Ok(answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned())
}

async fn strangers_are_led_to_sign_in(world: &World) -> Result<()> {
    let client = world.stranger();
    let answer = client.get("/instances?status=RUNNING").await?;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, Some("/signin?next=%2Finstances%3Fstatus%3DRUNNING"))
    );
    assert_eq!(client.get("/signin").await?.status.as_u16(), 200);
    assert_eq!(client.get("/setup").await?.status.as_u16(), 404, "nothing to set up any more");
    Ok(())
}

async fn pages_are_rendered_on_the_server(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("页面");
    let made = make(&admin, &one_step(&name)).await?;
    let instance = admin
        .post("/api/v1/workflow-instances", &json!({"workflow": name, "wait_ms": 10_000}))
        .await?
        .expect_status(200)?;
    let (client, cookie) = (world.stranger(), session(world).await?);
    let paths = [
        format!("/workflows?q={name}"),
        format!("/workflows/{}", made["id"].as_str().unwrap()),
        format!("/instances/{}", instance["id"].as_str().unwrap()),
        "/instances".to_owned(),
    ];
    let mut nonces = std::collections::BTreeSet::new();
    for path in paths {
        for (language, tag) in [("en", "lang=\"en\""), ("zh", "lang=\"zh-CN\"")] {
            let request =
                client.request(Method::GET, &path).header("cookie", cookie.clone()).header("accept-language", language);
            let answer = client.send(request).await?;
            assert_eq!(answer.status.as_u16(), 200, "{path}");
            assert!(answer.text.contains(&name), "{path} is readable without script");
            assert!(answer.text.contains(tag), "{path}");
            let policy = answer.header("content-security-policy").unwrap();
            let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
            for script in answer.text.match_indices("<script").map(|(at, _)| &answer.text[at..]) {
                let tag = &script[..script.find('>').unwrap()];
                assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: {tag}");
            }
            assert!(nonces.insert(nonce), "{path}: a nonce is used once");
        }
    }
    Ok(())
}

async fn unknown_pages_are_404(world: &World) -> Result<()> {
    let client = world.stranger();
    let page = client.send(client.request(Method::GET, "/no/such/page").header("accept", "text/html")).await?;
    assert_eq!(page.status.as_u16(), 404);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(client.get("/no/such/page").await?.header("content-type"), Some("application/problem+json"));
    assert_eq!(client.get("/pkg/no-such-file.js").await?.status.as_u16(), 404);
    Ok(())
}

async fn server_functions_are_guarded(world: &World) -> Result<()> {
    let (client, cookie) = (world.stranger(), session(world).await?);
    client.send(client.request(Method::POST, "/app/list_workflows").form(&[("a", "b")])).await?.expect_status(401)?;
    let foreign = client
        .request(Method::POST, "/app/list_workflows")
        .header("cookie", cookie.clone())
        .header("sec-fetch-site", "cross-site")
        .form(&[("a", "b")]);
    client.send(foreign).await?.expect_status(403)?;
    let silent =
        client.request(Method::POST, "/app/list_workflows").header("cookie", cookie.clone()).form(&[("a", "b")]);
    client.send(silent).await?.expect_status(403)?;
    let by_get = client.request(Method::GET, "/app/sign_out").header("cookie", cookie);
    assert!(matches!(client.send(by_get).await?.status.as_u16(), 404 | 405));
    Ok(())
}
