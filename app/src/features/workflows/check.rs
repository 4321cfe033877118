//! Checking a definition while it is typed: the same reading and the same rules as the server's, in the browser. Pure. Only
//! `crate::parts` calls it, so that it loads when it is first needed.

use crate::graph::Graph;
use crate::i18n::Words;
use heddle_api::error::{ProblemItem, Severity};
use heddle_model::diagnostic::{self, Diagnostic};
use heddle_model::format::{Format, parse};
use heddle_model::validate::{TaskTypes, examine};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a text is worth.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Checked {
    /// The workflow's name and its graph, where the text could be read; it may be wrong.
    pub read: Option<Read>,
    /// What is wrong, errors first.
    pub problems: Vec<ProblemItem>,
}

/// What a text that could be read says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// The workflow's name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its picture.
    pub graph: Graph,
}

impl Checked {
    /// Whether it could be stored.
    pub fn is_valid(&self) -> bool {
        self.read.is_some() && self.errors() == 0
    }

    /// How many problems block.
    pub fn errors(&self) -> u64 {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error).count() as u64
    }
}

/// Checks a text.
pub fn check(text: &str, words: Words) -> Checked {
    let (definition, found) = examine(parse(text, Format::Auto), &TaskTypes::default());
    let mut problems: Vec<ProblemItem> = found.iter().map(|diagnostic| item(diagnostic, words)).collect();
    problems.sort_by_key(|problem| (problem.severity, problem.line, problem.column));
    let read = definition.map(|definition| Read {
        graph: Graph::of(&definition, words),
        name: definition.name,
        description: definition.description,
        tags: definition.tags,
    });
    Checked { read, problems }
}

/// A diagnostic as the wire and the screens have it.
fn item(diagnostic: &Diagnostic, words: Words) -> ProblemItem {
    let lang = match words.0 {
        heddle_api::Lang::En => diagnostic::Lang::En,
        heddle_api::Lang::Zh => diagnostic::Lang::Zh,
    };
    ProblemItem {
        pointer: diagnostic.pointer.clone(),
        line: diagnostic.line,
        column: diagnostic.column,
        code: diagnostic.code.to_string(),
        severity: match diagnostic.severity {
            diagnostic::Severity::Error => Severity::Error,
            diagnostic::Severity::Warning => Severity::Warning,
            diagnostic::Severity::Hint => Severity::Hint,
        },
        message: diagnostic.message(lang),
        suggestion: diagnostic.suggestion.clone(),
        ids: diagnostic.ids.clone(),
    }
}

/// The graph of a stored definition (canonical JSON).
pub fn graph_of_json(definition: &Value, words: Words) -> Graph {
    heddle_model::format::from_json(definition)
        .definition
        .map(|definition| Graph::of(&definition, words))
        .unwrap_or_default()
}

/// The name that a text gives its workflow.
#[cfg_attr(not(feature = "ssr"), allow(dead_code))]
pub fn name_of(text: &str) -> String {
    parse(text, Format::Auto).definition.map(|definition| definition.name).unwrap_or_default()
}
