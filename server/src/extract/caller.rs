//! Who asks: the context that the guard of the route has found out.

use crate::error::Failure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use heddle_api::{ErrorCode, RequestContext};

/// The context of the request.
pub(crate) struct Context(pub(crate) RequestContext);

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // The guard of every route puts it there; without a guard there is no answer.
        parts.extensions.get::<RequestContext>().cloned().map(Self).ok_or_else(|| {
            tracing::error!(path = parts.uri.path(), "a route without a guard");
            ErrorCode::Internal.into()
        })
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "xsid=1; sid=2".parse().unwrap());
        headers.append(header::COOKIE, "other=a=b".parse().unwrap());
        assert_eq!(cookie(&headers, "sid"), Some("2"));
        assert_eq!(cookie(&headers, "other"), Some("a=b"));
        assert_eq!(cookie(&headers, "si"), None);
    }
}
