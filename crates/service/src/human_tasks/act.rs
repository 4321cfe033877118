//! What people do about their tasks: the kernel decides, so that of two at once one comes first.

use super::form;
use super::person::caller;
use super::view;
use crate::audit::{self, Entry};
use crate::authz::{Allowed, authorize};
use crate::error::{Error, Result};
use crate::service::Service;
use heddle_api::params::{HumanTaskAction, HumanTaskStep};
use heddle_api::view::HumanTaskView;
use heddle_api::{ApiError, ErrorCode, Permission, RequestContext};
use heddle_engine::kernel::{Command, HumanAction, HumanRefusal, InstanceState};
use heddle_engine::runtime::{CommandRequest, EngineError};
use heddle_model::ids::InstanceId;
use heddle_model::lifecycle::HumanTaskStatus;
use heddle_model::limits;
use serde_json::{Value, json};
use std::sync::Arc;

impl Service {
    /// Claims a task, gives it back or to somebody, keeps a draft, or completes it.
    pub(crate) async fn act_on_human_task(
        &self,
        context: &RequestContext,
        params: HumanTaskAction,
    ) -> Result<HumanTaskView> {
        let allowed = authorize(context, Permission::TaskWork)?;
        let person = caller(allowed.principal());
        let HumanTaskAction { id, step } = params;
        let detail = self.seen_task(allowed, id, &person).await?;
        if detail.row.ended_at.is_some() {
            let to = match step {
                HumanTaskStep::Complete(_) => HumanTaskStatus::Done,
                HumanTaskStep::Release => HumanTaskStatus::Open,
                _ => HumanTaskStatus::Claimed,
            };
            let (from, to) = (detail.row.status, to.as_str().to_owned());
            return Err(EngineError::IllegalTransition { from, to, id: id.to_string() }.into());
        }
        let by = person.clone();
        let action = match step {
            HumanTaskStep::Claim => HumanAction::Claim { by },
            HumanTaskStep::Release => HumanAction::Release { by },
            HumanTaskStep::Assign(wish) => {
                let to = self.colleague(allowed.workspace(), &wish.to, context).await?;
                HumanAction::Assign { by, to, keep_draft: wish.keep_draft }
            }
            HumanTaskStep::Draft(draft) => {
                if draft.to_string().len() > limits::HUMAN_DRAFT_BYTES {
                    let kib = limits::HUMAN_DRAFT_BYTES / 1024;
                    let (en, zh) = (format!("A draft has at most {kib} KiB."), format!("草稿最多 {kib} KiB。"));
                    return Err(ApiError::invalid("/draft", en, zh, context.lang).into());
                }
                HumanAction::Save { by, draft }
            }
            HumanTaskStep::Complete(output) => {
                form::check(view::task(&detail).config.0.get("form"), &output, context.lang)?;
                HumanAction::Complete { by, output }
            }
        };
        let node = detail.row.instance.node_instance(detail.row.number).to_string();
        self.do_about_task(context, allowed, (detail.row.instance, node, action)).await?;
        let detail = self.store.human_task(allowed.workspace(), id).await?;
        let detail = detail.ok_or_else(|| ApiError::not_found("human task", id))?;
        Ok(view::whole(detail, allowed.principal(), &person))
    }

    /// Completes a task by the address of its instance, by the same rules.
    pub(crate) async fn complete_task_of_person(
        &self,
        context: &RequestContext,
        allowed: Allowed<'_>,
        (state, node, output): (&InstanceState, String, Value),
    ) -> Result<Arc<InstanceState>> {
        let named = state.live.keys().find(|&&number| state.id.node_instance(number).to_string() == node);
        let form = named.and_then(|&number| state.human_task(number)).and_then(|task| task.config.0.get("form"));
        form::check(form, &output, context.lang)?;
        let by = caller(allowed.principal());
        self.do_about_task(context, allowed, (state.id, node, HumanAction::Complete { by, output })).await
    }

    async fn do_about_task(
        &self,
        context: &RequestContext,
        allowed: Allowed<'_>,
        (instance, node, action): (InstanceId, String, HumanAction),
    ) -> Result<Arc<InstanceState>> {
        let word = match &action {
            HumanAction::Claim { .. } => "task.claim",
            HumanAction::Release { .. } => "task.release",
            HumanAction::Assign { .. } => "task.assign",
            HumanAction::Save { .. } => "task.draft",
            HumanAction::Complete { .. } => "task.complete",
        };
        let to = if let HumanAction::Assign { to, .. } = &action { Some(to.name.to_string()) } else { None };
        let details = json!({"node": node, "to": to});
        let request = CommandRequest {
            command: Command::Human { node, action },
            actor: allowed.actor().into(),
            expected_seq: None,
            dry_run: false,
            idempotency: None,
        };
        let outcome = self.engine.carry_out(allowed.workspace(), instance, request).await?;
        // A draft is saved many times, and its events tell of it.
        if word != "task.draft" {
            let entry = Entry {
                workspace: Some(allowed.workspace()),
                actor: allowed.actor(),
                action: word,
                target: instance.to_string(),
                details,
            };
            self.store.audit_append(audit::row(context, entry)).await?;
        }
        Ok(outcome.state)
    }
}

impl From<HumanRefusal> for Error {
    fn from(refusal: HumanRefusal) -> Self {
        let with = |code, en: &str, zh: &str| Self(ApiError::new(code).detail(en, zh));
        match refusal {
            HumanRefusal::Taken { by } => {
                let (en, zh) = (format!("`{by}` has taken this task."), format!("该任务已由 `{by}` 领取。"));
                Self(ApiError::new(ErrorCode::TaskTaken).detail(en, zh).member("assignee", &*by))
            }
            HumanRefusal::NoCandidate => with(
                ErrorCode::Forbidden,
                "This task can be taken only by its candidates, or given by somebody with the permission `task:assign`.",
                "该任务只能由其候选人领取，或由具有 `task:assign` 权限的人指派。",
            ),
            HumanRefusal::NotTheirs => with(
                ErrorCode::Forbidden,
                "Only who has this task may do this. Claim it first.",
                "只有该任务的处理人可以执行此操作。请先领取任务。",
            ),
            HumanRefusal::NotTaken => with(ErrorCode::Conflict, "Nobody has this task.", "该任务尚无人领取。"),
            HumanRefusal::Paused => with(
                ErrorCode::Conflict,
                "The task is paused with its instance or node. What was filled in can be kept as a draft.",
                "任务所在的实例或节点已暂停。已填写的内容可保存为草稿。",
            ),
            HumanRefusal::Over => {
                with(ErrorCode::Conflict, "This task waits for nobody any more.", "该任务已不再等待处理。")
            }
        }
    }
}
