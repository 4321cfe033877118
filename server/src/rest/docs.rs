//! `/docs/errors/{code}`: what an error means, where the `type` of a problem document points.

use crate::error::{Answer, Failure};
use crate::extract::Context;
use crate::route::{Doors, Gate};
use axum::extract::Path;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use heddle_api::{ErrorCode, Lang};
use heddle_model::diagnostic;

pub(super) fn open(doors: Doors) -> Doors {
    doors.open_plain(Gate::PUBLIC, "/docs/errors/{code}", get(error))
}

async fn error(Context(context): Context, Path(word): Path<String>) -> Answer<impl IntoResponse> {
    let lang = context.lang;
    let known = ErrorCode::ALL.iter().copied().find(|code| code.as_str() == word).map(|code| of_error(code, lang));
    let page = known.or_else(|| of_diagnostic(&word, lang)).ok_or_else(|| Failure::from(ErrorCode::NotFound))?;
    Ok(Html(page))
}

fn of_error(code: ErrorCode, lang: Lang) -> String {
    let ((title_en, title_zh), (help_en, help_zh)) = (code.title(), code.help());
    let status = format!("HTTP {}", code.status());
    page(lang, code.as_str(), lang.pick(title_en, title_zh), &[&status, lang.pick(help_en, help_zh)])
}

/// The page of a rule of definitions (`W001` …).
fn of_diagnostic(word: &str, lang: Lang) -> Option<String> {
    let info = diagnostic::catalogue().iter().find(|info| info.code.as_str() == word)?;
    let language = match lang {
        Lang::En => diagnostic::Lang::En,
        Lang::Zh => diagnostic::Lang::Zh,
    };
    Some(page(lang, word, info.title.get(language), &[info.explanation.get(language), info.mend.get(language)]))
}

fn page(lang: Lang, code: &str, title: &str, paragraphs: &[&str]) -> String {
    let text: String = paragraphs.iter().map(|paragraph| format!("<p>{}</p>", escape(paragraph))).collect();
    let (tag, title) = (lang.tag(), escape(title));
    format!(
        "<!DOCTYPE html><html lang=\"{tag}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{code} · Heddle</title></head><body><main><h1>{title}</h1><p><code>{code}</code></p>{text}</main></body></html>\n"
    )
}

/// Our own texts hold no markup, but they speak about it.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
