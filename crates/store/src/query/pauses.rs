//! Pauses wider than an instance: written here, read by the engine.

use super::audit::{self, AuditRow};
use super::sql::Sql;
use crate::row::{text, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::{Pause, PauseScope};
use sea_orm::prelude::Uuid;

impl Store {
    /// Pauses something; what is paused already stays as it was. `false`: it was.
    pub async fn pause_put(&self, pause: Pause, audit: AuditRow) -> Result<bool, StoreError> {
        let workspace: Option<Uuid> = match pause.scope {
            PauseScope::Workflow(workspace, _) => Some(uuid(workspace.as_u128())),
            PauseScope::Engine | PauseScope::TaskType(_) => None,
        };
        let mut sql = Sql::new("INSERT INTO pause (scope, subject, workspace_id, since, paused_by, reason) VALUES ");
        sql.push(
            "(?, ?, ?, ?, ?, ?) ON CONFLICT (scope, subject) DO NOTHING",
            [
                pause.scope.as_str().into(),
                text(&pause.scope.subject()).into_owned().into(),
                workspace.into(),
                pause.since.into(),
                pause.by.into(),
                text(&pause.reason).into_owned().into(),
            ],
        );
        self.write_unit(move |db| {
            Box::pin(async move {
                let is_new = sql.execute(db).await? > 0;
                if is_new {
                    audit::append(db, &audit).await?;
                }
                Ok(is_new)
            })
        })
        .await
    }

    /// Lifts a pause; `false`: there was none.
    pub async fn pause_delete(&self, scope: &PauseScope, audit: AuditRow) -> Result<bool, StoreError> {
        let mut sql = Sql::new("DELETE FROM pause WHERE ");
        sql.push("scope = ? AND subject = ?", [scope.as_str().into(), text(&scope.subject()).into_owned().into()]);
        self.write_unit(move |db| {
            Box::pin(async move {
                let was_there = sql.execute(db).await? > 0;
                if was_there {
                    audit::append(db, &audit).await?;
                }
                Ok(was_there)
            })
        })
        .await
    }
}
