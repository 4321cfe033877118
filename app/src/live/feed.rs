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

/// What a screen does with a frame.
type Handler = std::rc::Rc<dyn Fn(ServerFrame)>;

/// One subscription.
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only browsers have a socket"))]
pub(super) struct Subscription {
    /// Its number.
    pub(super) id: u64,
    /// The topic, as text.
    pub(super) topic: String,
    /// Cursor of the last frame that was seen.
    pub(super) cursor: Option<String>,
    /// Where frames go.
    pub(super) handler: Handler,
}

/// The page's feed.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only browsers have a socket"))]
pub struct Feed {
    /// State of the connection.
    pub connection: RwSignal<Connection>,
    /// When the last frame came, in Unix milliseconds.
    pub last_ms: RwSignal<i64>,
    pub(super) subscriptions: StoredValue<Vec<Subscription>, LocalStorage>,
    pub(super) next: StoredValue<u64>,
}

/// Makes the feed known to the screens.
pub fn provide_feed() {
    provide_context(Feed {
        connection: RwSignal::new(Connection::Idle),
        last_ms: RwSignal::new(0),
        subscriptions: StoredValue::new_local(Vec::new()),
        next: StoredValue::new(1),
    });
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
            let id = self.next.get_value();
            self.next.set_value(id + 1);
            let subscription = Subscription { id, topic, cursor: None, handler: std::rc::Rc::new(handler) };
            super::socket::subscribe(self, subscription);
            on_cleanup(move || super::socket::unsubscribe(self, id));
        }
    }
}
