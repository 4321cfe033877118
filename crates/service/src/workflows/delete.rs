//! Deleting a workflow: its history stays, its name is free again.

use crate::audit::{self, Entry};
use crate::authz::authorize;
use crate::error::Result;
use crate::service::Service;
use crate::source;
use heddle_api::params::DeleteWorkflow;
use heddle_api::{ApiError, ErrorCode, Permission, RequestContext};
use heddle_engine::kernel::Command;
use heddle_engine::runtime::CommandRequest;
use serde_json::json;

/// Instances terminated in one go.
const BATCH: u64 = 500;

impl Service {
    /// Deletes a workflow; 409 while instances run, unless forced.
    pub(crate) async fn delete_workflow(&self, context: &RequestContext, params: DeleteWorkflow) -> Result<()> {
        let allowed = authorize(context, Permission::WorkflowDelete)?;
        let workspace = allowed.workspace();
        let row = self
            .store
            .workflow(workspace, params.id)
            .await?
            .ok_or_else(|| ApiError::not_found("workflow", params.id))?;
        if params.force {
            allowed.and(Permission::InstanceTerminate)?;
        } else if !self.store.open_instances(workspace, params.id, 1).await?.is_empty() {
            return Err(ErrorCode::InstancesRunning.into());
        }
        let entry = Entry {
            workspace: Some(workspace),
            actor: allowed.actor(),
            action: "workflow.delete",
            target: params.id.to_string(),
            details: json!({"name": row.name, "force": params.force}),
        };
        // First the name goes, so that nothing new starts while the running ones are ended.
        if !self.store.workflow_delete(workspace, params.id, source::now_ms(), audit::row(context, entry)).await? {
            return Err(ApiError::not_found("workflow", params.id).into());
        }
        self.latest.forget(workspace, params.id, &row.name);
        if params.force {
            self.terminate_all(&allowed, params.id).await?;
        }
        Ok(())
    }

    async fn terminate_all(&self, allowed: &crate::Allowed<'_>, workflow: heddle_model::ids::WorkflowId) -> Result<()> {
        loop {
            let open = self.store.open_instances(allowed.workspace(), workflow, BATCH).await?;
            if open.is_empty() {
                return Ok(());
            }
            let mut ended = 0;
            for instance in open {
                let request = CommandRequest {
                    command: Command::Terminate { reason: "workflow deleted".to_owned() },
                    actor: allowed.actor().into(),
                    expected_seq: None,
                    dry_run: false,
                    idempotency: None,
                };
                match self.engine.command(allowed.workspace(), instance, request).await {
                    Ok(_) => ended += 1,
                    Err(error) => {
                        tracing::warn!(%error, %instance, "cannot terminate an instance of a deleted workflow")
                    }
                }
            }
            if ended == 0 {
                return Err(ErrorCode::InstancesRunning.into());
            }
        }
    }
}
