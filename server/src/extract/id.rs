//! Ids in addresses. A malformed one is 404 with its code, like one that does not exist.

use crate::error::Failure;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use heddle_api::{ApiError, ErrorCode};
use std::fmt::Display;
use std::str::FromStr;

/// The only id of the address.
pub(crate) struct Id<T>(pub(crate) T);

/// An id and the word after it.
pub(crate) struct Id2<T>(pub(crate) T, pub(crate) String);

impl<S: Send + Sync, T: FromStr<Err: Display>> FromRequestParts<S> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| Failure::from(ErrorCode::NotFound))?;
        parse(&text).map(Self)
    }
}

impl<S: Send + Sync, T: FromStr<Err: Display>> FromRequestParts<S> for Id2<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Path((text, word)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| Failure::from(ErrorCode::NotFound))?;
        Ok(Self(parse(&text)?, word))
    }
}

fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error: T::Err| {
        let shown: String = text.chars().take(64).collect();
        ApiError::new(ErrorCode::MalformedId).detail(format!("{error}."), format!("`{shown}` 不是有效的标识。")).into()
    })
}
