//! `/healthz`, `/readyz`, `/metrics`.

use crate::error::Answer;
use crate::extract::Context;
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use heddle_api::{Permission, Timestamp, routes};
use heddle_service::authorize;
use serde::Serialize;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors.open(Gate::PUBLIC, routes!(healthz)).open(Gate::PUBLIC, routes!(readyz)).open(Gate::PUBLIC, routes!(figures))
}

/// How the server is.
#[derive(Serialize, utoipa::ToSchema)]
struct Health {
    /// Whether it can be used.
    ok: bool,
    /// When this server was started.
    started_at: Timestamp,
    /// Whether the database answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<bool>,
    /// Whether the schema is up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    migrations: Option<bool>,
    /// Whether this server owns its shards.
    #[serde(skip_serializing_if = "Option::is_none")]
    shards: Option<bool>,
}

/// Alive.
#[utoipa::path(get, path = routes::HEALTHZ, tag = "server", operation_id = "healthz", responses((status = 200, body = Health)))]
async fn healthz(State(state): State<AppState>) -> Json<Health> {
    Json(Health { ok: true, started_at: state.started_at, database: None, migrations: None, shards: None })
}

/// Ready: the database answers, the schema is up to date, the shards are owned.
#[utoipa::path(get, path = routes::READYZ, tag = "server", operation_id = "readyz", responses((status = 200, body = Health), (status = 503, body = Health)))]
async fn readyz(State(state): State<AppState>) -> impl IntoResponse {
    let database = state.store.ping().await.is_ok();
    let migrations = database && state.store.migrations_done().await.unwrap_or(false);
    let shards = state.engine.is_ready() && state.engine.owns_shards();
    let ok = database && migrations && shards && !state.stop.is_cancelled();
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (
        status,
        Json(Health {
            ok,
            started_at: state.started_at,
            database: Some(database),
            migrations: Some(migrations),
            shards: Some(shards),
        }),
    )
}

/// Figures for Prometheus: open on the loopback, else for `cluster:manage`.
#[utoipa::path(get, path = routes::METRICS, tag = "server", operation_id = "metrics", responses((status = 200, body = String, content_type = "text/plain")))]
async fn figures(State(state): State<AppState>, Context(context): Context) -> Answer<impl IntoResponse> {
    if !context.address.is_some_and(|address| address.is_loopback()) {
        authorize(&context, Permission::ClusterManage)?;
    }
    metrics::gauge!("heddle_engine_queued_requests").set(state.engine.queue_depth() as f64);
    metrics::gauge!("heddle_sockets_open").set(state.sockets.len() as f64);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], crate::metrics::render()))
}
