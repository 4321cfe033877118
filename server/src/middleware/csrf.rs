//! Requests from other sites. A browser sends our cookie along with what a foreign page makes it do: such requests are refused by
//! what the browser itself says about their origin. Bearer tokens are never sent by themselves and need no such check.

use axum::http::{HeaderMap, HeaderName, Method, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the browser says about where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// From one of our own pages.
    Own,
    /// From somewhere else.
    Foreign,
    /// It says nothing: no browser of the last years.
    Unknown,
}

/// Whether a request that may change something must be refused. `cookie`: it carries our session cookie.
pub(crate) fn judge(method: &Method, headers: &HeaderMap, secure: bool, cookie: bool) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    match same_origin(headers, secure) {
        Origin::Own => false,
        Origin::Foreign => true,
        // Without a cookie there is no authority that could be abused.
        Origin::Unknown => cookie,
    }
}

/// Where a request comes from.
pub(crate) fn same_origin(headers: &HeaderMap, secure: bool) -> Origin {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("invalid"));
    match text(&FETCH_SITE) {
        Some("same-origin") => return Origin::Own,
        Some(_) => return Origin::Foreign,
        None => {}
    }
    let Some(origin) = text(&header::ORIGIN) else { return Origin::Unknown };
    let host = text(&header::HOST).unwrap_or_default();
    let own = if secure { format!("https://{host}") } else { format!("http://{host}") };
    if !host.is_empty() && origin.eq_ignore_ascii_case(&own) { Origin::Own } else { Origin::Foreign }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn what_the_browser_says_decides() {
        let host = ("host", "heddle.example:3000");
        for (pairs, cookie, refused) in [
            (vec![host, ("sec-fetch-site", "same-origin")], true, false),
            (vec![host, ("sec-fetch-site", "same-site")], true, true),
            (vec![host, ("sec-fetch-site", "cross-site")], false, true),
            (vec![host, ("sec-fetch-site", "none")], true, true),
            (vec![host, ("origin", "http://heddle.example:3000")], true, false),
            (vec![host, ("origin", "http://heddle.example")], true, true),
            (vec![host, ("origin", "https://heddle.example:3000")], true, true),
            (vec![host, ("origin", "null")], true, true),
            (vec![host, ("origin", "http://evil.example")], false, true),
            (vec![host], true, true),
            (vec![host], false, false),
        ] {
            assert_eq!(judge(&Method::POST, &headers(&pairs), false, cookie), refused, "{pairs:?} {cookie}");
            assert!(!judge(&Method::GET, &headers(&pairs), false, cookie));
        }
    }

    #[test]
    fn behind_tls_the_origin_is_https() {
        let headers = headers(&[("host", "heddle.example"), ("origin", "https://heddle.example")]);
        assert_eq!(same_origin(&headers, true), Origin::Own);
        assert_eq!(same_origin(&headers, false), Origin::Foreign);
    }
}
