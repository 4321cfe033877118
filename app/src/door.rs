//! The server's side of every server function: the use cases and the request from the context, and errors on their way out.
//!
//! A server function is one call into a use case; what it may not do is decide.

use crate::failure::Failure;
use heddle_api::{ApiError, ErrorCode, RequestContext, UseCasesRef};
use leptos::prelude::use_context;

/// Use cases and request, as the server gave them.
pub(crate) struct Door {
    /// What can be asked.
    pub(crate) cases: UseCasesRef,
    /// Who asks, and how.
    pub(crate) context: RequestContext,
}

/// Opens the door. Fails only where the server forgot to provide the context.
pub(crate) fn open() -> Result<Door, Failure> {
    match (use_context::<UseCasesRef>(), use_context::<RequestContext>()) {
        (Some(cases), Some(context)) => Ok(Door { cases, context }),
        _ => Err(Failure::Transport("the server did not provide the use cases".to_owned())),
    }
}

impl Door {
    /// An error as the screens take it; the answer gets its status.
    pub(crate) fn refuse(&self, error: &ApiError) -> Failure {
        let problem = error.problem(self.context.lang, self.context.request_id);
        if let (Some(options), Ok(status)) =
            (use_context::<leptos_axum::ResponseOptions>(), axum::http::StatusCode::from_u16(problem.status))
        {
            options.set_status(status);
        }
        Failure::Problem(Box::new(problem))
    }

    /// 404 for an id that cannot be read.
    pub(crate) fn malformed(&self, kind: &str, id: &str) -> Failure {
        let shown: String = id.chars().take(64).collect();
        self.refuse(
            &ApiError::new(ErrorCode::MalformedId)
                .detail(format!("There is no {kind} `{shown}`."), format!("没有 {kind} `{shown}`。")),
        )
    }
}

/// Adds a header to the answer of this request.
pub(crate) fn append_header(name: axum::http::HeaderName, value: &str) {
    if let (Some(options), Ok(value)) =
        (use_context::<leptos_axum::ResponseOptions>(), axum::http::HeaderValue::from_str(value))
    {
        options.append_header(name, value);
    }
}

/// Sets the status of the page being rendered.
pub(crate) fn status(code: u16) {
    if let (Some(options), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), axum::http::StatusCode::from_u16(code))
    {
        options.set_status(status);
    }
}
