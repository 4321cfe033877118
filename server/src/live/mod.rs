//! Sockets: `/ws/feed` for the browser, `/ws/workflow-instances/{id}` for programs.

mod feed;
mod instance;
mod quota;
mod socket;

use crate::route::{Doors, Gate};
use axum::routing::get;
use heddle_api::{Permission as P, routes};

/// Registers the sockets.
pub(crate) fn open(doors: Doors) -> Doors {
    doors.open_plain(Gate::needs(&[P::InstanceView]), routes::WS_FEED, get(feed::open)).open_plain(
        Gate::needs(&[P::InstanceView]),
        routes::WS_INSTANCE,
        get(instance::open),
    )
}
