//! `/api/v1/task-types`.

use crate::error::Answer;
use crate::extract::Context;
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use heddle_api::view::TaskTypeView;
use heddle_api::{Page, Permission as P, routes};
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors.open(Gate::needs(&[P::WorkflowView]), routes!(list))
}

/// Registered task types with the JSON schemas of their settings.
#[utoipa::path(get, path = routes::TASK_TYPES, tag = "workflows", operation_id = "listTaskTypes", responses((status = 200, body = Page<TaskTypeView>)))]
async fn list(State(state): State<AppState>, Context(context): Context) -> Answer<Json<Page<TaskTypeView>>> {
    Ok(Json(Page::whole(state.use_cases.task_types(&context).await?)))
}
