//! The feed's socket: opens on the first subscription, comes back with a growing pause, subscribes again by cursor.

use super::browser;
use super::feed::{Connection, Feed};
use heddle_api::feed::{ClientFrame, ServerFrame};
use heddle_api::routes::WS_FEED;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, WebSocket};

/// Longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(20);
/// A silent connection is asked for a sign of life this often.
const PING_EVERY: Duration = Duration::from_secs(25);

thread_local! {
    static SOCKET: RefCell<Option<Socket>> = const { RefCell::new(None) };
    static TRIES: Cell<u32> = const { Cell::new(0) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
    static SUBSCRIPTIONS: RefCell<Vec<Subscription>> = const { RefCell::new(Vec::new()) };
}

/// One subscription of a screen.
struct Subscription {
    id: u64,
    topic: String,
    /// Cursor of the last frame that was seen.
    cursor: Option<String>,
    handler: Rc<dyn Fn(ServerFrame)>,
}

/// The open socket with the callbacks that must live as long.
struct Socket {
    raw: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut()>,
}

/// Begins a subscription, and the connection if there is none. Answers its number.
pub(super) fn subscribe(feed: Feed, topic: String, handler: impl Fn(ServerFrame) + 'static) -> u64 {
    let id = NEXT.replace(NEXT.get() + 1);
    let frame = ClientFrame::Subscribe { subscribe: topic.clone(), after: None };
    SUBSCRIPTIONS.with_borrow_mut(|all| all.push(Subscription { id, topic, cursor: None, handler: Rc::new(handler) }));
    if feed.connection.get_untracked() == Connection::Live {
        send(&frame);
    } else if SOCKET.with_borrow(Option::is_none) {
        connect(feed);
    }
    id
}

/// Ends a subscription; the topic ends with its last one.
pub(super) fn unsubscribe(id: u64) {
    let ended = SUBSCRIPTIONS.with_borrow_mut(|all| {
        let at = all.iter().position(|subscription| subscription.id == id)?;
        let gone = all.remove(at);
        (!all.iter().any(|other| other.topic == gone.topic)).then_some(gone.topic)
    });
    if let Some(topic) = ended {
        send(&ClientFrame::Unsubscribe { unsubscribe: topic });
    }
}

fn send(frame: &ClientFrame) {
    let Ok(text) = serde_json::to_string(frame) else { return };
    SOCKET.with_borrow(|socket| {
        if let Some(socket) = socket
            && socket.raw.ready_state() == WebSocket::OPEN
        {
            // A send that fails means the connection is closing: `on_close` follows and everything is subscribed again.
            let _ = socket.raw.send_with_str(&text);
        }
    });
}

fn connect(feed: Feed) {
    feed.connection
        .update(|state| *state = if *state == Connection::Lost { Connection::Lost } else { Connection::Connecting });
    let location = window().location();
    let scheme = if location.protocol().as_deref() == Ok("https:") { "wss" } else { "ws" };
    let Ok(raw) = WebSocket::new(&format!("{scheme}://{}{WS_FEED}", location.host().unwrap_or_default())) else {
        return again(feed);
    };
    let on_open = Closure::<dyn FnMut()>::new(move || opened(feed));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            received(feed, &text);
        }
    });
    let on_close = Closure::<dyn FnMut()>::new(move || again(feed));
    raw.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    raw.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    raw.set_onclose(Some(on_close.as_ref().unchecked_ref()));
    let socket = Socket { raw, _on_open: on_open, _on_message: on_message, _on_close: on_close };
    SOCKET.with_borrow_mut(|place| *place = Some(socket));
}

fn opened(feed: Feed) {
    TRIES.set(0);
    feed.connection.set(Connection::Live);
    feed.last_ms.set(browser::now_ms());
    let mut frames = Vec::new();
    SUBSCRIPTIONS.with_borrow(|all| {
        for subscription in all {
            let frame =
                ClientFrame::Subscribe { subscribe: subscription.topic.clone(), after: subscription.cursor.clone() };
            if !frames.contains(&frame) {
                frames.push(frame);
            }
        }
    });
    frames.iter().for_each(send);
    ping(feed);
}

fn ping(feed: Feed) {
    set_timeout(
        move || {
            if feed.connection.try_get_untracked() == Some(Connection::Live) {
                send(&ClientFrame::Ping { ping: browser::now_ms().unsigned_abs() });
                ping(feed);
            }
        },
        PING_EVERY,
    );
}

/// After a loss: pauses 0.5, 1, 2, … seconds, a little off so that many browsers do not come back at once.
fn again(feed: Feed) {
    SOCKET.with_borrow_mut(|place| {
        if let Some(socket) = place.take() {
            socket.raw.set_onopen(None);
            socket.raw.set_onmessage(None);
            socket.raw.set_onclose(None);
            // The callbacks may be running right now: they are freed after this turn.
            set_timeout(move || drop(socket), Duration::ZERO);
        }
    });
    if feed.connection.try_set(Connection::Lost).is_some() {
        return;
    }
    let tries = (TRIES.get() + 1).min(16);
    TRIES.set(tries);
    let pause = Duration::from_millis(250)
        .saturating_mul(1 << tries)
        .min(PAUSE_MAX)
        .mul_f64(0.75 + js_sys::Math::random() / 2.0);
    set_timeout(
        move || {
            if SOCKET.with_borrow(Option::is_none) {
                connect(feed);
            }
        },
        pause,
    );
}

fn received(feed: Feed, text: &str) {
    feed.last_ms.set(browser::now_ms());
    let Ok(frame) = serde_json::from_str::<ServerFrame>(text) else { return };
    let Some((topic, cursor)) = address(&frame) else { return };
    let mut handlers = Vec::new();
    SUBSCRIPTIONS.with_borrow_mut(|all| {
        for subscription in all.iter_mut().filter(|subscription| subscription.topic == topic) {
            subscription.cursor = cursor.map(str::to_owned).or_else(|| subscription.cursor.take());
            handlers.push(subscription.handler.clone());
        }
    });
    for handler in handlers {
        handler(frame.clone());
    }
}

/// Topic and cursor of a frame; none for a `pong`.
fn address(frame: &ServerFrame) -> Option<(String, Option<&str>)> {
    Some(match frame {
        ServerFrame::Subscribed { topic, cursor }
        | ServerFrame::Snapshot { topic, cursor, .. }
        | ServerFrame::Event { topic, cursor, .. }
        | ServerFrame::Row { topic, cursor, .. }
        | ServerFrame::Resync { topic, cursor } => (topic.clone(), Some(cursor.as_str())),
        ServerFrame::Closed { topic, .. } => (topic.clone(), None),
        ServerFrame::Pong { .. } => return None,
    })
}
