//! From the config of an `http` task to a request.

use crate::config::{invalid, text};
use heddle_engine::tasks::TaskError;
use heddle_model::limits;
use heddle_model::value::{Map, Value};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;

/// Headers that belong to the connection, not to the author.
const OWN_HEADERS: [&str; 8] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "proxy-authorization"];
/// The header that tells the other side that two requests are the same.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The config of an `http` task.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpTask {
    pub(super) method: Option<String>,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Map<String, Value>,
    #[serde(default)]
    pub(super) query: Map<String, Value>,
    pub(super) body: Option<Value>,
    pub(super) auth: Option<Auth>,
    #[serde(default)]
    pub(super) expect: Vec<Value>,
    pub(super) max_bytes: Option<usize>,
}

/// How to sign in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Auth {
    #[serde(rename = "type", default)]
    kind: AuthKind,
    secret: String,
    username: Option<String>,
    header: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AuthKind {
    #[default]
    Bearer,
    Basic,
    Header,
}

/// The method, GET where none is named.
pub(super) fn method(task: &HttpTask) -> Result<Method, TaskError> {
    match task.method.as_deref().unwrap_or("GET") {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        "OPTIONS" => Ok(Method::OPTIONS),
        other => Err(invalid(format!("`method` is `{other}`; write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"))),
    }
}

/// Adds the query to a URL: lists repeat their name, null leaves it out.
pub(super) fn add_query(url: &mut Url, query: &Map<String, Value>) -> Result<(), TaskError> {
    for (name, value) in query {
        match value {
            Value::Null => {}
            Value::Array(list) => {
                for item in list {
                    url.query_pairs_mut().append_pair(name, &text(item));
                }
            }
            other => {
                url.query_pairs_mut().append_pair(name, &text(other));
            }
        }
    }
    if url.as_str().len() > limits::HTTP_URL_BYTES {
        return Err(invalid(format!("the URL with its query is longer than {} bytes", limits::HTTP_URL_BYTES)));
    }
    Ok(())
}

/// The headers of a request: the author's, then how to sign in, then the key of the attempt.
pub(super) fn headers(task: &HttpTask, method: &Method, key: &str) -> Result<HeaderMap, TaskError> {
    if task.headers.len() > limits::HTTP_HEADERS {
        return Err(invalid(format!("more than {} headers", limits::HTTP_HEADERS)));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &task.headers {
        if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(invalid(format!("the header `{name}` is set by the connection itself")));
        }
        let (name, value) = header(name, &text(value))?;
        headers.insert(name, value);
    }
    if let Some(auth) = &task.auth {
        let (name, value) = sign_in(auth)?;
        headers.insert(name, value);
    }
    if matches!(*method, Method::POST | Method::PATCH) && !headers.contains_key(IDEMPOTENCY_KEY) && !key.is_empty() {
        let (name, value) = header(IDEMPOTENCY_KEY, key)?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn sign_in(auth: &Auth) -> Result<(HeaderName, HeaderValue), TaskError> {
    use base64::Engine as _;
    let (name, value) = match auth.kind {
        AuthKind::Bearer => (AUTHORIZATION, format!("Bearer {}", auth.secret)),
        AuthKind::Basic => {
            let pair = format!("{}:{}", auth.username.as_deref().unwrap_or_default(), auth.secret);
            (AUTHORIZATION, format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
        }
        AuthKind::Header => {
            let name = auth
                .header
                .as_deref()
                .ok_or_else(|| invalid("`auth` of type header needs `header`, the header's name"))?;
            (header(name, "")?.0, auth.secret.clone())
        }
    };
    // The value is a secret: neither it nor the error that names it may be seen.
    let mut value = HeaderValue::from_str(&value)
        .map_err(|_| invalid("the secret of `auth` has characters that a header cannot carry"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), TaskError> {
    let parsed =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid(format!("`{name}` is no name of a header")))?;
    let value = HeaderValue::from_str(value)
        .map_err(|_| invalid(format!("the header `{name}` has characters that a header cannot carry")))?;
    Ok((parsed, value))
}

/// The bytes of a body and their type: a text as it is, a form where the headers say so, everything else as JSON.
pub(super) fn body(body: Option<&Value>, headers: &mut HeaderMap) -> Option<Vec<u8>> {
    let body = body?;
    let declared =
        headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let (bytes, kind) = match body {
        Value::String(text) => (text.clone().into_bytes(), "text/plain; charset=utf-8"),
        Value::Object(fields) if declared.starts_with("application/x-www-form-urlencoded") => {
            let mut form = Url::parse("form:").ok()?;
            form.query_pairs_mut().extend_pairs(fields.iter().map(|(name, value)| (name.as_str(), text(value))));
            (form.query().unwrap_or_default().as_bytes().to_vec(), "application/x-www-form-urlencoded")
        }
        other => (other.to_string().into_bytes(), "application/json"),
    };
    if declared.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    Some(bytes)
}

/// Whether a status is one that the author expects: numbers, texts such as `404`, `2xx` or `200-204`; 2xx where none are named.
pub(super) fn expects(expect: &[Value], status: u16) -> Result<bool, TaskError> {
    if expect.is_empty() {
        return Ok((200..300).contains(&status));
    }
    for entry in expect {
        let range = range(entry)
            .ok_or_else(|| invalid(format!("`expect` has {entry}; write a status such as 404, `2xx` or `200-204`")))?;
        if range.contains(&status) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn range(entry: &Value) -> Option<std::ops::RangeInclusive<u16>> {
    let one = |text: &str| text.trim().parse::<u16>().ok().filter(|status| (100..=599).contains(status));
    match entry {
        Value::Number(number) => {
            number.as_u64().and_then(|number| one(&number.to_string())).map(|status| status..=status)
        }
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            if let Some(class) = text.strip_suffix("xx") {
                let class = class.parse::<u16>().ok().filter(|class| (1..=5).contains(class))?;
                return Some(class * 100..=class * 100 + 99);
            }
            match text.split_once('-') {
                Some((first, last)) => Some(one(first)?..=one(last)?),
                None => one(&text).map(|status| status..=status),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use heddle_model::value::json;

    #[test]
    fn expected_statuses() {
        for (expect, status, want) in [
            (json!([]), 204, true),
            (json!([]), 301, false),
            (json!(["2xx", 404]), 404, true),
            (json!(["4XX"]), 499, true),
            (json!(["200-204"]), 205, false),
            (json!(["404"]), 404, true),
        ] {
            assert_eq!(expects(expect.as_array().unwrap(), status).unwrap(), want, "{expect} {status}");
        }
        for wrong in [json!("6xx"), json!("x"), json!(99), json!(true), json!("xx")] {
            assert!(expects(std::slice::from_ref(&wrong), 200).is_err(), "{wrong}");
        }
    }

    #[test]
    fn headers_of_the_connection_and_broken_ones_are_refused() {
        for (name, value) in [
            ("Host", "x"),
            ("content-length", "0"),
            ("Transfer-Encoding", "chunked"),
            ("a b", "x"),
            ("x", "a\r\nEvil: 1"),
            ("x", "\u{0}"),
            ("", "x"),
        ] {
            let task = HttpTask { headers: Map::from_iter([(name.to_owned(), json!(value))]), ..HttpTask::default() };
            assert!(headers(&task, &Method::GET, "").is_err(), "{name}: {value:?}");
        }
    }
}
