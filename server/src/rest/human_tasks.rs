//! `/api/v1/human-tasks`: tasks for people.

use super::instances::PAYLOAD_BODY;
use crate::error::Answer;
use crate::extract::{Body, Context, Id, Query};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use heddle_api::params::{AssignTask, GetHumanTask, HumanTaskAction, HumanTaskStep, ListHumanTasks};
use heddle_api::view::{HumanTaskPage, HumanTaskView};
use heddle_api::{Permission as P, RequestContext, routes};
use heddle_model::ids::HumanTaskId;
use serde::Deserialize;
use serde_json::Value;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    let look = Gate::needs(&[P::TaskWork, P::InstanceView]);
    let work = Gate::needs(&[P::TaskWork]);
    doors
        .open(look, routes!(list))
        .open(look, routes!(get))
        .open(work.idempotent(), routes!(claim))
        .open(work.idempotent(), routes!(release))
        .open(work.idempotent(), routes!(assign))
        .open(work.idempotent(), routes!(draft))
        .open(work.body(PAYLOAD_BODY).idempotent(), routes!(complete))
}

/// Tasks for people, those asked last first; with `due_before`, the most overdue first. Without `instance:view`: the caller's own, and those
/// they may take. Tasks that are paused with their instance or node are in no list of those that wait.
#[utoipa::path(get, path = routes::HUMAN_TASKS, tag = "human tasks", operation_id = "listHumanTasks", params(ListHumanTasks), responses((status = 200, body = HumanTaskPage)))]
async fn list(
    State(state): State<AppState>,
    Context(context): Context,
    Query(params): Query<ListHumanTasks>,
) -> Answer<Json<HumanTaskPage>> {
    Ok(Json(state.use_cases.list_human_tasks(&context, params).await?))
}

/// One task, with its form and what is filled in so far.
#[utoipa::path(get, path = routes::HUMAN_TASK, tag = "human tasks", operation_id = "getHumanTask", params(("id" = String, Path, description = "Id of the task")), responses((status = 200, body = HumanTaskView)))]
async fn get(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<HumanTaskId>,
) -> Answer<Json<HumanTaskView>> {
    Ok(Json(state.use_cases.get_human_task(&context, GetHumanTask { id }).await?))
}

/// Takes a task. Of two at once one has it, the other gets 409 `TASK_TAKEN`; who has it already changes nothing.
#[utoipa::path(post, path = routes::HUMAN_TASK_CLAIM, tag = "human tasks", operation_id = "claimHumanTask", params(("id" = String, Path, description = "Id of the task")),
    responses((status = 200, body = HumanTaskView), (status = 409, description = "Somebody else has it, it is paused, or it has ended", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn claim(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<HumanTaskId>,
) -> Answer<Json<HumanTaskView>> {
    act(&state, &context, HumanTaskAction { id, step: HumanTaskStep::Claim }).await
}

/// Gives a task back: for who has it, or with `task:assign`. The draft is kept.
#[utoipa::path(post, path = routes::HUMAN_TASK_RELEASE, tag = "human tasks", operation_id = "releaseHumanTask", params(("id" = String, Path, description = "Id of the task")),
    responses((status = 200, body = HumanTaskView), (status = 409, description = "Nobody has it, or it has ended", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn release(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<HumanTaskId>,
) -> Answer<Json<HumanTaskView>> {
    act(&state, &context, HumanTaskAction { id, step: HumanTaskStep::Release }).await
}

/// Gives a task to somebody: who has it passes it on to a candidate, with `task:assign` it goes to anybody who works on tasks.
#[utoipa::path(post, path = routes::HUMAN_TASK_ASSIGN, tag = "human tasks", operation_id = "assignHumanTask", params(("id" = String, Path, description = "Id of the task")), request_body = AssignTask,
    responses((status = 200, body = HumanTaskView), (status = 409, description = "It has ended", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn assign(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<HumanTaskId>,
    Body(params): Body<AssignTask>,
) -> Answer<Json<HumanTaskView>> {
    act(&state, &context, HumanTaskAction { id, step: HumanTaskStep::Assign(params) }).await
}

/// What is filled in so far.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Draft {
    /// At most 64 KiB; it need not fit the form.
    draft: Value,
}

/// Keeps what is filled in so far, in place of what was kept before.
#[utoipa::path(post, path = routes::HUMAN_TASK_DRAFT, tag = "human tasks", operation_id = "saveHumanTaskDraft", params(("id" = String, Path, description = "Id of the task")), request_body = Draft,
    responses((status = 200, body = HumanTaskView), (status = 409, description = "It has ended", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn draft(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<HumanTaskId>,
    Body(body): Body<Draft>,
) -> Answer<Json<HumanTaskView>> {
    act(&state, &context, HumanTaskAction { id, step: HumanTaskStep::Draft(body.draft) }).await
}

/// What was filled in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Filled {
    /// Fits the form of the task; it becomes the node's output.
    #[serde(default)]
    output: Value,
}

/// Does a task: for who has it, or with `task:assign`. What was filled in is proven against the form, and the instance goes on.
#[utoipa::path(post, path = routes::HUMAN_TASK_COMPLETE, tag = "human tasks", operation_id = "completeHumanTask", params(("id" = String, Path, description = "Id of the task")), request_body = Filled,
    responses((status = 200, body = HumanTaskView), (status = 409, description = "It is paused, or has ended", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn complete(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<HumanTaskId>,
    Body(body): Body<Filled>,
) -> Answer<Json<HumanTaskView>> {
    act(&state, &context, HumanTaskAction { id, step: HumanTaskStep::Complete(body.output) }).await
}

async fn act(state: &AppState, context: &RequestContext, action: HumanTaskAction) -> Answer<Json<HumanTaskView>> {
    Ok(Json(state.use_cases.act_on_human_task(context, action).await?))
}
