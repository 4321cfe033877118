//! Pauses wider than an instance: of everything, a task type, a workflow.

use crate::audit::{self, Entry};
use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::service::Service;
use crate::source;
use heddle_api::params::{PauseOf, PutPause};
use heddle_api::view::PauseView;
use heddle_api::{ApiError, Page, Permission, RequestContext, Timestamp};
use heddle_engine::storage::{Pause, PauseScope};
use heddle_model::limits;
use heddle_store::query::AuditRow;
use serde_json::json;

impl Service {
    /// What is paused: of everybody, and of this workspace.
    pub(crate) async fn list_pauses(&self, context: &RequestContext) -> Result<Page<PauseView>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        self.engine.refresh_pauses().await?;
        let is_ours = |pause: &Pause| match pause.scope {
            PauseScope::Workflow(workspace, _) => workspace == allowed.workspace(),
            PauseScope::Engine | PauseScope::TaskType(_) => true,
        };
        let items = self.engine.pauses().iter().filter(|pause| is_ours(pause)).map(shown).collect();
        Ok(Page { items, next_cursor: None })
    }

    /// Pauses something. What is paused already stays as it was.
    pub(crate) async fn put_pause(&self, context: &RequestContext, params: PutPause) -> Result<PauseView> {
        let (allowed, scope) = self.pausable(context, &params.of).await?;
        if params.reason.len() > limits::PAUSE_REASON_BYTES {
            let (en, zh) = ("The reason is too long.", "原因过长。");
            return Err(ApiError::invalid("/reason", en, zh, context.lang).into());
        }
        let pause = Pause { scope, since: source::now_ms(), by: allowed.actor(), reason: params.reason };
        let told = told(context, allowed, "pause.put", &pause.scope, json!({"reason": pause.reason}));
        self.store.pause_put(pause.clone(), told).await?;
        self.engine.refresh_pauses().await?;
        let stands = self.engine.pauses().into_iter().find(|known| known.scope == pause.scope);
        Ok(shown(&stands.unwrap_or(pause)))
    }

    /// Lifts a pause.
    pub(crate) async fn delete_pause(&self, context: &RequestContext, of: PauseOf) -> Result<()> {
        let (allowed, scope) = self.pausable(context, &of).await?;
        let was_there =
            self.store.pause_delete(&scope, told(context, allowed, "pause.delete", &scope, json!({}))).await?;
        self.engine.refresh_pauses().await?;
        if was_there { Ok(()) } else { Err(ApiError::not_found("pause", of.subject).into()) }
    }

    /// What is meant, for one who may pause it: a workflow of their own workspace, or what concerns every workspace.
    async fn pausable<'a>(&self, context: &'a RequestContext, of: &PauseOf) -> Result<(Allowed<'a>, PauseScope)> {
        let permission = match of.scope.as_str() {
            "workflow" => Permission::InstanceOperate,
            _ => Permission::ClusterManage,
        };
        let allowed = authorize(context, permission)?;
        let missing = || ApiError::not_found(if of.scope == "workflow" { "workflow" } else { "pause" }, &of.subject);
        let scope = PauseScope::parse(&of.scope, &of.subject, Some(allowed.workspace())).ok_or_else(missing)?;
        match &scope {
            PauseScope::Workflow(workspace, workflow) => {
                self.latest.by_id(*workspace, *workflow).await?.ok_or_else(missing)?;
            }
            PauseScope::TaskType(name) if name.len() > limits::NAME_BYTES => return Err(missing().into()),
            PauseScope::Engine | PauseScope::TaskType(_) => {}
        }
        Ok((allowed, scope))
    }
}

/// The pause in the words of the contract.
pub(crate) fn shown(pause: &Pause) -> PauseView {
    PauseView {
        scope: pause.scope.as_str().to_owned(),
        subject: pause.scope.subject(),
        since: Timestamp(pause.since),
        paused_by: pause.by.clone(),
        reason: pause.reason.clone(),
    }
}

fn told(
    context: &RequestContext,
    allowed: Allowed<'_>,
    action: &'static str,
    scope: &PauseScope,
    details: serde_json::Value,
) -> AuditRow {
    let workspace = match scope {
        PauseScope::Workflow(workspace, _) => Some(*workspace),
        PauseScope::Engine | PauseScope::TaskType(_) => None,
    };
    let target = format!("{}/{}", scope.as_str(), scope.subject());
    audit::row(context, Entry { workspace, actor: allowed.actor(), action, target, details })
}
