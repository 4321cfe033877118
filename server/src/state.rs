//! What all handlers share.

use crate::config::Config;
use crate::extract::Network;
use crate::wire::Parts;
use heddle_api::{Timestamp, UseCasesRef};
use heddle_engine::runtime::Engine;
use heddle_service::Service;
use heddle_store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Shared by all handlers; clones are the same.
#[derive(Clone)]
pub(crate) struct AppState {
    /// The use cases.
    pub(crate) use_cases: UseCasesRef,
    /// Authentication and idempotency, which are not use cases.
    pub(crate) service: Arc<Service>,
    /// For readiness only.
    pub(crate) store: Store,
    /// For readiness and figures only.
    pub(crate) engine: Engine,
    /// Cancelled when the server stops.
    pub(crate) stop: CancellationToken,
    /// Sockets that are open.
    pub(crate) sockets: TaskTracker,
    /// How many sockets each user has open.
    pub(crate) socket_counts: Arc<Mutex<HashMap<heddle_model::ids::UserId, usize>>>,
    /// Proxies whose headers are believed.
    pub(crate) trusted_proxies: Arc<[Network]>,
    /// Where pages fetch static files from; empty: here.
    pub(crate) asset_url: Arc<str>,
    /// Whether open pages load anew when the server has started again.
    pub(crate) reload_pages: bool,
    /// When this server was started.
    pub(crate) started_at: Timestamp,
}

impl AppState {
    pub(crate) fn new(config: &Config, parts: &Parts, stop: CancellationToken) -> Self {
        Self {
            use_cases: parts.service.clone(),
            service: parts.service.clone(),
            store: parts.store.clone(),
            engine: parts.engine.clone(),
            stop,
            sockets: TaskTracker::new(),
            socket_counts: Arc::default(),
            trusted_proxies: config.trusted_proxies.clone().into(),
            asset_url: config.asset_url.as_str().into(),
            reload_pages: config.reload_pages,
            started_at: Timestamp(parts.engine.now_ms()),
        }
    }
}
