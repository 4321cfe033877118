//! The guard of outgoing addresses: every spelling of an inner address is refused, names are judged by what they resolve to, and
//! what an operator allows is called.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_engine::tasks::{ErrorClass, Task, TaskError, TaskOutput, TaskType};
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::value::{Value, json};
use heddle_tasks::http::{ADDRESS_REFUSED, Guard, Http, HttpConfig, Lookup};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers every name with the next of its lists, and counts how often it was asked.
#[derive(Clone)]
struct Scripted {
    answers: Arc<Vec<Vec<IpAddr>>>,
    asked: Arc<AtomicUsize>,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Self {
        let answers =
            answers.iter().map(|list| list.iter().map(|address| address.parse().unwrap()).collect()).collect();
        Self { answers: Arc::new(answers), asked: Arc::default() }
    }
}

impl Lookup for Scripted {
    fn addresses(&self, _name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let n = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[n % self.answers.len()].clone();
        Box::pin(async move { Ok(answer) })
    }
}

fn task(input: Value) -> Task {
    Task {
        workspace: WorkspaceId::from_u128(1),
        instance: InstanceId::from_u128(2),
        node: "call".into(),
        key: "wi_1/call/1".into(),
        attempt: 1,
        input: Arc::new(input),
        cancelled: tokio_util::sync::CancellationToken::new(),
    }
}

async fn run(http: &Http, input: Value) -> Result<TaskOutput, TaskError> {
    http.execute(task(input)).await
}

fn allowing(entries: &[&str]) -> HttpConfig {
    HttpConfig { allow: entries.iter().map(ToString::to_string).collect() }
}

#[tokio::test]
async fn every_spelling_of_an_inner_address_is_refused_before_anything_is_sent() {
    // A resolver that would lead outside, so that only the guard can refuse.
    let lookup = Scripted::new(&[&["93.184.216.34"]]);
    let http = Http::with_lookup(&HttpConfig::default(), lookup.clone()).unwrap();
    let urls: Vec<&str> =
        include_str!("refused_urls.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert!(urls.len() >= 200, "{} spellings", urls.len());
    let passed: Vec<&&str> = urls.iter().filter(|url| Guard::default().url(url).is_ok()).collect();
    assert!(passed.is_empty(), "let through: {passed:#?}");
    for url in urls {
        let error = run(&http, json!({ "url": url })).await.map(|output| output.output).expect_err(url);
        assert_eq!(
            (error.code.as_str(), error.class, error.retryable),
            (ADDRESS_REFUSED, ErrorClass::Business, false),
            "{url}: {error}"
        );
    }
    assert_eq!(lookup.asked.load(Ordering::SeqCst), 0, "no name was resolved");
}

#[tokio::test]
async fn names_are_judged_by_what_they_resolve_to() {
    for inner in [
        "127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1", "0.0.0.0", "64:ff9b::7f00:1",
        "100.64.1.1",
    ] {
        let http = Http::with_lookup(&HttpConfig::default(), Scripted::new(&[&[inner]])).unwrap();
        for url in [
            "http://rebind.example.com/", "https://rebind.example.com/", "http://rebind.example.com./",
            "http://中文.example/",
        ] {
            let error = run(&http, json!({ "url": url })).await.map(|output| output.output).expect_err(url);
            assert_eq!(error.code, ADDRESS_REFUSED, "{url} at {inner}: {error}");
        }
    }
}

/// A server that counts its requests.
async fn server() -> (u16, Arc<AtomicUsize>) {
    let hits = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&hits);
    let app = axum::Router::new().fallback(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async { "inside" }
    });
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (port, hits)
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_refused_each_time() {
    let (port, hits) = server().await;
    // The name may be called at that port at 10.9.8.7; the address it changes to is not in the list.
    let lookup = Scripted::new(&[&["127.0.0.1"], &["127.0.0.1", "::1"], &["169.254.169.254", "127.0.0.1"]]);
    let http = Http::with_lookup(&allowing(&[&format!("10.9.8.7:{port}")]), lookup.clone()).unwrap();
    for _ in 0..6 {
        let error = run(&http, json!({ "url": format!("http://rebind.example.com:{port}/") }))
            .await
            .map(|output| output.output)
            .expect_err("refused");
        assert_eq!(error.code, ADDRESS_REFUSED, "{error}");
    }
    assert_eq!((lookup.asked.load(Ordering::SeqCst), hits.load(Ordering::SeqCst)), (6, 0));
}

#[tokio::test]
async fn of_several_addresses_only_the_allowed_are_connected_to() {
    let (port, hits) = server().await;
    let lookup = Scripted::new(&[&["10.0.0.1", "169.254.169.254", "127.0.0.1"]]);
    let http = Http::with_lookup(&allowing(&[&format!("127.0.0.1:{port}")]), lookup).unwrap();
    let output = run(&http, json!({ "url": format!("http://stock.example.com:{port}/") })).await.unwrap();
    assert_eq!((output.output["body"].as_str(), hits.load(Ordering::SeqCst)), (Some("inside"), 1));
}

#[tokio::test]
async fn what_the_operator_allows_is_called_and_nothing_beside() {
    let (port, hits) = server().await;
    let (other, _) = server().await;
    let url = |host: &str, port: u16| json!({ "url": format!("http://{host}:{port}/") });
    for entry in [
        format!("127.0.0.1:{port}"),
        "127.0.0.1:*".to_owned(),
        format!("127.0.0.0/8:{port}"),
        format!("localhost:{port}"),
        "localhost:*".to_owned(),
    ] {
        let http = Http::new(&allowing(&[&entry])).unwrap();
        let host = if entry.starts_with("localhost") { "localhost" } else { "127.0.0.1" };
        assert!(run(&http, url(host, port)).await.is_ok(), "{entry}");
        let beside = run(&http, url(host, other)).await;
        assert_eq!(beside.is_ok(), entry.ends_with(":*"), "{entry}: {beside:?}");
        assert!(run(&http, url("127.0.0.2", port)).await.is_err() || entry.contains('/'), "{entry}");
    }
    // An address written another way is the same address.
    let http = Http::new(&allowing(&[&format!("127.0.0.1:{port}")])).unwrap();
    let before = hits.load(Ordering::SeqCst);
    for host in ["0x7f.1", "2130706433", "[::ffff:127.0.0.1]"] {
        assert!(run(&http, url(host, port)).await.is_ok(), "{host}");
    }
    assert_eq!(hits.load(Ordering::SeqCst), before + 3);
    assert!(run(&http, url("[::1]", port)).await.is_err());
}

#[test]
fn allow_lists_are_understood_or_refused() {
    for good in [
        "10.0.0.0/8", "10.0.0.0/8:8080", "[::1]:9000", "::1", "fd00::/8", "[fd00::/8]:*", "stock.internal",
        "stock.internal:*", "example.com:8443", "0.0.0.0/0:*", " a_b.lan ",
    ] {
        assert!(Guard::new(&allowing(&[good])).is_ok(), "{good}");
    }
    for bad in ["", ":80", "10.0.0.0/33", "a b", "http://x", "x:99999", "x:y", "10.0.0/x", "*.example.com", "x/8"] {
        assert!(Guard::new(&allowing(&[bad])).is_err(), "{bad}");
    }
    let guard = Guard::new(&allowing(&["stock.internal", "10.1.0.0/16:8080", "example.com:8443"])).unwrap();
    for (url, want) in [
        ("http://stock.internal/", true),
        ("http://STOCK.internal./", true),
        ("https://stock.internal/x", true),
        ("http://stock.internal:8080/", true),
        ("http://other.internal/", false),
        ("http://10.1.2.3:8080/", true),
        ("http://10.1.2.3/", false),
        ("http://10.2.0.1:8080/", false),
        ("https://example.com:8443/", true),
        ("https://example.org:8443/", false),
        ("https://example.org/", true),
    ] {
        assert_eq!(guard.url(url).is_ok(), want, "{url}");
    }
    // The port opens for the range only: what the name resolves to decides.
    assert!(guard.address(Some("stock.internal"), "10.1.9.9".parse().unwrap(), 8080).is_ok());
    assert!(guard.address(Some("stock.internal"), "10.2.9.9".parse().unwrap(), 8080).is_err());
    assert!(guard.address(Some("stock.internal"), "10.2.9.9".parse().unwrap(), 80).is_ok());
}
