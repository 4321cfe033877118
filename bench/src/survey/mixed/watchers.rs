//! Browsers that watch `mixed`: most have the list of instances open, some follow one instance after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use futures::{SinkExt, StreamExt};
use heddle_testkit::Client;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::definition::NAME;
use crate::stage::Stage;

/// Sockets that the server lets one user have.
const PER_USER: usize = 20;
/// One in so many browsers shows one instance beside the list, and another one after so many rows.
const FOLLOWS: usize = 5;
const ROWS: u64 = 50;
/// How soon a watcher notices that it is over though nothing comes.
const LOOK: Duration = Duration::from_millis(200);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What all of them saw.
#[derive(Default)]
struct Counts {
    frames: AtomicU64,
    bytes: AtomicU64,
    resyncs: AtomicU64,
}

pub(super) struct Watchers {
    over: Arc<AtomicBool>,
    counts: Arc<Counts>,
    all: JoinSet<Result<()>>,
}

pub(super) struct Seen {
    pub(super) frames: u64,
    pub(super) bytes: u64,
    pub(super) resyncs: u64,
}

/// Opens the sockets and subscribes.
pub(super) async fn open(stage: &Stage<'_>, browsers: usize) -> Result<Watchers> {
    let viewers = stage.viewers(browsers.div_ceil(PER_USER)).await?;
    let mut watchers = Watchers { over: Arc::default(), counts: Arc::default(), all: JoinSet::new() };
    let address = stage.socket_url("/ws/feed")?;
    for number in 0..browsers {
        let mut socket = connect(&address, &viewers[number / PER_USER]).await?;
        say(&mut socket, json!({ "subscribe": list() })).await?;
        let (over, counts) = (watchers.over.clone(), watchers.counts.clone());
        watchers.all.spawn(watch(socket, number % FOLLOWS == 0, (over, counts)));
    }
    Ok(watchers)
}

impl Watchers {
    /// Closes all; an error where one of them was thrown out before.
    pub(super) async fn close(mut self) -> Result<Seen> {
        self.over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.all.join_next().await {
            ended??;
        }
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Ok(Seen { frames: of(&self.counts.frames), bytes: of(&self.counts.bytes), resyncs: of(&self.counts.resyncs) })
    }
}

fn list() -> String {
    format!("instances?workflow={NAME}")
}

async fn connect(address: &str, viewer: &Client) -> Result<Socket> {
    let request = viewer.request(reqwest::Method::GET, "/").build()?;
    let token = request.headers().get("authorization").context("a viewer has a token")?.clone();
    let mut request = address.into_client_request()?;
    request.headers_mut().insert("authorization", token);
    Ok(connect_async(request).await?.0)
}

async fn say(socket: &mut Socket, frame: Value) -> Result<()> {
    Ok(socket.send(Message::Text(frame.to_string().into())).await?)
}

async fn watch(mut socket: Socket, follows: bool, (over, counts): (Arc<AtomicBool>, Arc<Counts>)) -> Result<()> {
    let (mut rows, mut followed) = (0, None::<String>);
    while !over.load(Ordering::Relaxed) {
        let Ok(message) = tokio::time::timeout(LOOK, socket.next()).await else { continue };
        let text = match message.context("a browser was thrown out")?? {
            Message::Text(text) => text,
            Message::Close(frame) => anyhow::bail!("a browser was thrown out: {frame:?}"),
            _ => continue,
        };
        counts.frames.fetch_add(1, Ordering::Relaxed);
        counts.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        // A browser that only shows the list is no cost of this process beyond its bytes.
        if text.starts_with(r#"{"type":"resync""#) {
            counts.resyncs.fetch_add(1, Ordering::Relaxed);
        }
        if !follows || !text.starts_with(r#"{"type":"row""#) {
            continue;
        }
        rows += 1;
        if rows % ROWS == 1 {
            let frame: Value = serde_json::from_str(&text)?;
            let topic = format!("instance:{}", frame["instance"]["id"].as_str().context("a row has an id")?);
            if let Some(before) = followed.replace(topic.clone()) {
                say(&mut socket, json!({ "unsubscribe": before })).await?;
            }
            say(&mut socket, json!({ "subscribe": topic })).await?;
        }
    }
    let _ = socket.close(None).await;
    Ok(())
}
