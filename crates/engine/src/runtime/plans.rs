//! The plan cache: versions never change, so a compiled one never goes stale.

use super::actor::{Actor, Damaged};
use super::error::EngineError;
use super::journal::Journal;
use crate::kernel::{InstanceState, PlanSet};
use crate::storage::Storage;
use heddle_model::format::{self, Format};
use heddle_model::ids::{InstanceId, VersionId, WorkspaceId};
use heddle_model::plan::Plan;
use std::collections::HashMap;
use std::collections::btree_map::Entry;
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
    /// The versions that it ran before, each with the last event of its time.
    pub earlier: Vec<(u64, Arc<Plan>)>,
}

impl LoadedInstance {
    /// The version that ran at an event.
    pub fn plan_at(&self, seq: u64) -> &Arc<Plan> {
        self.earlier.iter().find(|(last, _)| seq <= *last).map_or(&self.plan, |(_, plan)| plan)
    }
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
        let plan = Arc::new(compile(version, &text)?);
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
        let damaged = |why: Damaged| EngineError::Damaged(why.to_string());
        let journal = Journal::read(instance, &stored).map_err(damaged)?;
        let versions: Vec<VersionId> = journal.versions().collect();
        let plans = self.set(workspace, versions).await?;
        let snapshot_seq = stored.snapshot.map_or(0, |snapshot| snapshot.seq);
        let actor = Actor::fold(&plans, (workspace, instance), journal, snapshot_seq).map_err(damaged)?;
        Ok(Some(Actor { quarantined: stored.quarantined, ..actor }))
    }

    /// Compiled versions.
    pub(super) async fn set(&self, workspace: WorkspaceId, versions: Vec<VersionId>) -> Result<PlanSet, EngineError> {
        let mut plans = PlanSet::new();
        for version in versions {
            if let Entry::Vacant(place) = plans.entry(version) {
                place.insert(self.get(workspace, version).await?);
            }
        }
        Ok(plans)
    }
}

/// Compiles a version from its canonical JSON.
pub(super) fn compile(version: VersionId, text: &str) -> Result<Plan, EngineError> {
    let definition = format::parse(text, Format::Json)
        .definition
        .ok_or_else(|| EngineError::Internal(format!("the stored definition of {version} cannot be read")))?;
    Plan::compile(&definition).map_err(|why| EngineError::Internal(format!("version {version}: {why}")))
}
