//! Repeating a POST safely: the first answer under an `Idempotency-Key` is kept for a day and given again. A claimed request runs to
//! its end even when its caller hangs up, so that its answer is there for the next try. Where the server itself died under a request,
//! a resumable route takes its repeat at once; the others give the claim up after two minutes.

use crate::error::{Failure, Pending, problem_for};
use crate::route::Gate;
use crate::state::AppState;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use heddle_api::{ApiError, ErrorCode, RequestContext};
use heddle_model::ids::WorkspaceId;
use heddle_model::limits;
use heddle_service::{Claimed, StartKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The header that names the key.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Headers of an answer that are given again.
const KEPT: [HeaderName; 4] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::CONTENT_LANGUAGE];

#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Whether this layer handles the request's key: the route does not do so itself, and the request carries one.
pub(super) fn applies(gate: Gate, request: &Request) -> bool {
    gate.idempotent && request.method() == Method::POST && request.headers().contains_key(&KEY)
}

/// Claims the key, runs the request and keeps the answer, or gives the kept one.
pub(super) async fn run(
    (state, gate): (AppState, Gate),
    context: RequestContext,
    request: Request,
    next: Next,
) -> Response {
    match begin(&state, gate, &context, request).await {
        Ok(Begun::Answered(response)) => response,
        Ok(Begun::Claimed { workspace, key, mut request }) => {
            // A resumable route marks what it does with the key.
            request.extensions_mut().insert(key.clone());
            let key = key.key;
            let running = tokio::spawn(async move {
                let response = next.run(request).await;
                end(&state, &context, workspace, &key, response).await
            });
            running.await.unwrap_or_else(|_| Failure::from(ErrorCode::Internal).into_response())
        }
        Err(failure) => failure.into_response(),
    }
}

enum Begun {
    Answered(Response),
    Claimed { workspace: WorkspaceId, key: StartKey, request: Request },
}

/// The key of a request, if it is one.
pub(crate) fn key_of(request: &axum::http::HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = request.get(&KEY) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if !text.is_empty() && text.len() <= limits::NAME_BYTES => Ok(Some(text.to_owned())),
        _ => {
            let (en, zh) = (
                format!("An Idempotency-Key has 1 to {} ASCII characters.", limits::NAME_BYTES),
                format!("Idempotency-Key 为 1 至 {} 个 ASCII 字符。", limits::NAME_BYTES),
            );
            Err(ApiError::new(ErrorCode::InvalidInput).detail(en, zh).into())
        }
    }
}

async fn begin(state: &AppState, gate: Gate, context: &RequestContext, request: Request) -> Result<Begun, Failure> {
    let workspace = context.workspace()?;
    let user = context.principal()?.user;
    let Some(key) = key_of(request.headers())? else { return Err(ErrorCode::Internal.into()) };
    // Keys of different people never meet.
    let key = format!("{} {user} {key}", request.uri().path());
    let mut hash = Sha256::new();
    hash.update(request.uri().to_string());
    let (parts, body) = request.into_parts();
    let bytes = crate::extract::read(Request::from_parts(parts.clone(), body)).await?;
    hash.update(&bytes);
    let request = Request::from_parts(parts, Body::from(bytes));
    let body_hash = hash.finalize().into();
    match state.service.claim(workspace, &key, body_hash).await? {
        Claimed::Fresh => Ok(Begun::Claimed { workspace, key: StartKey { key, body_hash }, request }),
        Claimed::InProgress if gate.resumable => {
            Ok(Begun::Claimed { workspace, key: StartKey { key, body_hash }, request })
        }
        Claimed::Done(kept) => Ok(Begun::Answered(again(&kept)?)),
        Claimed::InProgress => Err(ApiError::new(ErrorCode::RequestInProgress).retry_after(1).into()),
        Claimed::Other => Err(ErrorCode::IdempotencyKeyReused.into()),
    }
}

/// Keeps an answer that another try would get too; gives the key up where another try may fare better.
async fn end(
    state: &AppState,
    context: &RequestContext,
    workspace: WorkspaceId,
    key: &str,
    mut response: Response,
) -> Response {
    if let Some(Pending(error)) = response.extensions_mut().remove::<Pending>() {
        response = problem_for(&error, context);
    }
    let worth_another_try = response.status().is_server_error()
        || matches!(
            response.status(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        );
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, limits::DEFINITION_BYTES * 2).await.unwrap_or_default();
    let stored = if worth_another_try {
        state.service.release_claim(workspace, key).await
    } else {
        let text = |name: &HeaderName| Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.to_owned()));
        let kept = Kept {
            status: parts.status.as_u16(),
            headers: KEPT.iter().filter_map(text).collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let kept = serde_json::to_string(&kept).unwrap_or_default();
        state.service.finish_claim(workspace, key, &kept).await
    };
    if let Err(error) = stored {
        tracing::warn!(%error, "an idempotent answer could not be kept");
    }
    Response::from_parts(parts, Body::from(body))
}

fn again(kept: &str) -> Result<Response, Failure> {
    let kept: Kept = serde_json::from_str(kept).map_err(|error| {
        tracing::error!(%error, "a kept answer cannot be read");
        Failure::from(ErrorCode::Internal)
    })?;
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
