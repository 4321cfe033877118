//! Steering instances: actions, variables, waiting tasks.

use super::{action, preview, view};
use crate::audit::{self, Entry};
use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::service::Service;
use heddle_api::params::{CompleteTask, FailTask, InstanceAction, PatchVariables, SendMessage};
use heddle_api::view::InstanceView;
use heddle_api::{Permission, RequestContext};
use heddle_engine::kernel::{Command, InstanceState};
use heddle_engine::runtime::CommandRequest;
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::ids::InstanceId;
use heddle_model::plan::{NodeKind, Plan};
use serde_json::{Value, json};

impl Service {
    /// Does something to an instance.
    pub(crate) async fn act_on_instance(
        &self,
        context: &RequestContext,
        params: InstanceAction,
    ) -> Result<InstanceView> {
        let allowed = action::may(context, params.action, &params.params)?;
        let details = json!({"reason": params.params.reason.clone().unwrap_or_default()});
        let expected_seq = params.params.expected_seq;
        let (instance, dry_run) = (params.id, params.dry_run);
        let target = self.target_version(allowed.workspace(), instance, params.params.version).await?;
        let command = action::command(params.action, params.params, target, context.lang)?;
        self.command(context, allowed, Wish { instance, command, expected_seq, dry_run, details }).await
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
        let loaded = self.loaded(allowed, params.id).await?;
        if let Some(node) = human_node(&loaded.state, &loaded.plan, &params.task) {
            let state = self.complete_task_of_person(context, allowed, (&loaded.state, node, params.output)).await?;
            let plan = self.engine.plan(allowed.workspace(), state.version).await?;
            return Ok(view::mask(view::instance(&state, &plan), allowed.principal().permissions));
        }
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

    /// Does it, tells the audit log, and shows the instance after it; of a dry run, as it would be.
    pub(crate) async fn command(
        &self,
        context: &RequestContext,
        allowed: Allowed<'_>,
        wish: Wish,
    ) -> Result<InstanceView> {
        let name = wish.command.name();
        let request = CommandRequest {
            command: wish.command,
            actor: allowed.actor().into(),
            expected_seq: wish.expected_seq,
            dry_run: wish.dry_run,
            idempotency: None,
        };
        let outcome = self.engine.carry_out(allowed.workspace(), wish.instance, request).await?;
        let state = outcome.state;
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
        let mut shown = view::mask(view::instance(&state, &plan), allowed.principal().permissions);
        shown.preview = outcome.preview.as_ref().map(preview::view);
        Ok(shown)
    }
}

/// The node instance of a task for a person, where that is what is named: those have rules of their own.
fn human_node(state: &InstanceState, plan: &Plan, named: &str) -> Option<String> {
    let number = match plan.find(named) {
        Some(node) => {
            return matches!(plan.node(node).kind, NodeKind::Human { .. }).then(|| {
                let live = state.live.iter().find(|(_, execution)| execution.node == node);
                live.map_or_else(|| named.to_owned(), |(&number, _)| state.id.node_instance(number).to_string())
            });
        }
        None => state.live.keys().find(|&&number| state.id.node_instance(number).to_string() == named)?,
    };
    state.human_task(*number).map(|_| named.to_owned())
}

/// What is to be done to an instance.
pub(crate) struct Wish {
    pub(crate) instance: InstanceId,
    pub(crate) command: Command,
    pub(crate) expected_seq: Option<u64>,
    pub(crate) dry_run: bool,
    /// For the audit log.
    pub(crate) details: Value,
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
        "compensate" => "instance.compensate",
        "modify" => "instance.modify",
        "rollback" => "instance.rollback",
        "migrate" => "instance.migrate",
        "pause_node" => "instance.pause_node",
        "resume_node" => "instance.resume_node",
        "add_instance" => "instance.add_items",
        "close" => "instance.close_items",
        "complete_foreach" => "instance.complete_foreach",
        "cancel" => "instance.cancel_node",
        _ => "instance.command",
    }
}
