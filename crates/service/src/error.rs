//! The error of a use case: what callers may read. Causes from the layers below go to the log, never into an answer.

use heddle_api::{ApiError, ErrorCode};
use heddle_engine::runtime::EngineError;
use heddle_store::StoreError;

/// What a use case fails with. The conversions from the layers below stand here, once.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(transparent)]
pub struct Error(pub ApiError);

/// What a use case answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self(code.into())
    }
}

/// Where a use case means something by `Taken` or `Stale`, it says so itself before this.
impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self(match error {
            StoreError::Taken(what) => ApiError::new(ErrorCode::NameTaken)
                .detail(format!("This {what} is taken."), format!("该 {what} 已被占用。")),
            StoreError::Stale => ErrorCode::Conflict.into(),
            StoreError::Transient(cause) => {
                tracing::warn!(cause, "the database is not reachable");
                ApiError::new(ErrorCode::Unavailable).retry_after(1)
            }
            StoreError::Fatal(cause) => {
                tracing::error!(cause, "the database refused");
                ErrorCode::Internal.into()
            }
        })
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        Self(match error {
            EngineError::NotFound => ErrorCode::NotFound.into(),
            EngineError::IllegalTransition { from, to, id } => ApiError::new(ErrorCode::IllegalTransition)
                .detail(
                    format!("{id} is {from}; it cannot become {to}."),
                    format!("{id} 处于 {from} 状态，不能变为 {to}。"),
                )
                .member("from", from)
                .member("to", to)
                .member("id", id),
            EngineError::StaleToken => ErrorCode::StaleToken.into(),
            EngineError::SeqMismatch { expected, actual } => ApiError::new(ErrorCode::Conflict)
                .detail(
                    format!("It is at event {actual} now, not at {expected}."),
                    format!("当前事件序号为 {actual}，而非 {expected}。"),
                )
                .member("expected_seq", expected)
                .member("seq", actual),
            EngineError::Conflict(what) => {
                ApiError::new(ErrorCode::Conflict).detail(format!("Taken: {what}."), format!("已被占用：{what}。"))
            }
            EngineError::NoSuchNode(node) => ApiError::not_found("node", node),
            EngineError::InvalidCommand(why) => {
                ApiError::new(ErrorCode::Conflict).detail(why.clone(), format!("当前状态下不可执行：{why}"))
            }
            EngineError::Overloaded { retry_after_ms } => {
                let seconds = retry_after_ms.div_ceil(1000).max(1);
                ApiError::new(ErrorCode::Overloaded).member("retry_after", seconds).retry_after(seconds)
            }
            EngineError::AtLimit => ApiError::new(ErrorCode::Conflict).detail(
                "As many instances as the workflow's concurrency key allows are under way.",
                "正在运行的实例数已达到该流程并发键的上限。",
            ),
            EngineError::OverShare { retry_after_ms } => {
                let seconds = retry_after_ms.div_ceil(1000).max(1);
                ApiError::new(ErrorCode::TooManyRequests)
                    .detail(
                        "This workspace has as much under way as its share of the server. Wait as long as Retry-After says.",
                        "此工作区正在处理的请求已达到其在服务器中的份额。请按 Retry-After 等待后重试。",
                    )
                    .member("retry_after", seconds)
                    .retry_after(seconds)
            }
            EngineError::Elsewhere => ApiError::new(ErrorCode::Unavailable).retry_after(1),
            EngineError::Unavailable(cause) => {
                tracing::warn!(cause, "the engine is not available");
                ApiError::new(ErrorCode::Unavailable).retry_after(1)
            }
            EngineError::Human(refusal) => return refusal.into(),
            EngineError::Damaged(cause) => {
                tracing::error!(cause, "an instance is damaged");
                ErrorCode::Quarantined.into()
            }
            EngineError::Refused(cause) => {
                tracing::error!(cause, "the database refuses for good");
                ApiError::new(ErrorCode::NotStorable).detail(
                    "The database cannot store what this comes to. An instance that exists has an incident of kind `quarantined` that names the cause.",
                    "数据库无法存储由此产生的内容。已存在的实例会有一个说明原因的 `quarantined` 类异常。",
                )
            }
            EngineError::Internal(cause) => {
                tracing::error!(cause, "the engine failed");
                ErrorCode::Internal.into()
            }
        })
    }
}
