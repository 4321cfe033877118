//! One socket: frames out of a bounded queue, messages in at a bounded pace, a look every few seconds whether its owner may still be
//! here, and an end with a code and a reason.

use super::quota::{Pace, Seat};
use crate::state::AppState;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use heddle_api::{Permission, Principal, RequestContext};
use heddle_service::Credentials;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Frames that wait for a slow client before its subscriptions wait too.
pub(super) const QUEUE: usize = 256;
/// A client that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(10);
/// A quiet client is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);
/// How often the sign-in is looked at again.
const RECHECK: Duration = Duration::from_secs(3);

/// Who holds a socket, and by which credentials.
pub(super) struct Owner {
    pub(super) context: RequestContext,
    pub(super) credentials: OwnedCredentials,
    pub(super) seat: Seat,
}

/// Credentials that outlive their request.
pub(super) enum OwnedCredentials {
    Bearer(String),
    Session(String),
}

impl OwnedCredentials {
    /// Keeps them; nothing for strangers.
    pub(super) fn keep(credentials: Credentials<'_>) -> Option<Self> {
        match credentials {
            Credentials::None => None,
            Credentials::Bearer(token) => Some(Self::Bearer(token.to_owned())),
            Credentials::Session(secret) => Some(Self::Session(secret.to_owned())),
        }
    }

    fn show(&self) -> Credentials<'_> {
        match self {
            Self::Bearer(token) => Credentials::Bearer(token),
            Self::Session(secret) => Credentials::Session(secret),
        }
    }
}

/// Why a socket is closed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Close(pub(super) u16, pub(super) &'static str);

/// What a socket does with the messages of its client.
pub(super) trait Protocol: Send {
    /// One text message.
    fn message(&mut self, text: &str) -> Result<(), Close>;
}

/// Drives a socket to its end. `frames` ends when there is nothing more to send.
pub(super) async fn drive(
    state: AppState,
    mut socket: WebSocket,
    owner: Owner,
    mut frames: mpsc::Receiver<String>,
    mut protocol: impl Protocol,
) {
    let (mut ping, mut recheck, mut pace) = (interval(PING), interval(RECHECK), Pace::new());
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let close = loop {
        tokio::select! {
            biased;
            () = state.stop.cancelled() => break Close(close_code::RESTART, "server is stopping"),
            _ = recheck.tick() => {
                if !still_welcome(&state, &owner).await {
                    break Close(close_code::POLICY, "signed out");
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    if !pace.admit() {
                        break Close(close_code::POLICY, "too many messages");
                    }
                    if let Err(close) = protocol.message(&text) {
                        break close;
                    }
                }
                Some(Ok(Message::Binary(_))) => break Close(close_code::UNSUPPORTED, "text frames only"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                    if !pace.admit() {
                        break Close(close_code::POLICY, "too many messages");
                    }
                }
                // The client has closed, or is gone, or has sent what is too large.
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            frame = frames.recv() => {
                let Some(frame) = frame else { break Close(close_code::NORMAL, "end") };
                if !matches!(timeout(STUCK, socket.send(Message::Text(frame.into()))).await, Ok(Ok(()))) {
                    return;
                }
            }
            _ = ping.tick() => {
                if !matches!(timeout(STUCK, socket.send(Message::Ping(Default::default()))).await, Ok(Ok(()))) {
                    return;
                }
            }
        }
    };
    let frame = CloseFrame { code: close.0, reason: close.1.into() };
    let _ = timeout(Duration::from_secs(2), socket.send(Message::Close(Some(frame)))).await;
    drop(owner.seat);
}

/// Whether the sign-in still holds, in the same workspace, with the permission. A database that is away throws nobody out.
async fn still_welcome(state: &AppState, owner: &Owner) -> bool {
    match state.service.authenticate(owner.credentials.show()).await {
        Ok(Some(now)) => owner.context.principal.as_ref().is_some_and(|then: &Principal| {
            then.user == now.user && then.workspace == now.workspace && now.permissions.has(Permission::InstanceView)
        }),
        Ok(None) => false,
        Err(error) => error.0.code.status() != 401,
    }
}
