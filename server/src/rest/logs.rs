//! `/api/v1/logs`.

use crate::error::Answer;
use crate::extract::{Context, Id, Query};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use heddle_api::params::ListLogs;
use heddle_api::view::LogView;
use heddle_api::{Page, Permission as P, routes};
use heddle_model::ids::InstanceId;
use serde::Deserialize;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors.open(Gate::needs(&[P::InstanceView]), routes!(list))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct LogsQuery {
    /// Least level: `debug`, `info`, `warn` or `error`.
    level: Option<String>,
    /// Only this node.
    node: Option<String>,
    /// Part of the message.
    q: Option<String>,
    /// Rows of the page, 1–200; 50 where absent.
    limit: Option<u64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The lines that tasks of an instance logged, oldest first.
#[utoipa::path(get, path = routes::INSTANCE_LOGS, tag = "instances", operation_id = "listLogs", params(("id" = String, Path, description = "Id of the instance"), LogsQuery), responses((status = 200, body = Page<LogView>)))]
async fn list(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<InstanceId>,
    Query(query): Query<LogsQuery>,
) -> Answer<Json<Page<LogView>>> {
    let LogsQuery { level, node, q, limit, cursor } = query;
    Ok(Json(state.use_cases.list_logs(&context, ListLogs { id, level, node, q, limit, cursor }).await?))
}
