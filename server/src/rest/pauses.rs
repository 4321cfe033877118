//! `/api/v1/cluster/pauses`: pauses wider than an instance.

use crate::error::{Answer, Failure};
use crate::extract::{Body, Context, Id2};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use heddle_api::params::{PauseOf, PutPause};
use heddle_api::view::PauseView;
use heddle_api::{Page, Permission as P, routes};
use serde::Deserialize;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(Gate::needs(&[P::InstanceView]), routes!(list))
        .open(Gate::needs(&[P::InstanceOperate, P::ClusterManage]), routes!(put))
        .open(Gate::needs(&[P::InstanceOperate, P::ClusterManage]), routes!(delete))
}

/// What is paused beyond single instances.
#[utoipa::path(get, path = routes::PAUSES, tag = "cluster", operation_id = "listPauses", responses((status = 200, body = Page<PauseView>)))]
async fn list(State(state): State<AppState>, Context(context): Context) -> Answer<Json<Page<PauseView>>> {
    Ok(Json(state.use_cases.list_pauses(&context).await?))
}

/// Why something is paused.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Why {
    /// For those who find it paused.
    reason: String,
}

/// Pauses the engine (`engine/all`) or a task type (`task-type/{name}`) on every server, which needs `cluster:manage`, or a workflow
/// (`workflow/{id}`), which needs `instance:operate`. What is ready stays queued, what runs goes on.
#[utoipa::path(put, path = routes::PAUSE, tag = "cluster", operation_id = "putPause",
    params(("scope" = String, Path, description = "`engine`, `task-type` or `workflow`"), ("subject" = String, Path, description = "`all`, a name, or an id")), request_body = Why, responses((status = 200, body = PauseView)))]
async fn put(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(scope, subject): Id2<String>,
    Body(why): Body<Why>,
) -> Answer<Json<PauseView>> {
    let params = PutPause { of: PauseOf { scope, subject }, reason: why.reason };
    Ok(Json(state.use_cases.put_pause(&context, params).await.map_err(Failure)?))
}

/// Lifts a pause; 404 where there was none.
#[utoipa::path(delete, path = routes::PAUSE, tag = "cluster", operation_id = "deletePause",
    params(("scope" = String, Path, description = "`engine`, `task-type` or `workflow`"), ("subject" = String, Path, description = "`all`, a name, or an id")), responses((status = 204)))]
async fn delete(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(scope, subject): Id2<String>,
) -> Answer<StatusCode> {
    state.use_cases.delete_pause(&context, PauseOf { scope, subject }).await?;
    Ok(StatusCode::NO_CONTENT)
}
