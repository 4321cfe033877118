//! Reading instances: from memory where they are, else from the database. Nothing here changes anything.

use super::engine::Engine;
use super::error::EngineError;
use super::message::{Key, Message};
use super::plans::LoadedInstance;
use crate::kernel::{EventRecord, InstanceState, codec};
use heddle_model::ids::{InstanceId, VersionId, WorkspaceId};
use heddle_model::plan::Plan;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often an instance of another server is looked at while its end is awaited.
const LOOK: Duration = Duration::from_millis(50);

impl Engine {
    /// An instance as of its last commit. `None` when there is none in that workspace.
    pub async fn load(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
    ) -> Result<Option<LoadedInstance>, EngineError> {
        let in_memory = if self.shared.shards.owns(instance.shard()) {
            self.tell(instance, |reply| Message::Peek { instance, reply }).await?
        } else {
            None
        };
        if let Some(state) = in_memory {
            if state.workspace != workspace {
                return Ok(None);
            }
            return self.with_plans(workspace, state).await.map(Some);
        }
        match self.shared.plans.load(workspace, instance).await? {
            Some(actor) => self.with_plans(workspace, Arc::new(actor.state)).await.map(Some),
            None => Ok(None),
        }
    }

    async fn with_plans(
        &self,
        workspace: WorkspaceId,
        state: Arc<InstanceState>,
    ) -> Result<LoadedInstance, EngineError> {
        let plan = self.shared.plans.get(workspace, state.version).await?;
        let mut earlier = Vec::with_capacity(state.versions.len());
        for &(last, version) in &state.versions {
            earlier.push((last, self.shared.plans.get(workspace, version).await?));
        }
        Ok(LoadedInstance { plan, state, earlier })
    }

    /// The state when the instance has ended, or when `wait` is over, whichever comes first.
    pub async fn wait_end(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        wait: Duration,
    ) -> Result<Option<LoadedInstance>, EngineError> {
        let key = Key { workspace, instance };
        let deadline = Instant::now() + wait;
        loop {
            if self.shared.shards.owns(instance.shard()) {
                let asked = self.tell(instance, |reply| Message::Wait { key, reply });
                match tokio::time::timeout_at(deadline, asked).await {
                    Ok(Err(EngineError::NotFound)) => return Ok(None),
                    Ok(Err(EngineError::Elsewhere)) => {}
                    Ok(Err(why)) => return Err(why),
                    Ok(Ok(_)) | Err(_) => return self.load(workspace, instance).await,
                }
            }
            // Another server's: nothing tells its end, so it is looked at.
            let found = self.load(workspace, instance).await?;
            let ended = found.as_ref().is_none_or(|it| it.state.status.is_ended());
            if ended || Instant::now() >= deadline || self.shared.stop.is_cancelled() {
                return Ok(found);
            }
            tokio::time::sleep(LOOK.min(deadline - Instant::now())).await;
        }
    }

    /// Events with a number above `after`, in order, at most about `limit` (whole commits are given).
    pub async fn events(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EventRecord>, EngineError> {
        let rows = self.shared.storage.journal(workspace, instance, after, limit.max(1)).await?;
        let mut events = Vec::new();
        for row in rows {
            let decoded = codec::decode_row(&row.events)
                .map_err(|why| EngineError::Internal(format!("event {}: {why}", row.first_seq)))?;
            events.extend(EventRecord::of_row(row.first_seq, row.at, decoded).filter(|event| event.seq > after));
        }
        events.truncate(limit.max(1) as usize);
        Ok(events)
    }

    /// A compiled version.
    pub async fn plan(&self, workspace: WorkspaceId, version: VersionId) -> Result<Arc<Plan>, EngineError> {
        self.shared.plans.get(workspace, version).await
    }
}
