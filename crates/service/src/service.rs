//! The service: what all use cases share.

use crate::auth::{Credentials, Passwords, Principals, SecretKey, SigningKeys, Throttle};
use crate::cache::Cache;
use crate::error::Result;
use crate::feed::Hub;
use crate::instances::InputSchemas;
use crate::source;
use crate::workflows::{Importer, LatestVersions};
use heddle_api::Principal;
use heddle_api::view::Me;
use heddle_engine::runtime::Engine;
use heddle_engine::tasks::Registry;
use heddle_model::ids::{UserId, WorkspaceId};
use heddle_model::limits;
use heddle_store::Store;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Notify;

/// What the service is made of.
pub struct ServiceConfig {
    /// All SQL.
    pub store: Store,
    /// Running.
    pub engine: Engine,
    /// The task types that the engine was started with.
    pub registry: Registry,
    /// What secrets at rest are sealed with.
    pub secret: SecretKey,
}

/// The use cases. Both doors hold it as `Arc<dyn UseCases>`.
pub struct Service {
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) registry: Registry,
    pub(crate) importer: Importer,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    pub(crate) principals: Principals,
    pub(crate) latest: LatestVersions,
    pub(crate) inputs: InputSchemas,
    pub(crate) known_me: Cache<(UserId, WorkspaceId), Me>,
    pub(crate) has_users: AtomicBool,
    pub(crate) hub: Hub,
    /// Rings when a batch was made or is to go on.
    pub(crate) batch_bell: Notify,
}

impl Service {
    /// Prepares everything; reads or makes the signing key.
    pub async fn start(config: ServiceConfig) -> anyhow::Result<Arc<Self>> {
        let ServiceConfig { store, engine, registry, secret } = config;
        let keys = Arc::new(SigningKeys::load(&store, &secret).await?);
        let believed = Duration::from_millis(limits::ACCOUNT_CACHE_MS);
        Ok(Arc::new(Self {
            importer: Importer::new(&registry),
            passwords: Passwords::new()?,
            throttle: Throttle::new(),
            principals: Principals::new(store.clone(), keys.clone()),
            latest: LatestVersions::new(store.clone()),
            inputs: InputSchemas::new(store.clone()),
            known_me: Cache::new(believed, 10_000),
            has_users: AtomicBool::new(false),
            hub: Hub::start(engine.subscribe(), engine.elsewhere()),
            batch_bell: Notify::new(),
            store,
            engine,
            registry,
            keys,
        }))
    }

    /// Who asks. Wrong credentials are an error, none are a stranger.
    pub async fn authenticate(&self, credentials: Credentials<'_>) -> Result<Option<Principal>> {
        self.principals.find(credentials).await
    }

    /// Removes what has ended: sessions and idempotency keys. Called now and then.
    pub async fn prune(&self) -> Result<()> {
        let now = source::now_ms();
        self.store.sessions_prune(now, now - limits::SESSION_IDLE_MS).await?;
        self.store.idempotency_prune(now).await?;
        Ok(())
    }
}
