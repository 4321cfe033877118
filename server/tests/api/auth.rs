//! `/api/v1/auth`, `/api/v1/me`.

use crate::support::{ADMIN, PASSWORD, World, on_both};
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

on_both!(
    me_tells_who_and_what,
    sessions_begin_and_end,
    wrong_passwords_look_like_wrong_names,
    credentials_are_read_from_the_header_only
);

async fn me_tells_who_and_what(world: &World) -> Result<()> {
    let me = world.admin().get("/api/v1/me").await?.expect_status(200)?;
    assert_eq!(
        (me["username"].as_str(), me["role"].as_str(), me["workspace"]["name"].as_str()),
        (Some(ADMIN), Some("owner"), Some("default"))
    );
    assert!(me["permissions"].as_array().unwrap().contains(&json!("workflow:create")));
    world.stranger().get("/api/v1/me").await?.expect_status(401)?;
    Ok(())
}

async fn sessions_begin_and_end(world: &World) -> Result<()> {
    let client = world.stranger();
    let answer = client.post("/api/v1/auth/session", &json!({"username": ADMIN, "password": PASSWORD})).await?;
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    answer.expect_status(200)?;
    for part in ["heddle-sid=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().unwrap().to_owned();
    let with_cookie = |method: Method, path: &str| client.request(method, path).header("cookie", pair.clone());
    client.send(with_cookie(Method::GET, "/api/v1/me")).await?.expect_status(200)?;

    // A change needs the browser's word that it comes from our own page.
    let own = client.request(Method::POST, "/x").build()?.url().origin().ascii_serialization();
    let attempts = [
        (Some(("sec-fetch-site", "cross-site".to_owned())), 403),
        (Some(("sec-fetch-site", "same-site".to_owned())), 403),
        (Some(("origin", "http://evil.example".to_owned())), 403),
        (Some(("origin", "null".to_owned())), 403),
        (None, 403),
        (Some(("origin", own)), 415),
        (Some(("sec-fetch-site", "same-origin".to_owned())), 415),
    ];
    for (header, status) in attempts {
        let mut request = with_cookie(Method::POST, "/api/v1/workflows");
        if let Some((name, value)) = &header {
            request = request.header(*name, value);
        }
        let answer = client.send(request).await?;
        assert_eq!(answer.status.as_u16(), status, "{header:?}: {}", answer.text);
    }

    let out = with_cookie(Method::DELETE, "/api/v1/auth/session").header("sec-fetch-site", "same-origin");
    client.send(out).await?.expect_status(204)?;
    let after = client.send(with_cookie(Method::GET, "/api/v1/me")).await?;
    assert_eq!(after.expect_status(401)?["code"], "SESSION_EXPIRED");
    Ok(())
}

async fn wrong_passwords_look_like_wrong_names(world: &World) -> Result<()> {
    let client = world.stranger();
    let mut answers = Vec::new();
    for (user, password) in [(ADMIN, "not the password"), ("nobody-of-this-name", "not the password")] {
        let form = [("grant_type", "password"), ("username", user), ("password", password)];
        let mut problem =
            client.send(client.request(Method::POST, "/api/v1/auth/token").form(&form)).await?.expect_status(401)?;
        problem.as_object_mut().unwrap().remove("instance");
        answers.push(problem);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(
        (answers[0]["code"].as_str(), answers[0]["error"].as_str()),
        (Some("INVALID_CREDENTIALS"), Some("invalid_grant"))
    );
    let form = [("grant_type", "client_credentials"), ("username", ADMIN), ("password", PASSWORD)];
    client.send(client.request(Method::POST, "/api/v1/auth/token").form(&form)).await?.expect_status(422)?;
    Ok(())
}

async fn credentials_are_read_from_the_header_only(world: &World) -> Result<()> {
    let stranger = world.stranger();
    stranger.get("/api/v1/me?access_token=x").await?.expect_status(401)?;
    stranger.with_token("x.y.z").get("/api/v1/me").await?.expect_status(401)?;
    let basic = stranger.request(Method::GET, "/api/v1/me").basic_auth(ADMIN, Some(PASSWORD));
    stranger.send(basic).await?.expect_status(401)?;
    Ok(())
}

/// Guessing is slowed down for one account, and for its right password too; others go on.
#[tokio::test]
async fn guessing_is_slowed_down() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let process = crate::support::fresh(&dir)?.admin(ADMIN, PASSWORD).start().await?;
    let client = process.client()?;
    let mut statuses = Vec::new();
    for _ in 0..7 {
        let form = [("grant_type", "password"), ("username", ADMIN), ("password", "guess")];
        statuses.push(client.send(client.request(Method::POST, "/api/v1/auth/token").form(&form)).await?);
    }
    assert!(statuses[..5].iter().all(|answer| answer.status.as_u16() == 401));
    let last = statuses.pop().unwrap();
    assert!(last.header("retry-after").unwrap().parse::<u64>()? >= 1);
    assert_eq!(last.expect_status(429)?["code"], "TOO_MANY_REQUESTS");
    let form = [("grant_type", "password"), ("username", ADMIN), ("password", PASSWORD)];
    client.send(client.request(Method::POST, "/api/v1/auth/token").form(&form)).await?.expect_status(429)?;
    Ok(())
}
