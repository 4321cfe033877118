//! The first run: one link, once, for the holder of its token.

use crate::support::{PASSWORD, fresh};
use anyhow::{Context, Result};
use heddle_testkit::{HeddleProcess, until};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

/// The token of the link that the server printed.
async fn token(process: &HeddleProcess) -> Result<String> {
    until("the set-up link", Duration::from_secs(10), || {
        let log = process.log();
        let token =
            log.split("/setup?token=").nth(1).and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
        async move { token }
    })
    .await
}

#[tokio::test]
async fn the_link_makes_one_administrator() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let process = fresh(&dir)?.start().await?;
    let client = process.client()?;
    assert!(process.log().contains("schema brought up to date"), "{}", process.log());
    assert!(!process.log().contains("sea_orm_migration"), "a start tells what matters: {}", process.log());
    assert_eq!(client.get("/api/v1/setup").await?.expect_status(200)?, json!({"needed": true}));
    let page = client.send(client.request(Method::GET, "/workflows").header("accept", "text/html")).await?;
    assert_eq!((page.status.as_u16(), page.header("location")), (303, Some("/setup")));
    let token = token(&process).await?;
    let body = |token: &str, password: &str| json!({"token": token, "username": "管理员", "password": password});
    assert_eq!(
        client.post("/api/v1/setup", &body("wrong", PASSWORD)).await?.expect_status(403)?["code"],
        "SETUP_TOKEN_INVALID"
    );
    assert_eq!(
        client.post("/api/v1/setup", &body(&token, "short")).await?.expect_status(422)?["code"],
        "WEAK_PASSWORD"
    );
    let made = client.post("/api/v1/setup", &body(&token, PASSWORD)).await?;
    let cookie = made.header("set-cookie").context("a session")?.split(';').next().unwrap_or_default().to_owned();
    assert_eq!(made.expect_status(201)?["role"], "owner");
    let me =
        client.send(client.request(Method::GET, "/api/v1/me").header("cookie", cookie)).await?.expect_status(200)?;
    assert_eq!(me["username"], "管理员");
    client.post("/api/v1/setup", &body(&token, PASSWORD)).await?.expect_status(404)?;
    assert_eq!(client.get("/api/v1/setup").await?.expect_status(200)?, json!({"needed": false}));
    assert!(!process.log().contains(PASSWORD));

    let plan = process.terminate(Duration::from_secs(15)).await?;
    let process = plan.start().await?;
    assert!(process.client()?.sign_in("管理员", PASSWORD).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn tokens_outlive_a_restart_and_a_new_link_ends_the_old() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let process = fresh(&dir)?.start().await?;
    let old = token(&process).await?;
    let process = process.terminate(Duration::from_secs(15)).await?.start().await?;
    let client = process.client()?;
    let body = json!({"token": old, "username": "a", "password": PASSWORD});
    client.post("/api/v1/setup", &body).await?.expect_status(403)?;
    let new = token(&process).await?;
    client
        .post("/api/v1/setup", &json!({"token": new, "username": "a", "password": PASSWORD}))
        .await?
        .expect_status(201)?;
    let signed_in = client.sign_in("a", PASSWORD).await?;
    let process = process.kill()?.start().await?;
    drop(process.client()?);
    signed_in.get("/api/v1/me").await?.expect_status(200)?;
    Ok(())
}

#[tokio::test]
async fn plain_http_on_an_open_address_is_refused() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let output = fresh(&dir)?.command(&["serve"]).env("HEDDLE_LISTEN", "0.0.0.0:0").output()?;
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("HEDDLE_TRUSTED_PROXIES"));
    Ok(())
}

#[tokio::test]
async fn accounts_are_made_at_the_command_line() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let plan = fresh(&dir)?;
    let run = |arguments: &[&str]| plan.command(arguments).output();
    assert!(run(&["migrate"])?.status.success());
    assert!(run(&["admin", "workspace", "add", "研发"])?.status.success());
    assert!(!run(&["admin", "workspace", "add", "研发"])?.status.success(), "taken");
    let output = run(&["admin", "user", "add", "林", "--workspace", "研发", "--role", "operator"])?;
    let shown = String::from_utf8(output.stdout)?;
    let drawn = shown.lines().find_map(|line| line.strip_prefix("password ")).context("a drawn password")?.to_owned();
    assert!(!run(&["admin", "user", "add", "x", "--workspace", "研发", "--role", "root"])?.status.success());
    assert!(!run(&["admin", "user", "add", "x", "--workspace", "nowhere", "--role", "viewer"])?.status.success());
    let process = plan.clone().start().await?;
    let client = process.client()?.sign_in("林", &drawn).await?;
    assert_eq!(client.get("/api/v1/me").await?.expect_status(200)?["role"], "operator");
    let output = plan.command(&["verify"]).output()?;
    let shown = String::from_utf8(output.stdout)?;
    assert!(output.status.success() && shown.contains("problems 0"), "{shown}");
    Ok(())
}
