//! What is paused beyond single instances, as the engine reads it.

use super::read::connection;
use crate::row::{get, query};
use crate::{Store, StoreError};
use heddle_engine::storage::{Pause, PauseScope};
use heddle_model::ids::WorkspaceId;
use sea_orm::QueryResult;
use sea_orm::prelude::Uuid;

pub(super) async fn all(store: &Store) -> Result<Vec<Pause>, StoreError> {
    let sql = "SELECT scope, subject, workspace_id, since, paused_by, reason FROM pause ORDER BY scope, subject";
    query(&connection(store), sql, Vec::new()).await?.iter().map(pause).collect()
}

fn pause(row: &QueryResult) -> Result<Pause, StoreError> {
    let (scope, subject): (String, String) = (get(row, "scope")?, get(row, "subject")?);
    let workspace = get::<Option<Uuid>>(row, "workspace_id")?.map(|id| WorkspaceId::from_u128(id.as_u128()));
    let scope = PauseScope::parse(&scope, &subject, workspace)
        .ok_or_else(|| StoreError::Fatal(format!("there is no pause of {scope} `{subject}`")))?;
    Ok(Pause { scope, since: get(row, "since")?, by: get(row, "paused_by")?, reason: get(row, "reason")? })
}
