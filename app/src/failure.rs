//! What a server function answers when it fails: the same problem document as the REST API, or "the server cannot be reached".

use crate::i18n::Words;
use heddle_api::{ErrorCode, Problem};
use leptos::prelude::FromServerFnError;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::ServerFnErrorErr;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A failed call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Failure {
    /// The server refused or failed, and says why.
    Problem(Box<Problem>),
    /// The call itself failed: no connection, or an answer that is none.
    Transport(String),
}

impl Failure {
    /// The code, where the server gave one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            Self::Transport(_) => None,
        }
    }

    /// The problem document, where the server gave one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Transport(_) => None,
        }
    }

    /// The request's id, or nothing.
    pub fn request_id(&self) -> &str {
        self.problem().map_or("", |problem| problem.instance.as_str())
    }

    /// Title and explanation for the screen.
    pub fn texts(&self, words: Words) -> (String, String) {
        match self {
            Self::Problem(problem) => (problem.title.clone(), problem.detail.clone()),
            Self::Transport(_) => (words.offline_title().to_owned(), words.offline_text().to_owned()),
        }
    }

    /// One line for the screen.
    pub fn line(&self, words: Words) -> String {
        match self {
            Self::Problem(problem) => problem.detail.clone(),
            Self::Transport(_) => words.offline_title().to_owned(),
        }
    }

    /// Whether the thing asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::NotFound | ErrorCode::MalformedId))
    }

    /// Whether signing in again would help.
    pub fn is_signed_out(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::Unauthenticated | ErrorCode::SessionExpired))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => write!(f, "{problem}"),
            Self::Transport(cause) => write!(f, "the call failed: {cause}"),
        }
    }
}

impl std::error::Error for Failure {}

impl FromServerFnError for Failure {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::Transport(error.to_string())
    }
}
