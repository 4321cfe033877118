//! Incidents and search values of one instance.

use super::sql::Sql;
use crate::row::{get, get_u32, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::IncidentRow;
use heddle_model::ids::{InstanceId, WorkspaceId};

/// Every word that the engine writes into `kind`.
const KINDS: [&str; 8] =
    ["error", "no_path", "deadlock", "poisoned", "expression", "limit", "compensation", "quarantined"];

impl Store {
    /// Incidents of an instance, open and resolved, by number.
    pub async fn incidents(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        let mut sql =
            Sql::new("SELECT number, kind, node_id, code, message, opened_at, resolved_at FROM incident WHERE ");
        sql.push(
            "workspace_id = ? AND instance_id = ? ORDER BY number",
            [uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into()],
        );
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            rows.iter()
                .map(|row| {
                    let kind: String = get(row, "kind")?;
                    Ok(IncidentRow {
                        number: get_u32(row, "number")?,
                        kind: super::node_instances::word(&KINDS, &kind)?,
                        node: get::<Option<String>>(row, "node_id")?.map(Into::into),
                        code: get(row, "code")?,
                        message: get(row, "message")?,
                        opened_at: get(row, "opened_at")?,
                        resolved_at: get(row, "resolved_at")?,
                    })
                })
                .collect()
        })
        .await
    }

    /// Search values of an instance as JSON, by name.
    pub async fn search_values(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut sql = Sql::new("SELECT name, value FROM search_value WHERE ");
        sql.push(
            "workspace_id = ? AND instance_id = ? ORDER BY name",
            [uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into()],
        );
        self.run(|store| async move {
            sql.all(store.reader()).await?.iter().map(|row| Ok((get(row, "name")?, get(row, "value")?))).collect()
        })
        .await
    }
}
