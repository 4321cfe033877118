//! `/ws/workflow-instances/{id}?after=<seq>`: a snapshot, then every event, in order, without gaps.

use super::quota::Seat;
use super::socket::{Close, OwnedCredentials, Owner, Protocol, QUEUE, drive};
use crate::error::{Answer, Failure};
use crate::extract::{Context, Id, Query};
use crate::middleware::{Origin, credentials, same_origin};
use crate::state::AppState;
use axum::extract::State;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use futures::StreamExt;
use heddle_api::feed::InstanceFrame;
use heddle_api::params::WatchInstance;
use heddle_api::{ErrorCode, RequestContext};
use heddle_model::ids::InstanceId;
use heddle_model::limits;
use serde::Deserialize;
use tokio::sync::mpsc;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct After {
    after: Option<u64>,
}

pub(super) async fn open(
    State(state): State<AppState>,
    Context(context): Context,
    (Id(id), Query(query)): (Id<InstanceId>, Query<After>),
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Answer<Response> {
    let owner = admit(&state, context, &headers)?;
    // Asked before the upgrade, so that a missing instance is an ordinary 404.
    let mut stream = state.use_cases.watch_instance(&owner.context, WatchInstance { id, after: query.after }).await?;
    let (send, frames) = mpsc::channel(QUEUE);
    let forward = async move {
        while let Some(frame) = stream.next().await {
            let frame: InstanceFrame = frame;
            let Ok(text) = serde_json::to_string(&frame) else { return };
            if send.send(text).await.is_err() {
                return;
            }
        }
    };
    let tracker = state.sockets.clone();
    Ok(limited(upgrade).on_upgrade(move |socket: WebSocket| async move {
        let forwarding = tokio::spawn(forward);
        let _ = tracker.track_future(drive(state, socket, owner, frames, Listener)).await;
        forwarding.abort();
    }))
}

/// What may be upgraded: an own origin where a browser asks, and a free seat.
pub(super) fn admit(state: &AppState, context: RequestContext, headers: &HeaderMap) -> Result<Owner, Failure> {
    let by_cookie = context.principal()?.session.is_some();
    match same_origin(headers, context.secure) {
        Origin::Own => {}
        Origin::Unknown if !by_cookie => {}
        Origin::Foreign | Origin::Unknown => return Err(ErrorCode::CrossSite.into()),
    }
    let credentials = OwnedCredentials::keep(credentials(headers, &context)?)
        .ok_or_else(|| Failure::from(ErrorCode::Unauthenticated))?;
    let seat = Seat::take(state, context.principal()?.user)
        .ok_or_else(|| Failure::from(heddle_api::ApiError::new(ErrorCode::TooManyRequests).retry_after(5)))?;
    Ok(Owner { context, credentials, seat })
}

/// With limits on what comes in and on what waits to go out.
pub(super) fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(limits::SOCKET_MESSAGE_BYTES)
        .max_frame_size(limits::SOCKET_MESSAGE_BYTES)
        .max_write_buffer_size(limits::SOCKET_BUFFER_BYTES)
}

/// Says nothing to what the client sends.
struct Listener;

impl Protocol for Listener {
    fn message(&mut self, _: &str) -> Result<(), Close> {
        Ok(())
    }
}
