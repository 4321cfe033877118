//! Which version a name or an id stands for now: asked at every start, so kept in memory and forgotten at every change.

use crate::cache::Cache;
use crate::error::Result;
use heddle_model::ids::{VersionId, WorkflowId, WorkspaceId};
use heddle_model::limits;
use heddle_store::Store;
use heddle_store::query::WorkflowRow;
use std::time::Duration;

/// What a start needs to know of a workflow.
#[derive(Debug, Clone)]
pub(crate) struct Latest {
    /// The workflow.
    pub(crate) workflow: WorkflowId,
    /// Its version.
    pub(crate) version: VersionId,
    /// That version's number.
    pub(crate) number: u32,
}

/// The latest versions, by name and by id, per workspace.
pub(crate) struct LatestVersions {
    store: Store,
    by_name: Cache<(WorkspaceId, String), Latest>,
    by_id: Cache<(WorkspaceId, WorkflowId), Latest>,
    numbered: Cache<(WorkspaceId, WorkflowId, u32), VersionId>,
}

impl LatestVersions {
    pub(crate) fn new(store: Store) -> Self {
        // Other servers publish too: what they did is seen this late.
        let believed = Duration::from_millis(limits::LATEST_CACHE_MS);
        Self {
            store,
            by_name: Cache::new(believed, 10_000),
            by_id: Cache::new(believed, 10_000),
            numbered: Cache::new(Duration::from_secs(3600), 10_000),
        }
    }

    /// By name; `None` when there is none.
    pub(crate) async fn by_name(&self, workspace: WorkspaceId, name: &str) -> Result<Option<Latest>> {
        let key = (workspace, name.to_owned());
        if let Some(latest) = self.by_name.get(&key) {
            return Ok(Some(latest));
        }
        let latest = self.store.workflow_by_name(workspace, name).await?.as_ref().map(latest);
        if let Some(latest) = &latest {
            self.by_name.put(key, latest.clone());
        }
        Ok(latest)
    }

    /// By id; `None` when there is none.
    pub(crate) async fn by_id(&self, workspace: WorkspaceId, id: WorkflowId) -> Result<Option<Latest>> {
        let key = (workspace, id);
        if let Some(latest) = self.by_id.get(&key) {
            return Ok(Some(latest));
        }
        let latest = self.store.workflow(workspace, id).await?.as_ref().map(latest);
        if let Some(latest) = &latest {
            self.by_id.put(key, latest.clone());
        }
        Ok(latest)
    }

    /// The same workflow at another version; `None` when it has no such version.
    pub(crate) async fn at(&self, workspace: WorkspaceId, latest: Latest, number: u32) -> Result<Option<Latest>> {
        if latest.number == number {
            return Ok(Some(latest));
        }
        let key = (workspace, latest.workflow, number);
        if let Some(version) = self.numbered.get(&key) {
            return Ok(Some(Latest { version, number, ..latest }));
        }
        let Some(row) = self.store.version(workspace, latest.workflow, number).await? else { return Ok(None) };
        self.numbered.put(key, row.id);
        Ok(Some(Latest { version: row.id, number, ..latest }))
    }

    /// Forgets a workflow, after a change of it.
    pub(crate) fn forget(&self, workspace: WorkspaceId, id: WorkflowId, name: &str) {
        self.by_id.remove(&(workspace, id));
        self.by_name.remove(&(workspace, name.to_owned()));
    }
}

fn latest(row: &WorkflowRow) -> Latest {
    Latest { workflow: row.id, version: row.latest_version, number: row.latest_number }
}
