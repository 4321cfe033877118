//! From a response to a node's output, or to an error of the right class.

use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::limits;
use heddle_model::value::{Map, Value, json};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use std::error::Error as _;

use super::guard::Refused;

/// Code of an address that may not be called.
pub const ADDRESS_REFUSED: &str = "ADDRESS_REFUSED";
/// Code of a connection that could not be made or broke.
pub const HTTP_CONNECTION: &str = "HTTP_CONNECTION";
/// Code of an answer that came too late.
pub const HTTP_TIMEOUT: &str = "HTTP_TIMEOUT";
/// Code of an answer that is larger than allowed.
pub const HTTP_TOO_LARGE: &str = "HTTP_TOO_LARGE";

/// Reads a body, at most so many bytes; more is an error, not a silent cut.
pub(super) async fn read(mut response: Response, most: usize) -> Result<Vec<u8>, TaskError> {
    let too_large = || {
        TaskError::new(
            ErrorClass::Business,
            HTTP_TOO_LARGE,
            format!(
                "the answer is larger than {most} bytes; raise `max_bytes` (at most {}) or ask for less",
                limits::HTTP_ANSWER_BYTES
            ),
        )
        .permanent()
    };
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > most {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads the beginning of a body that nobody expected; whatever fails, the status matters more.
pub(super) async fn excerpt(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= limits::HTTP_ERROR_BYTES {
            body.truncate(limits::HTTP_ERROR_BYTES);
            break;
        }
    }
    body
}

/// The output of a node: status, headers, body.
pub(super) fn output(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Value {
    json!({ "status": status.as_u16(), "headers": headers_value(headers), "body": body_value(headers, body) })
}

/// Headers by name in lower case; several of a name are joined as HTTP allows.
fn headers_value(headers: &HeaderMap) -> Value {
    let mut map = Map::new();
    for name in headers.keys() {
        let joined: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        map.insert(name.as_str().to_owned(), Value::String(joined.join(", ")));
    }
    Value::Object(map)
}

/// JSON as a value, text as text, anything else as base64, nothing as null.
fn body_value(headers: &HeaderMap, body: &[u8]) -> Value {
    use base64::Engine as _;
    if body.is_empty() {
        return Value::Null;
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if (kind == "application/json" || kind.ends_with("+json"))
        && let Ok(value) = serde_json::from_slice(body)
    {
        return value;
    }
    match std::str::from_utf8(body) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) if kind.starts_with("text/") => Value::String(String::from_utf8_lossy(body).into_owned()),
        Err(_) => Value::String(base64::engine::general_purpose::STANDARD.encode(body)),
    }
}

/// The error of a status that the author does not expect.
pub(super) fn unexpected(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> TaskError {
    // Too busy, too early, or broken: worth another try. Everything else is what the other side says to the request itself.
    let passing = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
    let class = if passing { ErrorClass::System } else { ErrorClass::Business };
    let reason = status.canonical_reason().unwrap_or("unknown status");
    let mut error = TaskError::new(
        class,
        format!("HTTP_{}", status.as_u16()),
        format!("the answer was {} {reason}", status.as_u16()),
    );
    error.retryable = passing;
    error.retry_after_ms = headers
        .get(RETRY_AFTER)
        .filter(|_| passing)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse::<u64>().ok())
        .map(|seconds| seconds.saturating_mul(1_000).min(limits::DURATION_MS));
    error.details = json!({ "status": status.as_u16(), "body": body_value(headers, body) });
    error
}

/// The error of a request that got no answer. The URL is left out: its query may hold secrets.
pub(super) fn failed(error: reqwest::Error) -> TaskError {
    let error = error.without_url();
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(inner) = cause {
        if let Some(why) = inner.downcast_ref::<Refused>() {
            return refused(why);
        }
        last = inner.to_string();
        cause = inner.source();
    }
    if error.is_timeout() {
        return TaskError::new(ErrorClass::Timeout, HTTP_TIMEOUT, format!("no answer in time: {last}"));
    }
    if error.is_builder() {
        return crate::config::invalid(format!("the request cannot be made: {last}"));
    }
    TaskError::new(ErrorClass::System, HTTP_CONNECTION, format!("the connection failed: {last}"))
}

/// The error of an address that may not be called.
pub(super) fn refused(why: &Refused) -> TaskError {
    TaskError::new(ErrorClass::Business, ADDRESS_REFUSED, why.to_string()).permanent()
}
