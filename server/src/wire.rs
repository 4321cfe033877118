//! Wiring: the parts of a server, each knowing only the ones below it.

use crate::bell::Bell;
use crate::config::Config;
use anyhow::Context;
use heddle_engine::runtime::{Engine, EngineConfig};
use heddle_engine::tasks::Registry;
use heddle_service::{CallInputs, Service, ServiceConfig};
use heddle_store::{ConnectOptions, Store};
use std::sync::Arc;

/// The parts of a running server.
pub(crate) struct Parts {
    /// All SQL.
    pub(crate) store: Store,
    /// Running.
    pub(crate) engine: Engine,
    /// The use cases.
    pub(crate) service: Arc<Service>,
}

/// Connects, migrates, registers task types, recovers what ran, and prepares the use cases.
pub(crate) async fn start(config: &Config) -> anyhow::Result<Parts> {
    crate::metrics::start();
    let secret = config.secret()?;
    let server_name = config.node_name()?;
    let store = connect(config).await?;
    let applied = store.migrate().await.context("the database's schema cannot be brought up to date")?;
    if !applied.is_empty() {
        tracing::info!(count = applied.len(), "schema brought up to date");
    }
    let registry = registry(config)?;
    let engine_config = EngineConfig {
        server_name,
        scheduling: config.scheduling.clone(),
        admission: config.admission,
        doorbell: Arc::new(Bell::new(&store)),
        inputs: Arc::new(CallInputs::new(store.clone())),
        ..EngineConfig::default()
    };
    let engine = Engine::start(Arc::new(store.clone()), registry.clone(), engine_config)
        .await
        .context("the engine cannot start")?;
    let service =
        Service::start(ServiceConfig { store: store.clone(), engine: engine.clone(), registry, secret }).await?;
    Ok(Parts { store, engine, service })
}

/// Connects to the configured database.
pub(crate) async fn connect(config: &Config) -> anyhow::Result<Store> {
    let options = ConnectOptions { url: config.database_url.clone(), max_connections: None };
    // The address may hold a password: it is not repeated.
    Store::connect(&options).await.context("cannot connect to the database of HEDDLE_DATABASE_URL")
}

fn registry(config: &Config) -> anyhow::Result<Registry> {
    let mut registry = Registry::default();
    heddle_tasks::register_all(&mut registry, &config.tasks)?;
    Ok(registry)
}
