//! Open instances that nothing would ever move: no task, timer, wait, job, message on its way, permit, child, incident or person.

use crate::row::{get, get_id, query, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{InstanceId, WorkspaceId};

/// Statuses of instances that something must move. A paused one waits for a person.
const MOVING: [&str; 2] = ["CREATED", "RUNNING"];

/// A page of open instances of a workspace in a status, each with whether a row says what moves it. The questions are asked one after the other, what most
/// instances wait for first, and each reads one row: written as `EXISTS`, PostgreSQL could read whole tables at once.
pub const CAUSES: &str = "SELECT i.id, CASE WHEN i.runnable = {true} OR i.incidents > 0 THEN 1 \
    WHEN (SELECT 1 FROM timer t WHERE t.workspace_id = i.workspace_id AND t.instance_id = i.id LIMIT 1) = 1 THEN 1 \
    WHEN (SELECT 1 FROM job j WHERE j.workspace_id = i.workspace_id AND j.instance_id = i.id LIMIT 1) = 1 THEN 1 \
    WHEN (SELECT 1 FROM subscription s WHERE s.workspace_id = i.workspace_id AND s.instance_id = i.id LIMIT 1) = 1 THEN 1 \
    WHEN (SELECT 1 FROM permit p WHERE p.workspace_id = i.workspace_id AND p.instance_id = i.id LIMIT 1) = 1 THEN 1 \
    WHEN (SELECT 1 FROM workflow_instance c WHERE c.workspace_id = i.workspace_id AND c.parent_id = i.id AND c.ended_at IS NULL LIMIT 1) = 1 THEN 1 \
    WHEN (SELECT 1 FROM inbox b WHERE b.shard = i.shard AND b.instance_id = i.id LIMIT 1) = 1 THEN 1 \
    WHEN (SELECT 1 FROM node_instance n WHERE n.workspace_id = i.workspace_id AND n.instance_id = i.id \
    AND n.reason IN ('human', 'condition') LIMIT 1) = 1 THEN 1 \
    ELSE 0 END AS moved FROM workflow_instance i WHERE i.workspace_id = $1 AND i.status = $2 AND i.id > $3 ORDER BY i.id LIMIT $4";

/// Where a walk over all open instances stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CausePlace {
    workspace: WorkspaceId,
    status: usize,
    after: InstanceId,
}

/// What a part of the walk has seen.
#[derive(Debug, Default)]
pub struct CausePage {
    /// Open instances looked at.
    pub looked: u64,
    /// Those without a row that says what moves them.
    pub unmoved: Vec<(WorkspaceId, InstanceId)>,
    /// Where the walk goes on; `None`: it has come to its end.
    pub next: Option<CausePlace>,
}

impl Store {
    /// Looks at the next open instances, at most `limit`, from a place on; `None` begins anew.
    pub async fn causes(&self, from: Option<CausePlace>, limit: u32) -> Result<CausePage, StoreError> {
        let limit = limit.max(1);
        let workspaces: Vec<WorkspaceId> = self.workspaces().await?.into_iter().map(|workspace| workspace.id).collect();
        let mut places = workspaces
            .iter()
            .flat_map(|&workspace| (0..MOVING.len()).map(move |status| (workspace, status)))
            .map(|(workspace, status)| CausePlace { workspace, status, after: InstanceId::from_u128(0) })
            .filter(|place| from.is_none_or(|from| (place.workspace, place.status) >= (from.workspace, from.status)))
            .collect::<Vec<_>>();
        places.sort_by_key(|place| (place.workspace, place.status));
        if let (Some(first), Some(from)) = (places.first_mut(), from)
            && (first.workspace, first.status) == (from.workspace, from.status)
        {
            *first = from;
        }
        let mut page = CausePage::default();
        for place in places {
            let left = u64::from(limit) - page.looked;
            if left == 0 {
                page.next = Some(place);
                return Ok(page);
            }
            if let Some(next) = self.causes_of(place, left, &mut page).await? {
                page.next = Some(next);
                return Ok(page);
            }
        }
        Ok(page)
    }

    /// Whether an instance is open and no row says what moves it.
    pub async fn is_unmoved(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<bool, StoreError> {
        let after = InstanceId::from_u128(instance.as_u128().saturating_sub(1));
        let mut page = CausePage::default();
        for status in 0..MOVING.len() {
            self.causes_of(CausePlace { workspace, status, after }, 1, &mut page).await?;
        }
        Ok(page.unmoved.contains(&(workspace, instance)))
    }

    /// The next instances of one workspace in one status; where there may be more of them.
    async fn causes_of(
        &self,
        place: CausePlace,
        limit: u64,
        page: &mut CausePage,
    ) -> Result<Option<CausePlace>, StoreError> {
        let is_true = if self.backend() == crate::Backend::Postgres { "true" } else { "1" };
        let sql = CAUSES.replace("{true}", is_true);
        let values = vec![
            uuid(place.workspace.as_u128()).into(),
            MOVING[place.status].into(),
            uuid(place.after.as_u128()).into(),
            limit.cast_signed().into(),
        ];
        let rows = self.run(move |store| async move { query(store.reader(), &sql, values).await }).await?;
        page.looked += rows.len() as u64;
        let mut last = place.after;
        for row in &rows {
            last = InstanceId::from_u128(get_id(row, "id")?);
            if get::<i32>(row, "moved")? == 0 {
                page.unmoved.push((place.workspace, last));
            }
        }
        Ok((rows.len() as u64 == limit).then_some(CausePlace { after: last, ..place }))
    }
}
