//! Errors: always a problem document, in the caller's language, with nothing of our insides; who asks is decided first.

use crate::support::{World, on_both, one_step, unique};
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

on_both!(
    strangers_are_told_to_sign_in_before_anything_else,
    every_refusal_is_a_problem_document,
    chinese_is_answered_in_chinese,
    headers_are_on_every_answer
);

async fn strangers_are_told_to_sign_in_before_anything_else(world: &World) -> Result<()> {
    let stranger = world.stranger();
    let requests = [
        stranger.request(Method::POST, "/api/v1/workflows"),
        stranger.request(Method::POST, "/api/v1/workflows").header("content-type", "image/png").body("x"),
        stranger.request(Method::POST, "/api/v1/workflows").json(&json!({"nonsense": 1})),
        stranger.request(Method::POST, "/api/v1/workflows").header("sec-fetch-site", "cross-site").json(&json!({})),
        stranger.request(Method::PUT, "/api/v1/workflows/malformed").json(&json!({})),
        stranger.request(Method::GET, "/api/v1/workflow-instances/malformed"),
        stranger.request(Method::POST, "/api/v1/jobs/activate").body("{"),
        stranger.request(Method::POST, "/api/v1/workflow-instances").body(" ".repeat(2_000_000)),
    ];
    for request in requests {
        let shown = format!("{request:?}");
        let problem = stranger.send(request).await?.expect_status(401)?;
        assert_eq!(problem["code"], "UNAUTHENTICATED", "{shown}");
    }
    Ok(())
}

async fn every_refusal_is_a_problem_document(world: &World) -> Result<()> {
    let admin = world.admin();
    let cases = [
        (admin.request(Method::GET, "/api/v1/nothing-here"), 404, "NOT_FOUND"),
        (admin.request(Method::DELETE, "/api/v1/me"), 405, "METHOD_NOT_ALLOWED"),
        (
            admin.request(Method::POST, "/api/v1/workflows").header("content-type", "image/png").body("x"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (admin.request(Method::GET, "/api/v1/workflows/not-an-id"), 404, "MALFORMED_ID"),
        (admin.request(Method::GET, "/api/v1/workflows/wf_00000000000000000000000000"), 404, "NOT_FOUND"),
        (admin.request(Method::GET, "/api/v1/workflow-instances/wf_00000000000000000000000000"), 404, "MALFORMED_ID"),
        (
            admin
                .request(Method::POST, "/api/v1/workflow-instances")
                .header("content-type", "application/json")
                .body("{"),
            400,
            "MALFORMED_BODY",
        ),
        (admin.request(Method::POST, "/api/v1/workflow-instances").json(&json!({"inptu": {}})), 422, "INVALID_INPUT"),
        (admin.request(Method::POST, "/api/v1/workflow-instances").json(&json!({})), 422, "INVALID_INPUT"),
        (admin.request(Method::GET, "/api/v1/workflows?limit=0"), 422, "INVALID_INPUT"),
        (admin.request(Method::GET, "/api/v1/workflows?limit=x"), 422, "INVALID_INPUT"),
        (admin.request(Method::GET, "/api/v1/workflows?sort=drop"), 422, "INVALID_INPUT"),
        (admin.request(Method::GET, "/api/v1/workflows?cursor=x"), 422, "INVALID_INPUT"),
        (admin.request(Method::GET, "/api/v1/workflow-instances?status=NONSENSE"), 422, "INVALID_INPUT"),
        (
            admin.request(Method::PUT, "/api/v1/workflow-instances/wi_00000000000000000000000000/actions/dance"),
            404,
            "NOT_FOUND",
        ),
    ];
    for (request, status, code) in cases {
        let shown = format!("{request:?}");
        let answer = admin.send(request).await?;
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
        let problem = answer.expect_status(status)?;
        assert_eq!(problem["code"], code, "{shown}: {problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["instance"].as_str().unwrap().starts_with("req_"));
        for member in ["type", "title", "detail"] {
            assert!(!problem[member].as_str().unwrap().is_empty(), "{member}");
        }
        let page = admin.get(problem["type"].as_str().unwrap()).await?;
        assert_eq!(page.status.as_u16(), 200, "the error's page");
    }
    Ok(())
}

async fn chinese_is_answered_in_chinese(world: &World) -> Result<()> {
    let admin = world.admin();
    let request = admin.request(Method::GET, "/api/v1/nothing").header("accept-language", "zh-CN,zh;q=0.9,en;q=0.8");
    let problem = admin.send(request).await?.expect_status(404)?;
    assert_eq!(problem["title"], "未找到");
    let request = admin
        .request(Method::POST, "/api/v1/workflows/validate")
        .header("accept-language", "zh")
        .json(&json!({"name": "x"}));
    let found = admin.send(request).await?.expect_status(200)?;
    assert_eq!(found["valid"], false);
    assert!(found["diagnostics"][0]["message"].as_str().unwrap().chars().any(|c| c > '\u{2e80}'), "{found}");
    Ok(())
}

async fn headers_are_on_every_answer(world: &World) -> Result<()> {
    let admin = world.admin();
    admin.post("/api/v1/workflows", &one_step(&unique("headers"))).await?.expect_status(201)?;
    for path in [
        "/api/v1/workflows", "/api/v1/nothing", "/healthz", "/signin", "/api/openapi.json", "/docs/errors/NOT_FOUND",
        "/no/such/page",
    ] {
        let answer = admin.get(path).await?;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
        assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req_")), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && !policy.contains("script-src 'unsafe"),
            "{path}: {policy}"
        );
    }
    Ok(())
}
