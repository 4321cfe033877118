//! The plan cache: versions never change, so a compiled one never goes stale.

use super::actor::Actor;
use super::error::EngineError;
use crate::kernel::InstanceState;
use crate::storage::Storage;
use heddle_model::format::{self, Format};
use heddle_model::ids::{InstanceId, VersionId, WorkspaceId};
use heddle_model::plan::Plan;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// How many compiled versions are kept. One takes a few kilobytes; past this the cache starts anew.
const CAPACITY: usize = 10_000;

/// An instance, folded from what is stored or taken from memory.
#[derive(Clone)]
pub struct LoadedInstance {
    /// The version it runs.
    pub plan: Arc<Plan>,
    /// Where it is.
    pub state: Arc<InstanceState>,
}

/// Compiled versions by id.
pub(super) struct Plans {
    storage: Arc<dyn Storage>,
    plans: RwLock<HashMap<VersionId, Arc<Plan>>>,
}

impl Plans {
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, plans: RwLock::default() }
    }

    /// The compiled version.
    pub(super) async fn get(&self, workspace: WorkspaceId, version: VersionId) -> Result<Arc<Plan>, EngineError> {
        if let Some(plan) = self.plans.read().unwrap_or_else(PoisonError::into_inner).get(&version) {
            return Ok(plan.clone());
        }
        let text = self
            .storage
            .definition(workspace, version)
            .await?
            .ok_or_else(|| EngineError::Internal(format!("version {version} is gone")))?;
        let parsed = format::parse(&text, Format::Json);
        let definition = parsed
            .definition
            .ok_or_else(|| EngineError::Internal(format!("the stored definition of {version} cannot be read")))?;
        let plan = Arc::new(
            Plan::compile(&definition).map_err(|why| EngineError::Internal(format!("version {version}: {why}")))?,
        );
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= CAPACITY {
            plans.clear();
        }
        plans.insert(version, plan.clone());
        Ok(plan)
    }

    /// An instance, folded from what is stored.
    pub(super) async fn load(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
    ) -> Result<Option<Actor>, EngineError> {
        let Some(stored) = self.storage.load(workspace, instance).await? else { return Ok(None) };
        let plan = self.get(workspace, stored.version).await?;
        Actor::fold(plan, workspace, instance, &stored).map(Some).map_err(|why| EngineError::Internal(why.to_string()))
    }
}
