//! Errors of the contract: a code from one list, a text in both languages, and for input errors where they are.

mod code;
mod problem;

pub use code::ErrorCode;
pub use problem::{Problem, ProblemItem, Severity};

use crate::lang::Lang;
use serde_json::{Map, Value};

/// What a use case answers when it refuses or fails. Holds nothing that a stranger may not read: causes go to the log.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {}", detail.as_ref().map_or("", |texts| texts.0.as_str()))]
pub struct ApiError {
    /// Which error it is.
    pub code: ErrorCode,
    /// What happened here, in English and 中文; the code's own text where absent.
    pub detail: Option<Box<(String, String)>>,
    /// The single mistakes of an input.
    pub errors: Vec<ProblemItem>,
    /// Further members of the problem document, such as `from` and `to` of a refused transition.
    pub members: Map<String, Value>,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u64>,
}

impl ApiError {
    /// The error of this code with its general text.
    pub fn new(code: ErrorCode) -> Self {
        Self { code, detail: None, errors: Vec::new(), members: Map::new(), retry_after: None }
    }

    /// Says what happened here, in English and 中文.
    #[must_use]
    pub fn detail(mut self, en: impl Into<String>, zh: impl Into<String>) -> Self {
        self.detail = Some(Box::new((en.into(), zh.into())));
        self
    }

    /// Names the single mistakes.
    #[must_use]
    pub fn errors(mut self, errors: Vec<ProblemItem>) -> Self {
        self.errors = errors;
        self
    }

    /// Adds a member to the problem document.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Says after how many seconds another try makes sense.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// 404 for a thing of this kind (`workflow`, `instance`, …).
    pub fn not_found(kind: &str, id: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::NotFound)
            .detail(format!("There is no {kind} `{id}` here."), format!("此处没有 {kind} `{id}`。"))
            .member("resource", kind)
    }

    /// 422 for one parameter or member.
    pub fn invalid(pointer: &str, en: impl Into<String>, zh: impl Into<String>, lang: Lang) -> Self {
        let (en, zh) = (en.into(), zh.into());
        let message = lang.pick(&en, &zh).to_owned();
        Self::new(ErrorCode::InvalidInput)
            .detail(en, zh)
            .errors(vec![ProblemItem::error(pointer, "INVALID_VALUE", message)])
    }

    /// The problem document in this language; `instance` is the request's id.
    pub fn problem(&self, lang: Lang, instance: impl std::fmt::Display) -> Problem {
        let (title_en, title_zh) = self.code.title();
        let detail = match &self.detail {
            Some(texts) => lang.pick(&texts.0, &texts.1).to_owned(),
            None => {
                let (en, zh) = self.code.help();
                lang.pick(en, zh).to_owned()
            }
        };
        Problem {
            r#type: self.code.page(),
            title: lang.pick(title_en, title_zh).to_owned(),
            status: self.code.status(),
            detail,
            code: self.code,
            instance: instance.to_string(),
            errors: self.errors.clone(),
            members: self.members.clone(),
        }
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}
