//! A definition as a body: JSON or YAML, by its content type.

use super::body::{media_type, read};
use crate::error::Failure;
use axum::extract::{FromRequest, Request};
use heddle_api::params::{DefinitionFormat, DefinitionText};
use heddle_api::{ApiError, ErrorCode};

/// The definition of the body.
pub(crate) struct Definition(pub(crate) DefinitionText);

impl<S: Sync> FromRequest<S> for Definition {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let format = match media_type(request.headers()).as_str() {
            "application/json" => DefinitionFormat::Json,
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => DefinitionFormat::Yaml,
            other => {
                return Err(ApiError::new(ErrorCode::UnsupportedMediaType)
                    .detail(
                        format!("`{other}` is not a definition's type; send application/json or application/yaml."),
                        format!("`{other}` 不是定义的类型，请使用 application/json 或 application/yaml。"),
                    )
                    .into());
            }
        };
        let bytes = read(request).await?;
        let text = String::from_utf8(bytes.into()).map_err(|_| {
            Failure::from(
                ApiError::new(ErrorCode::MalformedBody).detail("The body is not UTF-8.", "请求体不是 UTF-8 编码。"),
            )
        })?;
        Ok(Self(DefinitionText { format, text }))
    }
}
