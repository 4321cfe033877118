//! `/api/v1/workflows/{id}/versions`.

use crate::error::{Answer, Failure};
use crate::extract::{Context, Id, Id2, Query};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use heddle_api::params::{GetVersion, ListVersions, PageParams};
use heddle_api::view::{VersionSummary, VersionView};
use heddle_api::{ErrorCode, Page, Permission as P, routes};
use heddle_model::ids::WorkflowId;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors.open(Gate::needs(&[P::WorkflowView]), routes!(list)).open(Gate::needs(&[P::WorkflowView]), routes!(get))
}

/// Versions of a workflow, newest first.
#[utoipa::path(get, path = routes::VERSIONS, tag = "workflows", operation_id = "listVersions", params(("id" = String, Path, description = "Id of the workflow"), PageParams),
    responses((status = 200, body = Page<VersionSummary>)))]
async fn list(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<WorkflowId>,
    Query(page): Query<PageParams>,
) -> Answer<Json<Page<VersionSummary>>> {
    Ok(Json(
        state.use_cases.list_versions(&context, ListVersions { id, limit: page.limit, cursor: page.cursor }).await?,
    ))
}

/// One version of a workflow.
#[utoipa::path(get, path = routes::VERSION, tag = "workflows", operation_id = "getVersion",
    params(("id" = String, Path, description = "Id of the workflow"), ("number" = u32, Path, description = "Number of the version")), responses((status = 200, body = VersionView)))]
async fn get(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, number): Id2<WorkflowId>,
) -> Answer<Json<VersionView>> {
    let number = number.parse().map_err(|_| Failure::from(ErrorCode::NotFound))?;
    Ok(Json(state.use_cases.get_version(&context, GetVersion { id, number }).await?))
}
