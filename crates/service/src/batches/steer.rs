//! Pausing, resuming and cancelling a batch.

use crate::audit::{self, Entry};
use crate::authz::authorize;
use crate::error::Result;
use crate::service::Service;
use heddle_api::params::{BatchAction, BatchActionName};
use heddle_api::view::BatchView;
use heddle_api::{ErrorCode, Permission, RequestContext};
use heddle_engine::runtime::EngineError;
use heddle_model::lifecycle::{BatchStatus, IllegalTransition};
use serde_json::json;

impl Service {
    /// Who may do what the batch does may also stop it.
    pub(crate) async fn act_on_batch(&self, context: &RequestContext, params: BatchAction) -> Result<BatchView> {
        let looking = authorize(context, Permission::InstanceView)?;
        let batch = self.batch(looking, params.id).await?;
        let allowed = super::may(context, super::action_of(&batch)?)?;
        let (to, word) = match params.action {
            BatchActionName::Pause => (BatchStatus::Paused, "batch.pause"),
            BatchActionName::Resume => (BatchStatus::Running, "batch.resume"),
            BatchActionName::Cancel => (BatchStatus::Cancelled, "batch.cancel"),
        };
        batch.status.to(to, batch.id).map_err(refused)?;
        let entry = Entry {
            workspace: Some(allowed.workspace()),
            actor: allowed.actor(),
            action: word,
            target: batch.id.to_string(),
            details: json!({}),
        };
        if !self.store.batch_move(&batch, to, audit::row(context, entry)).await? {
            // It has ended, or somebody was faster.
            return Err(ErrorCode::Conflict.into());
        }
        self.batch_bell.notify_one();
        super::read::view(self.batch(allowed, params.id).await?)
    }
}

fn refused(illegal: IllegalTransition) -> EngineError {
    EngineError::IllegalTransition { from: illegal.from.to_owned(), to: illegal.to.to_owned(), id: illegal.id }
}
