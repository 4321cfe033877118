//! Query strings.

use crate::error::Failure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use heddle_api::params::ListInstances;
use heddle_api::{ApiError, ErrorCode};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The parameters of the query string. An empty one counts as absent.
pub(crate) struct Query<T>(pub(crate) T);

/// Parameters that one address may have.
const PARAMETERS: usize = 64;

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        read(parts.uri.query().unwrap_or_default(), |_| false).map(|(params, _)| Self(params))
    }
}

/// The filters of the list of instances: `var.NAME` beside the named ones.
pub(crate) fn instances_query(query: &str) -> Result<ListInstances, Failure> {
    let (mut params, vars): (ListInstances, _) = read(query, |name| name.starts_with("var."))?;
    params.vars = vars.into_iter().map(|(name, value)| (name.trim_start_matches("var.").to_owned(), value)).collect();
    Ok(params)
}

fn read<T: DeserializeOwned>(
    query: &str,
    apart: impl Fn(&str) -> bool,
) -> Result<(T, BTreeMap<String, String>), Failure> {
    let (mut rest, mut named) = (BTreeMap::new(), form_urlencoded::Serializer::new(String::new()));
    for (count, (name, value)) in form_urlencoded::parse(query.as_bytes()).enumerate() {
        if count >= PARAMETERS {
            return Err(wrong(&format!("more than {PARAMETERS} parameters")));
        }
        if value.is_empty() {
            continue;
        }
        if apart(&name) {
            rest.insert(name.into_owned(), value.into_owned());
        } else {
            named.append_pair(&name, &value);
        }
    }
    let params = serde_urlencoded::from_str(&named.finish()).map_err(|error| wrong(&error.to_string()))?;
    Ok((params, rest))
}

fn wrong(why: &str) -> Failure {
    ApiError::new(ErrorCode::InvalidInput)
        .detail(format!("The query string cannot be read: {why}."), format!("无法读取查询参数：{why}。"))
        .into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_told_from_named_filters() {
        let params = instances_query("status=RUNNING&var.%E9%87%91%E9%A2%9D=12&limit=3&q=").unwrap();
        assert_eq!((params.status.as_deref(), params.limit, params.q), (Some("RUNNING"), Some(3), None));
        assert_eq!(params.vars.into_iter().collect::<Vec<_>>(), [("金额".to_owned(), "12".to_owned())]);
        assert!(instances_query("limit=x").is_err());
        assert!(instances_query(&"a=1&".repeat(100)).is_err());
    }
}
