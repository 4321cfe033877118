//! Steering instances: actions, variables, waiting tasks.

use super::view;
use crate::audit::{self, Entry};
use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::service::Service;
use heddle_api::params::{
    ActionName, ActionParams, CompleteTask, FailTask, InstanceAction, PatchVariables, SendMessage, TimerPolicy,
};
use heddle_api::view::InstanceView;
use heddle_api::{ApiError, Lang, Permission, RequestContext};
use heddle_engine::kernel::Command;
use heddle_engine::runtime::CommandRequest;
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::ids::InstanceId;
use serde_json::{Value, json};

impl Service {
    /// Does something to an instance.
    pub(crate) async fn act_on_instance(
        &self,
        context: &RequestContext,
        params: InstanceAction,
    ) -> Result<InstanceView> {
        let permission = match params.action {
            ActionName::Terminate => Permission::InstanceTerminate,
            _ => Permission::InstanceOperate,
        };
        let allowed = authorize(context, permission)?;
        if params.params.variables.is_some() {
            allowed.and(Permission::VariableEdit)?;
        }
        let reason = params.params.reason.clone().unwrap_or_default();
        let wish = Wish {
            instance: params.id,
            command: command(params.action, params.params, context.lang)?,
            expected_seq: None,
            dry_run: params.dry_run,
            details: json!({"reason": reason}),
        };
        self.command(context, allowed, wish).await
    }

    /// Changes variables.
    pub(crate) async fn patch_variables(
        &self,
        context: &RequestContext,
        params: PatchVariables,
    ) -> Result<InstanceView> {
        let allowed = authorize(context, Permission::VariableEdit)?;
        let names: Vec<&String> = params.patch.keys().collect();
        let details = json!({"names": names});
        let wish = Wish {
            instance: params.id,
            command: Command::SetVariables { patch: params.patch },
            expected_seq: params.expected_seq,
            dry_run: false,
            details,
        };
        self.command(context, allowed, wish).await
    }

    /// Completes a waiting task.
    pub(crate) async fn complete_task(&self, context: &RequestContext, params: CompleteTask) -> Result<InstanceView> {
        let allowed = authorize(context, Permission::TaskWork)?;
        let details = json!({"task": params.task});
        let command = Command::Complete { node: params.task, output: params.output };
        self.command(
            context,
            allowed,
            Wish { instance: params.id, command, expected_seq: None, dry_run: false, details },
        )
        .await
    }

    /// Fails a waiting task.
    pub(crate) async fn fail_task(&self, context: &RequestContext, params: FailTask) -> Result<InstanceView> {
        let allowed = authorize(context, Permission::TaskWork)?;
        let details = json!({"task": params.task, "code": params.code});
        let mut error = TaskError::new(
            ErrorClass::Business,
            if params.code.is_empty() { "FAILED".to_owned() } else { params.code },
            params.message,
        );
        error.retryable = params.retryable;
        let command = Command::Fail { node: params.task, error };
        self.command(
            context,
            allowed,
            Wish { instance: params.id, command, expected_seq: None, dry_run: false, details },
        )
        .await
    }

    /// Gives an instance a message; what waits for it takes it, or it is kept as its receiver says.
    pub(crate) async fn send_message(&self, context: &RequestContext, params: SendMessage) -> Result<InstanceView> {
        let allowed = authorize(context, Permission::MessageSend)?;
        let details = json!({"name": params.name});
        let command = Command::Message {
            name: params.name.into(),
            key: params.key.map(Into::into),
            payload: params.payload,
            expires: None,
        };
        let wish = Wish { instance: params.id, command, expected_seq: None, dry_run: false, details };
        self.command(context, allowed, wish).await
    }

    async fn command(&self, context: &RequestContext, allowed: Allowed<'_>, wish: Wish) -> Result<InstanceView> {
        let name = wish.command.name();
        let request = CommandRequest {
            command: wish.command,
            actor: allowed.actor().into(),
            expected_seq: wish.expected_seq,
            dry_run: wish.dry_run,
        };
        let state = self.engine.command(allowed.workspace(), wish.instance, request).await?;
        if !wish.dry_run {
            let entry = Entry {
                workspace: Some(allowed.workspace()),
                actor: allowed.actor(),
                action: action_word(name),
                target: wish.instance.to_string(),
                details: wish.details,
            };
            self.store.audit_append(audit::row(context, entry)).await?;
        }
        let plan = self.engine.plan(allowed.workspace(), state.version).await?;
        Ok(view::mask(view::instance(&state, &plan), allowed.principal().permissions))
    }
}

struct Wish {
    instance: InstanceId,
    command: Command,
    expected_seq: Option<u64>,
    dry_run: bool,
    details: Value,
}

fn action_word(command: &str) -> &'static str {
    match command {
        "pause" => "instance.pause",
        "resume" => "instance.resume",
        "terminate" => "instance.terminate",
        "retry" => "instance.retry",
        "skip" => "instance.skip",
        "complete" => "instance.complete",
        "fail" => "instance.fail",
        "set_variables" => "instance.set_variables",
        "message" => "instance.message",
        _ => "instance.command",
    }
}

fn command(action: ActionName, params: ActionParams, lang: Lang) -> Result<Command> {
    let node = |node: Option<String>| {
        let (en, zh) = ("This action needs a node.", "此操作需要指定 node。");
        node.filter(|node| !node.is_empty()).ok_or_else(|| ApiError::invalid("/node", en, zh, lang))
    };
    Ok(match action {
        ActionName::Pause => Command::Pause { freeze: params.timers == Some(TimerPolicy::Freeze) },
        ActionName::Resume => Command::Resume,
        ActionName::Terminate => Command::Terminate { reason: params.reason.unwrap_or_default() },
        ActionName::Retry => Command::Retry {
            node: params.node.filter(|node| !node.is_empty()),
            variables: params.variables.unwrap_or_default(),
        },
        ActionName::Skip => Command::Skip { node: node(params.node)?, output: params.output.unwrap_or_default() },
        ActionName::Complete => {
            Command::Complete { node: node(params.node)?, output: params.output.unwrap_or_default() }
        }
    })
}
