//! `/api/v1/stats`.

use crate::error::Answer;
use crate::extract::{Context, Query};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use heddle_api::params::StatsRange;
use heddle_api::view::{NodeStats, WorkflowStats};
use heddle_api::{Page, Permission as P, routes};
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(Gate::needs(&[P::DashboardView]), routes!(workflows))
        .open(Gate::needs(&[P::DashboardView]), routes!(nodes))
}

/// Instances by status, per workflow.
#[utoipa::path(get, path = routes::STATS_WORKFLOWS, tag = "stats", operation_id = "workflowStats", params(StatsRange), responses((status = 200, body = Page<WorkflowStats>)))]
async fn workflows(
    State(state): State<AppState>,
    Context(context): Context,
    Query(range): Query<StatsRange>,
) -> Answer<Json<Page<WorkflowStats>>> {
    Ok(Json(Page::whole(state.use_cases.workflow_stats(&context, range).await?)))
}

/// Node instances by outcome, per node.
#[utoipa::path(get, path = routes::STATS_NODES, tag = "stats", operation_id = "nodeStats", params(StatsRange), responses((status = 200, body = Page<NodeStats>)))]
async fn nodes(
    State(state): State<AppState>,
    Context(context): Context,
    Query(range): Query<StatsRange>,
) -> Answer<Json<Page<NodeStats>>> {
    Ok(Json(Page::whole(state.use_cases.node_stats(&context, range).await?)))
}
