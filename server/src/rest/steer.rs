//! `/api/v1/workflow-instances/{id}/…`: actions, variables, waiting tasks.

use super::instances::PAYLOAD_BODY;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Context, Id, Id2, Query};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use heddle_api::params::{
    ActionName, ActionParams, CompleteTask, FailTask, InstanceAction, PatchVariables, SendMessage,
};
use heddle_api::view::InstanceView;
use heddle_api::{ApiError, Permission as P, routes};
use heddle_model::ids::InstanceId;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(
            Gate::needs(&[P::InstanceOperate, P::InstanceModify, P::InstanceTerminate]).body(PAYLOAD_BODY),
            routes!(act),
        )
        .open(Gate::needs(&[P::VariableEdit]).body(PAYLOAD_BODY), routes!(variables))
        .open(Gate::needs(&[P::TaskWork]).body(PAYLOAD_BODY).idempotent(), routes!(complete))
        .open(Gate::needs(&[P::TaskWork]).idempotent(), routes!(fail))
        .open(Gate::needs(&[P::MessageSend]).body(PAYLOAD_BODY).idempotent(), routes!(message))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct Dry {
    /// Only tells what would come of it.
    pub(super) dry_run: bool,
}

/// Steers an instance: pause, resume, terminate, retry, skip, complete, compensate, modify, roll back, migrate. A dry run answers the instance as it would be, with a `preview`.
#[utoipa::path(put, path = routes::INSTANCE_ACTION, tag = "instances", operation_id = "actOnInstance",
    params(("id" = String, Path, description = "Id of the instance"), ("action" = ActionName, Path, description = "What to do"), Dry), request_body = ActionParams,
    responses((status = 200, body = InstanceView), (status = 409, description = "Not possible in this state", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn act(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, action): Id2<InstanceId>,
    Query(dry): Query<Dry>,
    Body(params): Body<ActionParams>,
) -> Answer<Json<InstanceView>> {
    let action = ActionName::from_word(&action).ok_or_else(|| Failure::from(ApiError::not_found("action", &action)))?;
    Ok(Json(
        state.use_cases.act_on_instance(&context, InstanceAction { id, action, params, dry_run: dry.dry_run }).await?,
    ))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct Expected {
    /// `seq` that the caller has seen; 409 when the instance has moved on.
    expected_seq: Option<u64>,
}

/// Changes variables by a JSON merge patch (RFC 7396).
#[utoipa::path(patch, path = routes::INSTANCE_VARIABLES, tag = "instances", operation_id = "patchVariables",
    params(("id" = String, Path, description = "Id of the instance"), Expected), request_body(content = Object, content_type = "application/merge-patch+json"), responses((status = 200, body = InstanceView)))]
async fn variables(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<InstanceId>,
    Query(expected): Query<Expected>,
    Body(patch): Body<Map<String, Value>>,
) -> Answer<Json<InstanceView>> {
    Ok(Json(
        state
            .use_cases
            .patch_variables(&context, PatchVariables { id, patch, expected_seq: expected.expected_seq })
            .await?,
    ))
}

/// What a task gave.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Output {
    /// Its output.
    output: Value,
}

/// Completes a waiting task, named by its node's id or its node instance's.
#[utoipa::path(post, path = routes::TASK_COMPLETE, tag = "instances", operation_id = "completeTask",
    params(("id" = String, Path, description = "Id of the instance"), ("task" = String, Path, description = "Id of the node or node instance")), request_body = Output, responses((status = 200, body = InstanceView)))]
async fn complete(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, task): Id2<InstanceId>,
    Body(body): Body<Output>,
) -> Answer<Json<InstanceView>> {
    Ok(Json(state.use_cases.complete_task(&context, CompleteTask { id, task, output: body.output }).await?))
}

/// Why a task failed.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Fault {
    /// Code of the error.
    code: String,
    /// What happened.
    message: String,
    /// Whether another attempt makes sense.
    retryable: bool,
}

/// Fails a waiting task.
#[utoipa::path(post, path = routes::TASK_FAIL, tag = "instances", operation_id = "failTask",
    params(("id" = String, Path, description = "Id of the instance"), ("task" = String, Path, description = "Id of the node or node instance")), request_body = Fault, responses((status = 200, body = InstanceView)))]
async fn fail(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, task): Id2<InstanceId>,
    Body(fault): Body<Fault>,
) -> Answer<Json<InstanceView>> {
    let params = FailTask { id, task, code: fault.code, message: fault.message, retryable: fault.retryable };
    Ok(Json(state.use_cases.fail_task(&context, params).await?))
}

/// What a message is.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Message {
    /// Its correlation key, where its receiver asks for one.
    key: Option<String>,
    /// What it carries.
    payload: Value,
}

/// Gives an instance a message: what waits for it goes on, otherwise it is kept as long as its receiver says.
#[utoipa::path(post, path = routes::INSTANCE_MESSAGE, tag = "instances", operation_id = "sendMessage",
    params(("id" = String, Path, description = "Id of the instance"), ("name" = String, Path, description = "Name of the message")), request_body = Message, responses((status = 200, body = InstanceView)))]
async fn message(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, name): Id2<InstanceId>,
    Body(message): Body<Message>,
) -> Answer<Json<InstanceView>> {
    let params = SendMessage { id, name, key: message.key, payload: message.payload };
    Ok(Json(state.use_cases.send_message(&context, params).await?))
}
