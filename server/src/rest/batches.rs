//! `/api/v1/batches`: one action on many instances.

use super::steer::Dry;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Context, Id, Id2, Query};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use heddle_api::params::{
    BatchAction, BatchActionName, BatchWish, CreateBatch, GetBatch, ListBatchItems, ListBatches, PageParams,
    PreviewBatch,
};
use heddle_api::view::{BatchItemView, BatchPreview, BatchView};
use heddle_api::{ApiError, Page, Permission as P, routes};
use heddle_model::ids::BatchId;
use heddle_model::limits::DEFINITION_BYTES;
use serde::Deserialize;
use utoipa_axum::routes;

/// Whoever may do one of the actions; the use case asks for the one that is meant.
const ACT: &[P] = &[P::InstanceOperate, P::InstanceModify, P::InstanceTerminate];

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(Gate::needs(ACT).body(DEFINITION_BYTES).idempotent(), routes!(create))
        .open(Gate::needs(&[P::InstanceView]), routes!(list))
        .open(Gate::needs(&[P::InstanceView]), routes!(get))
        .open(Gate::needs(&[P::InstanceView]), routes!(items))
        .open(Gate::needs(ACT), routes!(act))
}

/// Makes a batch: the instances are found once, and a server goes through them. A dry run asks the first 1,000 of them and changes nothing.
#[utoipa::path(post, path = routes::BATCHES, tag = "batches", operation_id = "createBatch", params(Dry), request_body = BatchWish,
    responses((status = 202, description = "Made", body = BatchView), (status = 200, description = "What it would do", body = BatchPreview)))]
async fn create(
    State(state): State<AppState>,
    Context(context): Context,
    Query(dry): Query<Dry>,
    Body(wish): Body<BatchWish>,
) -> Answer<Response> {
    if dry.dry_run {
        return Ok(Json(state.use_cases.preview_batch(&context, PreviewBatch { wish }).await?).into_response());
    }
    let batch = state.use_cases.create_batch(&context, CreateBatch { wish }).await?;
    let mut response = (StatusCode::ACCEPTED, Json(&batch)).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("{}/{}", routes::BATCHES, batch.id)) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

/// Batches, the newest first.
#[utoipa::path(get, path = routes::BATCHES, tag = "batches", operation_id = "listBatches", params(PageParams), responses((status = 200, body = Page<BatchView>)))]
async fn list(
    State(state): State<AppState>,
    Context(context): Context,
    Query(page): Query<PageParams>,
) -> Answer<Json<Page<BatchView>>> {
    Ok(Json(state.use_cases.list_batches(&context, ListBatches { limit: page.limit, cursor: page.cursor }).await?))
}

/// One batch, and how far it is.
#[utoipa::path(get, path = routes::BATCH, tag = "batches", operation_id = "getBatch", params(("id" = String, Path, description = "Id of the batch")), responses((status = 200, body = BatchView)))]
async fn get(State(state): State<AppState>, Context(context): Context, Id(id): Id<BatchId>) -> Answer<Json<BatchView>> {
    Ok(Json(state.use_cases.get_batch(&context, GetBatch { id }).await?))
}

/// Which items.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct ItemsQuery {
    /// Only in this status: `PENDING`, `STARTED`, `SUCCEEDED`, `FAILED`, `REFUSED` or `CANCELLED`.
    status: Option<String>,
    /// Rows of the page, 1–200; 50 where absent.
    limit: Option<u64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Items of a batch, and what became of each.
#[utoipa::path(get, path = routes::BATCH_ITEMS, tag = "batches", operation_id = "listBatchItems", params(("id" = String, Path, description = "Id of the batch"), ItemsQuery), responses((status = 200, body = Page<BatchItemView>)))]
async fn items(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<BatchId>,
    Query(query): Query<ItemsQuery>,
) -> Answer<Json<Page<BatchItemView>>> {
    let params = ListBatchItems { id, status: query.status, limit: query.limit, cursor: query.cursor };
    Ok(Json(state.use_cases.list_batch_items(&context, params).await?))
}

/// Steers a batch: pause, resume, cancel. Items that are under way end in any case.
#[utoipa::path(put, path = routes::BATCH_ACTION, tag = "batches", operation_id = "actOnBatch",
    params(("id" = String, Path, description = "Id of the batch"), ("action" = BatchActionName, Path, description = "What to do")),
    responses((status = 200, body = BatchView), (status = 409, description = "Not possible in this state", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn act(
    State(state): State<AppState>,
    Context(context): Context,
    Id2(id, action): Id2<BatchId>,
) -> Answer<Json<BatchView>> {
    let action =
        BatchActionName::from_word(&action).ok_or_else(|| Failure::from(ApiError::not_found("action", &action)))?;
    Ok(Json(state.use_cases.act_on_batch(&context, BatchAction { id, action }).await?))
}
