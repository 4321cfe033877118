//! `/ws/feed`: the browser's one socket with many subscriptions.

use super::instance::{admit, limited};
use super::socket::{Close, Protocol, QUEUE, drive};
use crate::error::Answer;
use crate::extract::Context;
use crate::state::AppState;
use axum::extract::State;
use axum::extract::ws::{WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::Response;
use futures::StreamExt;
use heddle_api::feed::{ClientFrame, ServerFrame, Topic};
use heddle_api::{ApiError, ErrorCode, RequestContext};
use heddle_model::limits;
use std::collections::HashMap;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

pub(super) async fn open(
    State(state): State<AppState>,
    Context(context): Context,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Answer<Response> {
    let owner = admit(&state, context, &headers)?;
    let tracker = state.sockets.clone();
    Ok(limited(upgrade).on_upgrade(move |socket: WebSocket| async move {
        let (send, frames) = mpsc::channel(QUEUE);
        let feed = Feed { state: state.clone(), context: owner.context.clone(), send, topics: HashMap::new() };
        tracker.track_future(drive(state, socket, owner, frames, feed)).await;
    }))
}

struct Feed {
    state: AppState,
    context: RequestContext,
    send: mpsc::Sender<String>,
    topics: HashMap<String, AbortHandle>,
}

impl Protocol for Feed {
    fn message(&mut self, text: &str) -> Result<(), Close> {
        let frame: ClientFrame =
            serde_json::from_str(text).map_err(|_| Close(close_code::INVALID, "no such message"))?;
        match frame {
            ClientFrame::Subscribe { subscribe, after } => self.subscribe(subscribe, after),
            ClientFrame::Unsubscribe { unsubscribe } => {
                if let Some(task) = self.topics.remove(&unsubscribe) {
                    task.abort();
                }
            }
            // A full queue drops the pong: the client sees that it is slow.
            ClientFrame::Ping { ping } => {
                if let Ok(text) = serde_json::to_string(&ServerFrame::Pong { pong: ping }) {
                    let _ = self.send.try_send(text);
                }
            }
        }
        Ok(())
    }
}

impl Feed {
    fn subscribe(&mut self, name: String, after: Option<String>) {
        if let Some(task) = self.topics.remove(&name) {
            task.abort();
        }
        self.topics.retain(|_, task| !task.is_finished());
        let full = self.topics.len() >= limits::SOCKET_TOPICS;
        let (state, context, send, topic) = (self.state.clone(), self.context.clone(), self.send.clone(), name.clone());
        let task = tokio::spawn(async move {
            let followed = match full {
                true => Err(ApiError::new(ErrorCode::TooManyRequests)),
                false => follow(&state, &context, &topic, after, &send).await,
            };
            let refused = followed.err().unwrap_or_else(|| ApiError::new(ErrorCode::Unavailable));
            let frame = ServerFrame::Closed { problem: refused.problem(context.lang, context.request_id), topic };
            if let Ok(text) = serde_json::to_string(&frame) {
                let _ = send.send(text).await;
            }
        });
        self.topics.insert(name, task.abort_handle());
    }
}

/// Sends the frames of a topic until the socket or the topic ends.
async fn follow(
    state: &AppState,
    context: &RequestContext,
    topic: &str,
    after: Option<String>,
    send: &mpsc::Sender<String>,
) -> Result<(), ApiError> {
    let topic: Topic = topic.parse().map_err(|()| ApiError::not_found("topic", topic))?;
    let mut frames = state.use_cases.subscribe(context, topic, after).await?;
    while let Some(frame) = frames.next().await {
        let text = serde_json::to_string(&frame).map_err(|_| ApiError::new(ErrorCode::Internal))?;
        if send.send(text).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.topics.values().for_each(AbortHandle::abort);
    }
}
