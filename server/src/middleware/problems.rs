//! The layer around all handlers: gives each request its id and language, catches panics, and turns every refusal into a problem document.

use crate::error::{PROBLEM, Pending, problem};
use crate::extract::{client_address, cookie, is_secure};
use crate::state::AppState;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use heddle_api::{ApiError, ErrorCode, Lang, RequestContext};
use heddle_model::ids::{RequestId, uuid_v7};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps everything.
pub(crate) async fn problems(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = stranger(&state, &request);
    let (lang, id, told) = (context.lang, context.request_id, context.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(context);
    // A panic is a defect of one request; it must not take the connection or the server along.
    let mut response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(%method, path, request = %id, "a request panicked");
            problem(&ErrorCode::Internal.into(), lang, id)
        }
    };
    if let Some(Pending(error)) = response.extensions_mut().remove::<Pending>() {
        response = merge(problem(&error, lang, id), response.headers());
    } else if let Some(error) = bare(&response) {
        response = merge(problem(&error, lang, id), response.headers());
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response.extensions_mut().insert(told);
    let status = response.status();
    crate::metrics::request(&method, status.as_u16(), started.elapsed());
    tracing::debug!(%method, path, status = status.as_u16(), request = %id, elapsed_ms = started.elapsed().as_millis() as u64, "request");
    response
}

/// The context before anybody has proven who they are.
fn stranger(state: &AppState, request: &Request) -> RequestContext {
    let headers = request.headers();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let page = !request.uri().path().starts_with("/api/");
    RequestContext {
        address: peer.map(|peer| client_address(peer, headers, &state.trusted_proxies)),
        secure: peer.is_some_and(|peer| is_secure(peer, headers, &state.trusted_proxies)),
        ..RequestContext::anonymous(new_id(), language(headers, page))
    }
}

/// What a person picked in the browser wins on pages; programs say it with every call.
fn language(headers: &HeaderMap, page: bool) -> Lang {
    let picked = if page { cookie(headers, heddle_api::cookie::LANG_NAME).and_then(Lang::from_tag) } else { None };
    picked.unwrap_or_else(|| {
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        header.map(Lang::from_accept_language).unwrap_or_default()
    })
}

/// The error of a refusal that a library made without a document: wrong method, wrong address, too large.
fn bare(response: &Response) -> Option<ApiError> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let media_type =
        response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media_type.starts_with(PROBLEM)
        || media_type.starts_with("text/html")
        || media_type.starts_with("application/json")
    {
        return None;
    }
    Some(ApiError::new(match status {
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType,
        StatusCode::UNPROCESSABLE_ENTITY => ErrorCode::InvalidInput,
        StatusCode::REQUEST_TIMEOUT => ErrorCode::RequestTimeout,
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::Unavailable,
        StatusCode::UNAUTHORIZED => ErrorCode::Unauthenticated,
        StatusCode::FORBIDDEN => ErrorCode::Forbidden,
        StatusCode::TOO_MANY_REQUESTS => ErrorCode::TooManyRequests,
        status if status.is_client_error() => ErrorCode::MalformedBody,
        _ => ErrorCode::Internal,
    }))
}

/// Keeps what the refusal says beside its body, such as `Allow`.
fn merge(mut document: Response, headers: &HeaderMap) -> Response {
    for name in [header::ALLOW, header::SET_COOKIE] {
        for value in headers.get_all(&name) {
            document.headers_mut().append(name.clone(), value.clone());
        }
    }
    document
}

fn new_id() -> RequestId {
    let mut random = [0; 16];
    // Ids of requests are no secrets; should the system have no randomness, time alone must do.
    let _ = getrandom::fill(&mut random);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    RequestId::from_u128(uuid_v7(u64::try_from(now.as_millis()).unwrap_or_default(), u128::from_be_bytes(random)))
}
