//! Errors at the door: every one becomes a problem document in the caller's language, with the request's id.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use heddle_api::{ApiError, ErrorCode, Lang, RequestContext};
use heddle_model::ids::RequestId;

/// The media type of problem documents.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// What handlers fail with. It becomes a document in `middleware::problems`, which knows the language and the request.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) ApiError);

/// What handlers answer.
pub(crate) type Answer<T> = Result<T, Failure>;

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self(code.into())
    }
}

impl From<heddle_service::Error> for Failure {
    fn from(error: heddle_service::Error) -> Self {
        Self(error.into())
    }
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Pending(pub(crate) ApiError);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(Pending(self.0));
        response
    }
}

/// The document.
pub(crate) fn problem(error: &ApiError, lang: Lang, request: RequestId) -> Response {
    let problem = error.problem(lang, request);
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(problem)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"heddle\""));
    }
    response
}

/// The document, for a request whose context is known.
pub(crate) fn problem_for(error: &ApiError, context: &RequestContext) -> Response {
    problem(error, context.lang, context.request_id)
}
