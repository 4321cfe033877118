//! `/docs/errors/{code}`: what an error means, where the `type` of a problem document points.

use crate::error::{Answer, Failure};
use crate::extract::Context;
use crate::route::{Doors, Gate};
use axum::extract::Path;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use heddle_api::{ErrorCode, Lang};

pub(super) fn open(doors: Doors) -> Doors {
    doors.open_plain(Gate::PUBLIC, "/docs/errors/{code}", get(error))
}

async fn error(Context(context): Context, Path(word): Path<String>) -> Answer<impl IntoResponse> {
    let code = ErrorCode::ALL.iter().copied().find(|code| code.as_str() == word).ok_or_else(|| Failure::from(ErrorCode::NotFound))?;
    Ok(Html(page(code, context.lang)))
}

// All that goes in comes from our own table: there is nothing to escape.
fn page(code: ErrorCode, lang: Lang) -> String {
    let ((title_en, title_zh), (help_en, help_zh)) = (code.title(), code.help());
    let (title, help) = (lang.pick(title_en, title_zh), lang.pick(help_en, help_zh));
    let (tag, status) = (lang.tag(), code.status());
    format!(
        "<!DOCTYPE html><html lang=\"{tag}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{code} · Heddle</title></head><body><main><h1>{title}</h1><p><code>{code}</code> · HTTP {status}</p><p>{help}</p></main></body></html>\n"
    )
}
