//! The incident of an instance whose stored data cannot be read. It is written beside the journal, which nothing can follow any more.

use super::inbox::backend;
use super::lease::clock;
use crate::row::{execute, text, uuid};
use crate::{Store, StoreError};
use heddle_engine::kernel::IncidentKind;
use heddle_engine::storage::QUARANTINE;
use heddle_model::ids::{InstanceId, WorkspaceId};

pub(super) async fn open(
    store: &Store,
    workspace: WorkspaceId,
    instance: InstanceId,
    why: String,
) -> Result<(), StoreError> {
    let insert = format!(
        "INSERT INTO incident (workspace_id, id, instance_id, number, kind, code, message, opened_at) \
         SELECT i.workspace_id, $3, i.id, $4, $5, 'DAMAGED', $6, {} FROM workflow_instance i WHERE i.workspace_id = $1 AND i.id = $2 \
         ON CONFLICT DO NOTHING",
        clock(backend(store))
    );
    let count = "UPDATE workflow_instance SET incidents = incidents + 1 WHERE workspace_id = $1 AND id = $2";
    store
        .engine_write_unit(move |transaction| {
            Box::pin(async move {
                let key = || vec![uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into()];
                let mut values = key();
                values.extend([
                    uuid(instance.incident(QUARANTINE).as_u128()).into(),
                    QUARANTINE.cast_signed().into(),
                    IncidentKind::Quarantined.as_str().into(),
                    text(&why).into_owned().into(),
                ]);
                if execute(transaction, &insert, values).await? == 1 {
                    execute(transaction, count, key()).await?;
                }
                Ok(())
            })
        })
        .await
}
