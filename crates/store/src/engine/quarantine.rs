//! The incident of an instance in quarantine: its stored data cannot be read, or the database refuses what it comes to. It is written
//! beside the journal.

use super::inbox::backend;
use super::lease::clock;
use crate::row::{execute, text, uuid};
use crate::{Store, StoreError};
use heddle_engine::kernel::IncidentKind;
use heddle_engine::storage::{QUARANTINE, Quarantine};
use heddle_model::ids::{InstanceId, WorkspaceId};

pub(super) async fn open(
    store: &Store,
    workspace: WorkspaceId,
    instance: InstanceId,
    (cause, why): (Quarantine, String),
) -> Result<(), StoreError> {
    let insert = format!(
        "INSERT INTO incident (workspace_id, id, instance_id, number, kind, code, message, opened_at) \
         SELECT i.workspace_id, $3, i.id, $4, $5, $6, $7, {} FROM workflow_instance i WHERE i.workspace_id = $1 AND i.id = $2 \
         ON CONFLICT (workspace_id, id) DO UPDATE SET code = excluded.code, message = excluded.message, opened_at = excluded.opened_at, \
         resolved_at = NULL WHERE incident.resolved_at IS NOT NULL",
        clock(backend(store))
    );
    store
        .engine_write_unit(move |transaction| {
            Box::pin(async move {
                let key = || vec![uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into()];
                let mut values = key();
                values.extend([
                    uuid(instance.incident(QUARANTINE).as_u128()).into(),
                    QUARANTINE.cast_signed().into(),
                    IncidentKind::Quarantined.as_str().into(),
                    cause.code().into(),
                    text(&why).into_owned().into(),
                ]);
                if execute(transaction, &insert, values).await? == 1 {
                    execute(transaction, COUNT, key()).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Closes it, where it is open.
pub(super) async fn close(store: &Store, workspace: WorkspaceId, instance: InstanceId) -> Result<(), StoreError> {
    let close = format!(
        "UPDATE incident SET resolved_at = {} WHERE workspace_id = $1 AND id = $2 AND resolved_at IS NULL",
        clock(backend(store))
    );
    store
        .engine_write_unit(move |transaction| {
            Box::pin(async move {
                let incident = uuid(instance.incident(QUARANTINE).as_u128());
                let values = vec![uuid(workspace.as_u128()).into(), incident.into()];
                if execute(transaction, &close, values).await? == 1 {
                    let key = vec![uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into()];
                    execute(transaction, COUNT, key).await?;
                }
                Ok(())
            })
        })
        .await
}

/// The hot row counts what is open.
const COUNT: &str = "UPDATE workflow_instance SET incidents = (SELECT count(*) FROM incident c WHERE c.workspace_id = $1 AND c.instance_id = $2 \
    AND c.resolved_at IS NULL) WHERE workspace_id = $1 AND id = $2";
