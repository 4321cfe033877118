//! Bodies. Their size is limited by the route before anything reads them.

use crate::error::Failure;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use heddle_api::error::ProblemItem;
use heddle_api::{ApiError, ErrorCode};
use heddle_model::limits;
use serde::de::DeserializeOwned;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

/// A form body.
pub(crate) struct Form<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let media_type = media_type(request.headers());
        if !media_type.is_empty() && media_type != "application/json" && !media_type.ends_with("+json") {
            return Err(unsupported(&media_type, "application/json"));
        }
        let bytes = read(request).await?;
        if bytes.is_empty() {
            // An empty body is an empty object: an action without details needs none.
            return json(b"{}").map(Self);
        }
        json(&bytes).map(Self)
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let media_type = media_type(request.headers());
        if media_type != "application/x-www-form-urlencoded" {
            return Err(unsupported(&media_type, "application/x-www-form-urlencoded"));
        }
        let bytes = read(request).await?;
        serde_urlencoded::from_bytes(&bytes).map(Self).map_err(|error| {
            ApiError::new(ErrorCode::MalformedBody)
                .detail(format!("The form cannot be read: {error}."), format!("无法读取表单：{error}。"))
                .into()
        })
    }
}

/// The whole body; 413 when it is larger than its route allows.
pub(crate) async fn read(request: Request) -> Result<axum::body::Bytes, Failure> {
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        // Nothing is unpacked here, so nothing can be a bomb.
        return Err(ErrorCode::UnsupportedMediaType.into());
    }
    axum::body::to_bytes(request.into_body(), limits::DEFINITION_BYTES + 1).await.map_err(|error| {
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            if error.is::<http_body_util::LengthLimitError>() {
                return ErrorCode::PayloadTooLarge.into();
            }
            cause = error.source();
        }
        ErrorCode::MalformedBody.into()
    })
}

/// The media type without its parameters, in lower case; empty where absent.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    check_depth(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| {
        let item = ProblemItem {
            line: u32::try_from(error.line()).ok(),
            column: u32::try_from(error.column()).ok(),
            ..ProblemItem::error("", "JSON", error.to_string())
        };
        let code = if error.is_data() { ErrorCode::InvalidInput } else { ErrorCode::MalformedBody };
        ApiError::new(code)
            .detail(format!("The body cannot be read: {error}."), format!("无法读取请求体：{error}。"))
            .errors(vec![item])
            .into()
    })
}

/// Refuses JSON that nests too deeply before anything recurses into it.
fn check_depth(bytes: &[u8]) -> Result<(), Failure> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for &byte in bytes {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limits::DOCUMENT_DEPTH {
                    let (en, zh) = (
                        format!("The body nests deeper than {} levels.", limits::DOCUMENT_DEPTH),
                        format!("请求体嵌套超过 {} 层。", limits::DOCUMENT_DEPTH),
                    );
                    return Err(ApiError::new(ErrorCode::InvalidInput).detail(en, zh).into());
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn unsupported(found: &str, wanted: &str) -> Failure {
    ApiError::new(ErrorCode::UnsupportedMediaType)
        .detail(
            format!("`{found}` is not read here; send {wanted}."),
            format!("此处不接受 `{found}`，请使用 {wanted}。"),
        )
        .into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn depth_counts_brackets_outside_texts() {
        assert!(
            check_depth(br#"{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[["}"#)
                .is_ok()
        );
        assert!(check_depth(&[b'['; 64]).is_ok());
        assert!(check_depth(&[b'['; 65]).is_err());
    }

    #[test]
    fn syntax_is_told_from_meaning() {
        assert_eq!(json::<Value>(b"{").unwrap_err().0.code, ErrorCode::MalformedBody);
        assert_eq!(json::<u8>(b"\"x\"").unwrap_err().0.code, ErrorCode::InvalidInput);
    }
}
