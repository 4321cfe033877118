//! Sizes: what is too large is refused with 413, and the client gets to read that, however it sends.

use crate::support::{World, on_both};
use anyhow::{Context, Result};
use heddle_testkit::{Client, Reply};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

on_both!(
    sizes_are_limited,
    what_a_refused_request_still_sends_does_not_hide_the_answer,
    who_never_stops_sending_is_cut_off,
    who_declares_too_much_and_sends_nothing_is_answered_and_let_go
);

const ADDRESS: &str = "/api/v1/jobs/activate";

/// 413 as a problem document.
fn too_large(answer: Reply) -> Result<()> {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text);
    assert_eq!(answer.expect_status(413)?["code"], "PAYLOAD_TOO_LARGE");
    Ok(())
}

/// Sends a body without a declared length.
async fn streamed(admin: &Client, chunks: usize) -> Result<Reply> {
    let chunks = futures::stream::iter((0..chunks).map(|_| Ok::<_, std::io::Error>(vec![b' '; 100_000])));
    let request = admin.request(Method::POST, ADDRESS).header("content-type", "application/json");
    admin.send(request.body(reqwest::Body::wrap_stream(chunks))).await
}

async fn sizes_are_limited(world: &World) -> Result<()> {
    let admin = world.admin();
    let large = "x".repeat(1_100_000);
    let request = admin.request(Method::POST, ADDRESS).json(&json!({"types": [large], "worker": "w"}));
    too_large(admin.send(request).await?)?;
    // Without a declared length it is the reading that stops.
    too_large(streamed(&admin, 20).await?)?;
    let deep = format!("{}{}", "[".repeat(70), "]".repeat(70));
    let request = admin.request(Method::POST, ADDRESS).header("content-type", "application/json").body(deep);
    admin.send(request).await?.expect_status(422)?;
    let packed = admin
        .request(Method::POST, "/api/v1/workflows")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body("x");
    admin.send(packed).await?.expect_status(415)?;
    Ok(())
}

async fn what_a_refused_request_still_sends_does_not_hide_the_answer(world: &World) -> Result<()> {
    let (admin, stranger) = (world.admin(), world.stranger());
    for _ in 0..10 {
        // More than any socket buffers: the rest is still under way when the answer is there.
        too_large(streamed(&admin, 150).await?)?;
        let request = admin.request(Method::POST, ADDRESS).header("content-type", "application/json");
        too_large(admin.send(request.body(vec![b' '; 15_000_000])).await?)?;
        streamed(&stranger, 150).await?.expect_status(401)?;
    }
    Ok(())
}

/// A connection on which the head of a POST was sent.
async fn head(world: &World, length: &str) -> Result<TcpStream> {
    let address = world.process.base_url().replace("http://", "");
    let mut socket = TcpStream::connect(&address).await?;
    let head = format!(
        "POST {ADDRESS} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n{length}\r\n\r\n",
        world.token()
    );
    socket.write_all(head.as_bytes()).await?;
    Ok(socket)
}

async fn who_never_stops_sending_is_cut_off(world: &World) -> Result<()> {
    let (mut from, mut to) = head(world, "transfer-encoding: chunked").await?.into_split();
    let sending = tokio::spawn(async move {
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
        let mut sent = 0_u64;
        while to.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 0x1_0000;
        }
        sent
    });
    let mut start = [0; 12];
    from.read_exact(&mut start).await.context("the answer")?;
    assert_eq!(&start, b"HTTP/1.1 413");
    let sent = tokio::time::timeout(Duration::from_secs(30), sending).await.context("nobody cuts it off")??;
    // What is read, what is thrown away, and what the sockets hold.
    assert!(sent < 64 * 1024 * 1024, "{sent}");
    Ok(())
}

async fn who_declares_too_much_and_sends_nothing_is_answered_and_let_go(world: &World) -> Result<()> {
    let mut socket = head(world, "content-length: 99999999").await?;
    let mut start = [0; 12];
    tokio::time::timeout(Duration::from_secs(30), socket.read_exact(&mut start)).await.context("no answer")??;
    assert_eq!(&start, b"HTTP/1.1 413");
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(30), socket.read_to_end(&mut rest)).await.context("it is held open")??;
    Ok(())
}
