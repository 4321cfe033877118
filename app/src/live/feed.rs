//! Subscriptions of the screens to the feed. One socket per tab; a screen's subscription ends with the screen.

use heddle_api::feed::ServerFrame;
use leptos::prelude::*;

/// What the connection dot shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only browsers have a socket"))]
pub enum Connection {
    /// No screen has asked for anything live yet.
    #[default]
    Idle,
    /// On its way.
    Connecting,
    /// Frames arrive.
    Live,
    /// Lost; it tries again.
    Lost,
}

/// The page's feed: what the screens may know of it. The socket and the subscriptions are the browser's (`socket`).
#[derive(Clone, Copy)]
pub struct Feed {
    /// State of the connection.
    pub connection: RwSignal<Connection>,
    /// When the last frame came, in Unix milliseconds.
    pub last_ms: RwSignal<i64>,
}

/// Makes the feed known to the screens.
pub fn provide_feed() {
    provide_context(Feed { connection: RwSignal::new(Connection::Idle), last_ms: RwSignal::new(0) });
}

/// The page's feed.
pub fn use_feed() -> Feed {
    expect_context()
}

impl Feed {
    /// Hands every frame of a topic to `handler` until the calling screen ends. On the server it does nothing.
    #[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
    pub fn follow(self, topic: String, handler: impl Fn(ServerFrame) + 'static) {
        #[cfg(feature = "hydrate")]
        {
            let id = super::socket::subscribe(self, topic, handler);
            on_cleanup(move || super::socket::unsubscribe(id));
        }
    }
}
