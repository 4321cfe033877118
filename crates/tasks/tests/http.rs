//! The `http` task against a real server on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use heddle_engine::tasks::{ErrorClass, Task, TaskError, TaskOutput, TaskType};
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::value::{Value, json};
use heddle_tasks::http::{HTTP_CONNECTION, HTTP_TOO_LARGE, Http, HttpConfig};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

async fn mirror(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap()))).collect();
    let mut response = Json(json!({ "method": method.as_str(), "uri": uri.to_string(), "headers": headers, "body": String::from_utf8_lossy(&body) })).into_response();
    response.headers_mut().append("x-twice", "a".parse().unwrap());
    response.headers_mut().append("x-twice", "b".parse().unwrap());
    response
}

async fn serve() -> (Http, String) {
    let app = Router::new()
        .route("/mirror", any(mirror))
        .route("/text", get(|| async { "纯文本" }))
        .route("/bytes", get(|| async { ([(header::CONTENT_TYPE, "application/octet-stream")], vec![0xffu8, 0, 1]) }))
        .route("/nothing", get(|| async { StatusCode::NO_CONTENT }))
        .route("/broken-json", get(|| async { ([(header::CONTENT_TYPE, "application/json")], "{oops") }))
        .route(
            "/busy",
            get(|| async {
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "7")], Json(json!({"why": "busy"})))
            }),
        )
        .route("/missing", get(|| async { (StatusCode::NOT_FOUND, "x".repeat(100_000)) }))
        .route(
            "/redirect",
            get(|| async { (StatusCode::FOUND, [(header::LOCATION, "http://169.254.169.254/latest/meta-data/")]) }),
        )
        .route("/large", get(|| async { "x".repeat(5_000_000) }))
        .route("/endless", get(|| async { Body::from_stream(futures_like()) }))
        .route("/hang", get(|| async { std::future::pending::<()>().await }));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let http = Http::new(&HttpConfig { allow: vec![format!("127.0.0.1:{port}")] }).unwrap();
    (http, format!("http://127.0.0.1:{port}"))
}

/// Chunks without end and without a length.
fn futures_like() -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> {
    struct Endless;
    impl futures::Stream for Endless {
        type Item = Result<Bytes, std::io::Error>;
        fn poll_next(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Ready(Some(Ok(Bytes::from_static(&[b'x'; 4096]))))
        }
    }
    Endless
}

fn task(input: Value) -> Task {
    Task {
        workspace: WorkspaceId::from_u128(1),
        instance: InstanceId::from_u128(2),
        node: "call".into(),
        key: "wi_1/call/1".into(),
        attempt: 1,
        input: Arc::new(input),
        cancelled: CancellationToken::new(),
    }
}

async fn run(http: &Http, input: Value) -> Result<TaskOutput, TaskError> {
    http.execute(task(input)).await
}

#[tokio::test]
async fn requests_carry_what_the_config_says() {
    let (http, base) = serve().await;
    let output = run(&http, json!({
        "method": "POST", "url": format!("{base}/mirror?x=1"), "query": {"名": "王 小明", "list": [1, "b"], "none": null}, "headers": {"X-Number": 5, "Accept": "text/x"},
        "body": {"金额": 12.5}, "auth": {"secret": "s3cret"},
    })).await.unwrap().output;
    assert_eq!(output["status"], 200);
    assert_eq!(output["headers"]["x-twice"], "a, b");
    let seen = &output["body"];
    assert_eq!((&seen["method"], &seen["body"]), (&json!("POST"), &json!("{\"金额\":12.5}")));
    assert_eq!(seen["uri"], "/mirror?x=1&%E5%90%8D=%E7%8E%8B+%E5%B0%8F%E6%98%8E&list=1&list=b");
    for (name, value) in [
        ("x-number", "5"),
        ("accept", "text/x"),
        ("authorization", "Bearer s3cret"),
        ("content-type", "application/json"),
        ("idempotency-key", "wi_1/call/1"),
    ] {
        assert_eq!(seen["headers"][name], value, "{name}");
    }
    assert!(seen["headers"]["user-agent"].as_str().unwrap().starts_with("Heddle/"));
    let seen = &run(&http, json!({ "method": "PUT", "url": format!("{base}/mirror"), "body": "text", "auth": {"type": "basic", "username": "u", "secret": "p"} })).await.unwrap().output["body"];
    assert_eq!(
        (&seen["body"], &seen["headers"]["content-type"], &seen["headers"]["authorization"]),
        (&json!("text"), &json!("text/plain; charset=utf-8"), &json!("Basic dTpw"))
    );
    assert!(seen["headers"].get("idempotency-key").is_none());
    let seen = &run(&http, json!({ "method": "POST", "url": format!("{base}/mirror"), "headers": {"content-type": "application/x-www-form-urlencoded", "Idempotency-Key": "mine"}, "body": {"a": "1 2", "b": 3}, "auth": {"type": "header", "header": "x-key", "secret": "k"} })).await.unwrap().output["body"];
    assert_eq!(
        (&seen["body"], &seen["headers"]["idempotency-key"], &seen["headers"]["x-key"]),
        (&json!("a=1+2&b=3"), &json!("mine"), &json!("k"))
    );
}

#[tokio::test]
async fn answers_become_values() {
    let (http, base) = serve().await;
    for (path, want) in
        [("text", json!("纯文本")), ("bytes", json!("/wAB")), ("nothing", json!(null)), ("broken-json", json!("{oops"))]
    {
        assert_eq!(
            run(&http, json!({ "url": format!("{base}/{path}") })).await.unwrap().output["body"],
            want,
            "{path}"
        );
    }
}

#[tokio::test]
async fn unexpected_statuses_are_errors_of_the_right_class() {
    let (http, base) = serve().await;
    let error = run(&http, json!({ "url": format!("{base}/busy") })).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str(), error.retryable, error.retry_after_ms),
        (ErrorClass::System, "HTTP_503", true, Some(7_000))
    );
    assert_eq!(error.details, json!({"status": 503, "body": {"why": "busy"}}));
    let error = run(&http, json!({ "url": format!("{base}/missing") })).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str(), error.retryable), (ErrorClass::Business, "HTTP_404", false));
    assert_eq!(error.details["body"].as_str().unwrap().len(), heddle_model::limits::HTTP_ERROR_BYTES);
    let output = run(&http, json!({ "url": format!("{base}/missing"), "expect": ["2xx", 404] })).await.unwrap().output;
    assert_eq!(output["status"], 404);
    let error = run(&http, json!({ "url": format!("{base}/text"), "expect": ["4xx"] })).await.unwrap_err();
    assert_eq!(error.code, "HTTP_200");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (http, base) = serve().await;
    let error = run(&http, json!({ "url": format!("{base}/redirect") })).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("HTTP_302", false));
    let output = run(&http, json!({ "url": format!("{base}/redirect"), "expect": ["3xx"] })).await.unwrap().output;
    assert_eq!(output["headers"]["location"], "http://169.254.169.254/latest/meta-data/");
}

#[tokio::test]
async fn answers_are_bounded_with_and_without_a_length() {
    let (http, base) = serve().await;
    for (path, most) in
        [("large", json!(null)), ("large", json!(4_194_304)), ("endless", json!(10_000)), ("text", json!(3))]
    {
        let mut input = json!({ "url": format!("{base}/{path}") });
        if !most.is_null() {
            input["max_bytes"] = most;
        }
        let error = run(&http, input.clone()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), (HTTP_TOO_LARGE, false), "{input}");
    }
}

#[tokio::test]
async fn a_cancelled_task_stops_waiting() {
    let (http, base) = serve().await;
    let task = task(json!({ "url": format!("{base}/hang") }));
    let (cancelled, begun) = (task.cancelled.clone(), Arc::new(Notify::new()));
    let waiting = Arc::clone(&begun);
    let running = tokio::spawn(async move {
        waiting.notify_one();
        http.execute(task).await
    });
    begun.notified().await;
    cancelled.cancel();
    assert_eq!(running.await.unwrap().unwrap_err().code, "CANCELLED");
}

#[tokio::test]
async fn wrong_configs_and_dead_servers_are_told_apart() {
    let (http, base) = serve().await;
    for wrong in [
        json!({}),
        json!({ "url": 5 }),
        json!({ "url": base, "method": "BREW" }),
        json!({ "url": base, "max_bytes": 0 }),
        json!({ "url": base, "max_bytes": 99_999_999 }),
        json!({ "url": base, "expect": ["soon"] }),
        json!({ "url": base, "headers": {"Host": "x"} }),
        json!({ "url": base, "auth": {"type": "header", "secret": "x"} }),
        json!({ "url": base, "auth": {"secret": "a\nb"} }),
        json!({ "url": base, "typo": 1 }),
        json!(null),
    ] {
        let error = run(&http, wrong.clone()).await.unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.class, error.retryable),
            ("CONFIG_INVALID", ErrorClass::Business, false),
            "{wrong}: {error}"
        );
        assert!(!error.message.contains("a\nb"));
    }
    // A port that was just free: nobody listens.
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let http = Http::new(&HttpConfig { allow: vec![format!("127.0.0.1:{port}")] }).unwrap();
    let error = run(&http, json!({ "url": format!("http://127.0.0.1:{port}/?token=geheim") })).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class, error.retryable), (HTTP_CONNECTION, ErrorClass::System, true));
    assert!(!error.message.contains("geheim"), "{}", error.message);
}
