//! `/api/v1/workflow-instances/{id}/foreach/{node}/…`: a for-each that is at work.

use super::instances::PAYLOAD_BODY;
use crate::error::Answer;
use crate::extract::{Body, Context, Id2};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use heddle_api::params::{ForeachCommand, ForeachStep};
use heddle_api::view::InstanceView;
use heddle_api::{Permission as P, RequestContext, routes};
use heddle_model::ids::InstanceId;
use serde::Deserialize;
use serde_json::Value;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    let gate = Gate::needs(&[P::InstanceOperate]).idempotent();
    doors
        .open(gate.body(PAYLOAD_BODY), routes!(items))
        .open(gate, routes!(close))
        .open(gate, routes!(complete))
        .open(gate, routes!(cancel))
}

/// What is added.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Items {
    /// The items, 1 to 1,000; all join it or none.
    items: Vec<Value>,
}

/// Adds items to an open for-each.
#[utoipa::path(post, path = routes::FOREACH_ITEMS, tag = "instances", operation_id = "addForeachItems",
    params(("id" = String, Path, description = "Id of the instance"), ("node" = String, Path, description = "Id of the node instance, or of the node")), request_body = Items, responses((status = 200, body = InstanceView)))]
async fn items(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, node): Id2<InstanceId>,
    Body(body): Body<Items>,
) -> Answer<Json<InstanceView>> {
    steer(&state, &context, ForeachCommand { id, node, step: ForeachStep::Items(body.items) }).await
}

/// No more items will join it.
#[utoipa::path(post, path = routes::FOREACH_CLOSE, tag = "instances", operation_id = "closeForeach",
    params(("id" = String, Path, description = "Id of the instance"), ("node" = String, Path, description = "Id of the node instance, or of the node")), responses((status = 200, body = InstanceView)))]
async fn close(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, node): Id2<InstanceId>,
) -> Answer<Json<InstanceView>> {
    steer(&state, &context, ForeachCommand { id, node, step: ForeachStep::Close }).await
}

/// Ends it now: items under way are withdrawn, and the flow goes on with the results so far.
#[utoipa::path(post, path = routes::FOREACH_COMPLETE, tag = "instances", operation_id = "completeForeach",
    params(("id" = String, Path, description = "Id of the instance"), ("node" = String, Path, description = "Id of the node instance, or of the node")), responses((status = 200, body = InstanceView)))]
async fn complete(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, node): Id2<InstanceId>,
) -> Answer<Json<InstanceView>> {
    steer(&state, &context, ForeachCommand { id, node, step: ForeachStep::Complete }).await
}

/// Withdraws it: the flow does not go on from it.
#[utoipa::path(post, path = routes::FOREACH_CANCEL, tag = "instances", operation_id = "cancelForeach",
    params(("id" = String, Path, description = "Id of the instance"), ("node" = String, Path, description = "Id of the node instance, or of the node")), responses((status = 200, body = InstanceView)))]
async fn cancel(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, node): Id2<InstanceId>,
) -> Answer<Json<InstanceView>> {
    steer(&state, &context, ForeachCommand { id, node, step: ForeachStep::Cancel }).await
}

async fn steer(state: &AppState, context: &RequestContext, command: ForeachCommand) -> Answer<Json<InstanceView>> {
    Ok(Json(state.use_cases.steer_foreach(context, command).await?))
}
