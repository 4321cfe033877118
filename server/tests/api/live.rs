//! `/ws/feed` and `/ws/workflow-instances/{id}`.

use crate::support::{ADMIN, PASSWORD, World, make, on_both, one_job, unique};
use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use heddle_testkit::Client;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

on_both!(
    g11_a_snapshot_then_every_event, the_feed_carries_instances_and_rows, handshakes_are_guarded,
    signing_out_closes_the_socket, floods_and_large_messages_end_the_socket,
);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(world: &World, path: &str, headers: &[(&'static str, String)]) -> Result<Socket, Error> {
    let mut request = format!("{}{path}", world.process.base_url().replacen("http", "ws", 1)).into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    Ok(connect_async(request).await?.0)
}

fn bearer(client: &Client) -> (&'static str, String) {
    let request = client.request(reqwest::Method::GET, "/").build().unwrap();
    ("authorization", request.headers()["authorization"].to_str().unwrap().to_owned())
}

/// The next text frame as JSON.
async fn next(socket: &mut Socket) -> Result<Value> {
    loop {
        match timeout(Duration::from_secs(20), socket.next()).await?.context("the socket ended")?? {
            Message::Text(text) => return Ok(serde_json::from_str(&text)?),
            Message::Close(frame) => bail!("closed: {frame:?}"),
            _ => {}
        }
    }
}

/// The code that the socket is closed with.
async fn close_code(socket: &mut Socket) -> Result<u16> {
    loop {
        let message = timeout(Duration::from_secs(20), socket.next()).await?;
        if let Message::Close(Some(frame)) = message.context("the socket ended without a code")?? {
            return Ok(frame.code.into());
        }
    }
}

async fn waiting(world: &World) -> Result<(Client, String, Value)> {
    let admin = world.admin();
    let name = unique("live");
    make(&admin, &one_job(&name, &unique("nobodyDoesThis"))).await?;
    let instance = admin.start(&name, json!({"a": 1})).await?;
    Ok((admin, name, instance))
}

async fn g11_a_snapshot_then_every_event(world: &World) -> Result<()> {
    let (admin, _, instance) = waiting(world).await?;
    let id = instance["id"].as_str().unwrap();
    let mut socket = connect(world, &format!("/ws/workflow-instances/{id}"), &[bearer(&admin)]).await?;
    let snapshot = next(&mut socket).await?;
    assert_eq!(
        (snapshot["type"].as_str(), &snapshot["instance"]["id"], &snapshot["seq"]),
        (Some("snapshot"), &instance["id"], &snapshot["instance"]["seq"])
    );
    admin
        .post(&format!("/api/v1/workflow-instances/{id}/tasks/%E5%B7%A5%E4%BD%9C/complete"), &json!({}))
        .await?
        .expect_status(200)?;
    let (mut seq, mut types) = (snapshot["seq"].as_u64().unwrap(), Vec::new());
    loop {
        let frame = next(&mut socket).await?;
        assert_eq!((frame["type"].as_str(), frame["seq"].as_u64()), (Some("event"), Some(seq + 1)), "no gaps: {frame}");
        seq += 1;
        types.push(frame["event"]["type"].as_str().unwrap().to_owned());
        if types.last().is_some_and(|name| name == "instance.completed") {
            break;
        }
    }
    assert_eq!(types.iter().filter(|name| *name == "node.completed").count(), 2, "{types:?}");
    // Resumed in the middle: no snapshot, the same events.
    let from = seq - 2;
    let mut resumed = connect(world, &format!("/ws/workflow-instances/{id}?after={from}"), &[bearer(&admin)]).await?;
    for expected in [from + 1, from + 2] {
        assert_eq!(next(&mut resumed).await?["seq"].as_u64(), Some(expected));
    }
    Ok(())
}

async fn the_feed_carries_instances_and_rows(world: &World) -> Result<()> {
    let (admin, name, instance) = waiting(world).await?;
    let id = instance["id"].as_str().unwrap();
    let mut socket = connect(world, "/ws/feed", &[bearer(&admin)]).await?;
    let say = |value: Value| Message::Text(value.to_string().into());
    socket.send(say(json!({"subscribe": format!("instance:{id}")}))).await?;
    assert_eq!(next(&mut socket).await?["type"], "snapshot");
    let rows = format!("instances?workflow={name}");
    socket.send(say(json!({"subscribe": rows}))).await?;
    assert_eq!(next(&mut socket).await?["type"], "subscribed");
    socket.send(say(json!({"ping": 7}))).await?;
    assert_eq!(next(&mut socket).await?, json!({"type": "pong", "pong": 7}));
    admin
        .post(&format!("/api/v1/workflow-instances/{id}/tasks/%E5%B7%A5%E4%BD%9C/complete"), &json!({}))
        .await?
        .expect_status(200)?;
    let (mut events, mut row) = (0, None);
    while row.is_none() {
        let frame = next(&mut socket).await?;
        match frame["type"].as_str() {
            Some("event") => events += 1,
            Some("row") => row = Some(frame),
            other => bail!("{other:?}"),
        }
    }
    let row = row.unwrap();
    assert_eq!(
        (row["topic"].as_str(), row["instance"]["status"].as_str()),
        (Some(rows.as_str()), Some("COMPLETED")),
        "{row}"
    );
    assert!(events >= 3, "{events}");
    for (topic, code) in [
        ("instance:wi_00000000000000000000000000", "NOT_FOUND"),
        ("nonsense", "NOT_FOUND"),
        ("instances?status=X", "INVALID_INPUT"),
    ] {
        socket.send(say(json!({"subscribe": topic}))).await?;
        let frame = next(&mut socket).await?;
        assert_eq!(
            (frame["type"].as_str(), frame["problem"]["code"].as_str()),
            (Some("closed"), Some(code)),
            "{frame}"
        );
    }
    Ok(())
}

fn status(result: Result<Socket, Error>) -> Option<u16> {
    match result {
        Err(Error::Http(response)) => Some(response.status().as_u16()),
        _ => None,
    }
}

async fn session(world: &World) -> Result<String> {
    let answer =
        world.stranger().post("/api/v1/auth/session", &json!({"username": ADMIN, "password": PASSWORD})).await?;
    Ok(answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned())
}

async fn handshakes_are_guarded(world: &World) -> Result<()> {
    let admin = world.admin();
    let cookie = ("cookie", session(world).await?);
    let own = ("origin", world.process.base_url());
    assert_eq!(status(connect(world, "/ws/feed", &[]).await), Some(401));
    assert_eq!(status(connect(world, "/ws/feed", &[("authorization", "Bearer x".into())]).await), Some(401));
    assert_eq!(
        status(connect(world, "/ws/feed", std::slice::from_ref(&cookie)).await),
        Some(403),
        "a cookie without an origin"
    );
    assert_eq!(
        status(connect(world, "/ws/feed", &[cookie.clone(), ("origin", "http://evil.example".into())]).await),
        Some(403)
    );
    assert_eq!(
        status(connect(world, "/ws/feed", &[bearer(&admin), ("origin", "http://evil.example".into())]).await),
        Some(403)
    );
    assert!(connect(world, "/ws/feed", &[cookie, own]).await.is_ok());
    assert!(connect(world, "/ws/feed", &[bearer(&admin)]).await.is_ok());
    let worker = world.somebody("default", "task-worker").await?;
    assert_eq!(status(connect(world, "/ws/feed", &[bearer(&worker)]).await), Some(403));
    assert_eq!(status(connect(world, "/ws/workflow-instances/nonsense", &[bearer(&admin)]).await), Some(404));
    Ok(())
}

async fn signing_out_closes_the_socket(world: &World) -> Result<()> {
    let pair = session(world).await?;
    let mut socket =
        connect(world, "/ws/feed", &[("cookie", pair.clone()), ("origin", world.process.base_url())]).await?;
    let client = world.stranger();
    let request = client
        .request(reqwest::Method::DELETE, "/api/v1/auth/session")
        .header("cookie", pair)
        .header("sec-fetch-site", "same-origin");
    client.send(request).await?.expect_status(204)?;
    let code =
        timeout(Duration::from_secs(6), close_code(&mut socket)).await.context("closed within five seconds")??;
    assert_eq!(code, 1008);
    Ok(())
}

async fn floods_and_large_messages_end_the_socket(world: &World) -> Result<()> {
    let somebody = world.somebody("default", "viewer").await?;
    let mut socket = connect(world, "/ws/feed", &[bearer(&somebody)]).await?;
    for n in 0..400 {
        if socket.send(Message::Text(json!({"ping": n}).to_string().into())).await.is_err() {
            break;
        }
    }
    assert_eq!(close_code(&mut socket).await.unwrap_or(1008), 1008);
    let mut socket = connect(world, "/ws/feed", &[bearer(&somebody)]).await?;
    let _ = socket.send(Message::Text("x".repeat(64 * 1024).into())).await;
    let ended = timeout(Duration::from_secs(5), async {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
    })
    .await;
    assert!(ended.is_ok(), "a message over the limit ends the socket");
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(connect(world, "/ws/feed", &[bearer(&somebody)]).await);
    }
    let taken = open.iter().filter(|socket| socket.is_ok()).count();
    let next = status(connect(world, "/ws/feed", &[bearer(&somebody)]).await);
    assert!(taken >= 18 && (next == Some(429) || taken < 20), "{taken} {next:?}");
    Ok(())
}

/// A stop closes sockets with the code of a restart, in time.
#[tokio::test]
async fn g13_a_stop_closes_sockets_with_1012_and_answers_what_waits() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let process = crate::support::fresh(&dir)?.admin(ADMIN, PASSWORD).start().await?;
    let admin = process.client()?.sign_in(ADMIN, PASSWORD).await?;
    let mut request = format!("{}/ws/feed", process.base_url().replacen("http", "ws", 1)).into_client_request()?;
    let (name, value) = bearer(&admin);
    request.headers_mut().insert(name, value.parse()?);
    let (mut socket, _) = connect_async(request).await?;
    let poll = {
        let admin = admin.clone();
        tokio::spawn(async move {
            admin.post("/api/v1/jobs/activate", &json!({"types": ["x"], "worker": "w", "wait_ms": 60_000})).await
        })
    };
    // The poll is under way once a later request has been answered.
    admin.get("/api/v1/me").await?.expect_status(200)?;
    let (code, ended, answer) = tokio::join!(close_code(&mut socket), process.terminate(Duration::from_secs(10)), poll);
    assert_eq!(code?, 1012);
    ended?;
    assert_eq!(answer??.expect_status(200)?["jobs"], json!([]));
    Ok(())
}
