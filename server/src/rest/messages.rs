//! `/api/v1/messages` and `/api/v1/signals`: to whoever waits; `/children`: what an instance called.

use super::instances::PAYLOAD_BODY;
use crate::error::Answer;
use crate::extract::{Body, Context, Id, Query};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use heddle_api::params::{ListChildren, PageParams, PublishMessage, SendSignal};
use heddle_api::view::{InstanceSummary, MessageSent, SignalSent};
use heddle_api::{Page, Permission as P, routes};
use heddle_model::ids::InstanceId;
use serde::Deserialize;
use serde_json::Value;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(Gate::needs(&[P::MessageSend]).body(PAYLOAD_BODY).idempotent(), routes!(publish))
        .open(Gate::needs(&[P::MessageSend]).body(PAYLOAD_BODY).idempotent(), routes!(signal))
        .open(Gate::needs(&[P::InstanceView]), routes!(children))
}

/// What a message by name is.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Published {
    /// Its correlation key: only who waits for this key gets it.
    key: Option<String>,
    /// What it carries.
    payload: Value,
    /// How long it is kept where nobody waits: a duration such as `2h`, or seconds; 24 hours where absent. With 0 it is refused then.
    ttl: Option<Value>,
}

/// Sends a message to the first that waits for its name and key; it is kept for the next one where nobody does.
#[utoipa::path(post, path = routes::MESSAGE, tag = "messages", operation_id = "publishMessage",
    params(("name" = String, Path, description = "Name of the message")), request_body = Published,
    responses((status = 202, body = MessageSent), (status = 409, description = "Nobody waits, and it may not wait", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn publish(
    State(state): State<AppState>,
    Context(context): Context,
    Path(name): Path<String>,
    Body(body): Body<Published>,
) -> Answer<(StatusCode, Json<MessageSent>)> {
    let params = PublishMessage { name, key: body.key, payload: body.payload, ttl: body.ttl };
    Ok((StatusCode::ACCEPTED, Json(state.use_cases.publish_message(&context, params).await?)))
}

/// What a signal is.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Signal {
    /// What it carries.
    payload: Value,
}

/// Sends a signal to all who wait for it now; nobody hears it later.
#[utoipa::path(post, path = routes::SIGNAL, tag = "messages", operation_id = "sendSignal",
    params(("name" = String, Path, description = "Name of the signal")), request_body = Signal, responses((status = 202, body = SignalSent)))]
async fn signal(
    State(state): State<AppState>,
    Context(context): Context,
    Path(name): Path<String>,
    Body(body): Body<Signal>,
) -> Answer<(StatusCode, Json<SignalSent>)> {
    let params = SendSignal { name, payload: body.payload };
    Ok((StatusCode::ACCEPTED, Json(state.use_cases.send_signal(&context, params).await?)))
}

/// Instances that this one called, the newest first.
#[utoipa::path(get, path = routes::INSTANCE_CHILDREN, tag = "instances", operation_id = "listChildren",
    params(("id" = String, Path, description = "Id of the instance"), PageParams), responses((status = 200, body = Page<InstanceSummary>)))]
async fn children(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<InstanceId>,
    Query(page): Query<PageParams>,
) -> Answer<Json<Page<InstanceSummary>>> {
    let params = ListChildren { id, limit: page.limit, cursor: page.cursor };
    Ok(Json(state.use_cases.list_children(&context, params).await?))
}
