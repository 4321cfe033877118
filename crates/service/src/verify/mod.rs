//! `heddle verify`: reads everything and tells what does not fit: audit chains, journals, and what was derived from them.
//!
//! It may run beside servers: an instance that goes on meanwhile is compared when its row and its journal are at the same event. An instance that
//! does not fit gets an incident `quarantined`, so that whoever looks after it hears of it.

mod instance;

use crate::error::Result;
use futures::StreamExt;
use heddle_api::{ApiError, ErrorCode};
use heddle_engine::kernel::PlanSet;
use heddle_engine::storage::{Quarantine, Storage, StorageError};
use heddle_model::format::{self, Format};
use heddle_model::ids::{InstanceId, VersionId, WorkspaceId};
use heddle_model::limits;
use heddle_model::plan::Plan;
use heddle_store::Store;
use heddle_store::query::InstanceFilter;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Instances that are read at a time.
const ABREAST: usize = 8;

/// What verification has read and found.
#[derive(Debug, Default, Clone)]
pub struct Verified {
    /// Rows of audit logs.
    pub audit_rows: u64,
    /// Instances.
    pub instances: u64,
    /// Events of their journals.
    pub events: u64,
    /// What does not fit, one line each.
    pub problems: Vec<String>,
}

/// Reads the whole database; tells how far it is now and then.
pub async fn verify(store: &Store, mut progress: impl FnMut(&Verified)) -> Result<Verified> {
    let mut verified = Verified::default();
    let workspaces = store.workspaces().await?;
    for chain in std::iter::once(None).chain(workspaces.iter().map(|workspace| Some(workspace.id))) {
        let (rows, problem) = store.audit_verify(chain).await?;
        verified.audit_rows += rows;
        if let Some(problem) = problem {
            let name = chain.map_or_else(|| "the server".to_owned(), |workspace| workspace.to_string());
            verified.problems.push(format!("audit log of {name}: {problem:?}"));
        }
    }
    for workspace in workspaces {
        instances(store, workspace.id, &mut verified, &mut progress).await?;
    }
    Ok(verified)
}

async fn instances(
    store: &Store,
    workspace: WorkspaceId,
    verified: &mut Verified,
    progress: &mut impl FnMut(&Verified),
) -> Result<()> {
    let plans = Plans { store, workspace, known: Mutex::default() };
    let mut after: Option<InstanceId> = None;
    loop {
        let rows = store.instances(workspace, &InstanceFilter::default(), true, limits::PAGE_ROWS, after).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id);
        let ids = rows.iter().map(|row| row.id);
        let plans = &plans;
        let looks: Vec<_> = futures::stream::iter(ids)
            .map(|id| async move { (id, instance::verify(plans, id).await) })
            .buffered(ABREAST)
            .collect()
            .await;
        for (id, look) in looks {
            let look = look?;
            verified.instances += 1;
            verified.events += look.events;
            if let Some(why) = look.problem {
                store.quarantine(workspace, id, Quarantine::Found, &why).await.map_err(unreadable)?;
                verified.problems.push(format!("instance {id}: {why}"));
            }
        }
        progress(verified);
    }
}

/// What a person is told when the database cannot be read.
pub(crate) fn unreadable(error: StorageError) -> ApiError {
    tracing::error!(%error, "the database cannot be read");
    ApiError::new(ErrorCode::Unavailable)
}

/// Compiled versions of a workspace.
struct Plans<'a> {
    store: &'a Store,
    workspace: WorkspaceId,
    known: Mutex<PlanSet>,
}

impl Plans<'_> {
    /// These versions; what one of them lacks, where one cannot be had.
    async fn set(&self, versions: impl Iterator<Item = VersionId>) -> Result<std::result::Result<PlanSet, String>> {
        let mut known = self.known.lock().await;
        let mut plans = PlanSet::new();
        for version in versions {
            let plan = match known.entry(version) {
                Entry::Occupied(plan) => plan.get().clone(),
                Entry::Vacant(place) => match self.compile(version).await? {
                    Ok(plan) => place.insert(plan).clone(),
                    Err(why) => return Ok(Err(why)),
                },
            };
            plans.insert(version, plan);
        }
        Ok(Ok(plans))
    }

    async fn compile(&self, version: VersionId) -> Result<std::result::Result<Arc<Plan>, String>> {
        let Some(text) = self.store.definition(self.workspace, version).await.map_err(unreadable)? else {
            return Ok(Err(format!("version {version} is gone")));
        };
        let Some(definition) = format::parse(&text, Format::Json).definition else {
            return Ok(Err(format!("the definition of {version} cannot be read")));
        };
        Ok(Plan::compile(&definition).map(Arc::new).map_err(|why| format!("version {version}: {why}")))
    }
}
