//! `/api/v1/workflow-instances`: starting and reading.

use crate::error::Answer;
use crate::extract::{Body, Context, Id, Query, instances_query};
use crate::middleware::key_of;
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use heddle_api::params::{
    BatchStart, GetInstance, ListEvents, ListInstances, ListNodes, ListWaiting, PageParams, StartInstance,
};
use heddle_api::view::{BatchStarted, EventView, InstanceSummary, InstanceView, NodeView, WaitingView};
use heddle_api::{Page, Permission as P, routes};
use heddle_model::ids::InstanceId;
use heddle_model::limits::{DEFINITION_BYTES, PAYLOAD_BYTES};
use heddle_service::StartKey;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use utoipa_axum::routes;

/// What stands around a payload in a body.
pub(super) const PAYLOAD_BODY: usize = PAYLOAD_BYTES + 64 * 1024;

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(Gate::needs(&[P::WorkflowRun]).body(PAYLOAD_BODY), routes!(start))
        .open(Gate::needs(&[P::WorkflowRun]).body(DEFINITION_BYTES).resumable(), routes!(start_batch))
        .open(Gate::needs(&[P::InstanceView]), routes!(list))
        .open(Gate::needs(&[P::InstanceView]), routes!(get))
        .open(Gate::needs(&[P::InstanceView]), routes!(nodes))
        .open(Gate::needs(&[P::InstanceView]), routes!(events))
        .open(Gate::needs(&[P::InstanceView]), routes!(waiting))
}

/// Starts an instance. With `wait_ms` the answer waits for the end, and is 200 when it came in time.
#[utoipa::path(post, path = routes::INSTANCES, tag = "instances", operation_id = "startInstance", request_body = StartInstance,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request starts one instance")),
    responses((status = 202, description = "Started", body = InstanceView), (status = 200, description = "Ended in time", body = InstanceView)))]
async fn start(
    State(state): State<AppState>,
    Context(context): Context,
    headers: HeaderMap,
    Body(params): Body<StartInstance>,
) -> Answer<Response> {
    let key = match key_of(&headers)? {
        None => None,
        Some(key) => {
            let user = context.principal()?.user;
            let body = serde_json::to_vec(&params).unwrap_or_default();
            Some(StartKey { key: format!("start {user} {key}"), body_hash: Sha256::digest(&body).into() })
        }
    };
    let waited = params.wait_ms.is_some_and(|ms| ms > 0);
    // A caller who hangs up cuts nothing in two: beside the engine's own commit this only reads.
    let instance = state.service.start_with_key(&context, params, key).await?;
    let status = if waited && instance.status.is_final() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = (status, Json(&instance)).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("{}/{}", routes::INSTANCES, instance.id)) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

/// A batch as an object, or as a bare list.
struct Batch(BatchStart);

// Written by hand: an untagged enum would read every start twice.
impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = BatchStart;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object with `items`, or a list of starts")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<BatchStart, A::Error> {
                BatchStart::deserialize(MapAccessDeserializer::new(map))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<BatchStart, A::Error> {
                Ok(BatchStart { items: Vec::deserialize(SeqAccessDeserializer::new(list))? })
            }
        }
        deserializer.deserialize_any(Either).map(Self)
    }
}

/// Starts up to 1,000 instances; each succeeds or fails on its own.
#[utoipa::path(post, path = routes::INSTANCES_BATCH, tag = "instances", operation_id = "startInstances", request_body = BatchStart, responses((status = 202, body = BatchStarted)))]
async fn start_batch(
    State(state): State<AppState>,
    Context(context): Context,
    key: Option<Extension<StartKey>>,
    Body(Batch(params)): Body<Batch>,
) -> Answer<impl IntoResponse> {
    let key = key.map(|Extension(key)| key);
    Ok((StatusCode::ACCEPTED, Json(state.service.start_batch_with_key(&context, params, key).await?)))
}

/// Instances, the newest first.
#[utoipa::path(get, path = routes::INSTANCES, tag = "instances", operation_id = "listInstances", params(ListInstances), responses((status = 200, body = Page<InstanceSummary>)))]
async fn list(
    State(state): State<AppState>,
    Context(context): Context,
    RawQuery(query): RawQuery,
) -> Answer<Json<Page<InstanceSummary>>> {
    let params = instances_query(query.as_deref().unwrap_or_default())?;
    Ok(Json(state.use_cases.list_instances(&context, params).await?))
}

/// One instance with its nodes, variables and open incidents.
#[utoipa::path(get, path = routes::INSTANCE, tag = "instances", operation_id = "getInstance", params(("id" = String, Path, description = "Id of the instance")), responses((status = 200, body = InstanceView)))]
async fn get(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<InstanceId>,
) -> Answer<impl IntoResponse> {
    let instance = state.use_cases.get_instance(&context, GetInstance { id }).await?;
    Ok(([(header::ETAG, format!("\"{}\"", instance.seq))], Json(instance)))
}

/// Node instances of an instance.
#[utoipa::path(get, path = routes::INSTANCE_NODES, tag = "instances", operation_id = "listNodes", params(("id" = String, Path, description = "Id of the instance"), PageParams), responses((status = 200, body = Page<NodeView>)))]
async fn nodes(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<InstanceId>,
    Query(page): Query<PageParams>,
) -> Answer<Json<Page<NodeView>>> {
    Ok(Json(state.use_cases.list_nodes(&context, ListNodes { id, limit: page.limit, cursor: page.cursor }).await?))
}

/// Which events.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct EventsQuery {
    /// Only events with a higher `seq`.
    after: Option<u64>,
    /// `next_cursor` of the page before; the same as `after`.
    cursor: Option<u64>,
    /// Rows of the page, 1–200; 50 where absent.
    limit: Option<u64>,
}

/// The journal of an instance, oldest first.
#[utoipa::path(get, path = routes::INSTANCE_EVENTS, tag = "instances", operation_id = "listEvents", params(("id" = String, Path, description = "Id of the instance"), EventsQuery), responses((status = 200, body = Page<EventView>)))]
async fn events(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<InstanceId>,
    Query(query): Query<EventsQuery>,
) -> Answer<Json<Page<EventView>>> {
    Ok(Json(
        state
            .use_cases
            .list_events(&context, ListEvents { id, after: query.cursor.or(query.after), limit: query.limit })
            .await?,
    ))
}

/// Of which nodes.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct WaitingQuery {
    /// Only the node with this id.
    node: Option<String>,
    /// Rows of the page, 1–200; 50 where absent.
    limit: Option<u64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Why is this waiting? Every node that has not ended, with its reasons and what would release it.
#[utoipa::path(get, path = routes::INSTANCE_WAITING, tag = "instances", operation_id = "listWaiting", params(("id" = String, Path, description = "Id of the instance"), WaitingQuery), responses((status = 200, body = Page<WaitingView>)))]
async fn waiting(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<InstanceId>,
    Query(query): Query<WaitingQuery>,
) -> Answer<Json<Page<WaitingView>>> {
    let params = ListWaiting { id, node: query.node, limit: query.limit, cursor: query.cursor };
    Ok(Json(state.use_cases.list_waiting(&context, params).await?))
}
