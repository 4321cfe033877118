//! Problems in a definition: a code, where it is, whom it concerns, and how to mend it, in English and 中文.
//!
//! A diagnostic carries its code and arguments, not sentences: the sentences stand once, in `catalogue.json`, and are put
//! together when somebody reads them, in that reader's language. What may not live here: any rule that finds a problem.

mod catalogue;
mod code;

pub use catalogue::{CodeInfo, Texts, catalogue, term};
pub use code::Code;

use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How grave a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Blocks publishing.
    Error,
    /// Worth a look; does not block.
    Warning,
    /// Worth knowing.
    Hint,
}

/// A language that messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// 中文.
    Zh,
}

impl Lang {
    /// The language of a tag such as `zh-CN` or `en`; English where it is neither.
    pub fn from_tag(tag: &str) -> Self {
        if tag.trim().to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }
}

/// A value in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    /// The author's own words, never translated.
    Text(String),
    /// A word of ours, from the catalogue's list of terms.
    Term {
        /// Its key in the list.
        term: String,
    },
    /// A text that comes in both languages from elsewhere, such as the expression compiler.
    Both {
        /// English.
        en: String,
        /// 中文.
        zh: String,
    },
}

/// A change that mends a problem; pointers are into the full form as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Fix {
    /// Put a value where another (or nothing) is.
    Set {
        /// Where.
        pointer: String,
        /// What.
        value: Value,
    },
    /// Take a value away.
    Remove {
        /// Which.
        pointer: String,
    },
    /// Give a field another name.
    RenameKey {
        /// Which.
        pointer: String,
        /// Its new name.
        key: String,
    },
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// What is wrong.
    pub code: Code,
    /// How grave it is.
    pub severity: Severity,
    /// The element, as a JSON pointer into the full form.
    pub pointer: String,
    /// The ids of the nodes and edges it concerns, the most important first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Line of the element in the text, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column of the element in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Where in a text value, such as an expression, the problem is: characters from its beginning. The column counts them in
    /// where the text is written on one line without escapes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// What the message mentions, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Arg>,
    /// The nearest valid word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// A change that mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A problem of this kind at this element.
    pub fn new(code: Code, pointer: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            pointer: pointer.into(),
            ids: Vec::new(),
            line: None,
            column: None,
            offset: None,
            args: BTreeMap::new(),
            suggestion: None,
            fix: None,
        }
    }

    /// With the author's own words under this name.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl ToString) -> Self {
        self.args.insert(name.to_owned(), Arg::Text(text.to_string()));
        self
    }

    /// With a translated word under this name.
    #[must_use]
    pub fn with_term(mut self, name: &str, term: &str) -> Self {
        self.args.insert(name.to_owned(), Arg::Term { term: term.to_owned() });
        self
    }

    /// With a text in both languages under this name.
    #[must_use]
    pub fn with_both(mut self, name: &str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        self.args.insert(name.to_owned(), Arg::Both { en: en.into(), zh: zh.into() });
        self
    }

    /// Concerning this node or edge as well.
    #[must_use]
    pub fn concerning(mut self, id: impl Into<String>) -> Self {
        self.ids.push(id.into());
        self
    }

    /// At this line and column, both from 1.
    #[must_use]
    pub const fn at(mut self, line: u32, column: u32) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }

    /// At this byte of a text value.
    #[must_use]
    pub fn inside(mut self, text: &str, byte: usize) -> Self {
        self.offset = text.get(..byte).and_then(|before| u32::try_from(before.chars().count()).ok());
        self
    }

    /// As grave as this instead of what the code says.
    #[must_use]
    pub const fn as_grave_as(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// With the nearest valid word, if there is one.
    #[must_use]
    pub fn suggesting(mut self, word: Option<impl Into<String>>) -> Self {
        self.suggestion = word.map(Into::into);
        self
    }

    /// With a change that mends it.
    #[must_use]
    pub fn fixed_by(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Whether it blocks publishing.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// What is wrong, as a sentence; with the nearest valid word where there is one.
    pub fn message(&self, lang: Lang) -> String {
        let info = catalogue::info(self.code);
        let mut text = catalogue::fill(info.map_or("", |info| info.message.get(lang)), &self.args, lang);
        if let Some(word) = &self.suggestion {
            let (before, after) = match lang {
                Lang::En => (" Did you mean `", "`?"),
                Lang::Zh => ("是不是想写“", "”？"),
            };
            text.push_str(before);
            text.push_str(word);
            text.push_str(after);
        }
        text
    }

    /// How to mend it, as the catalogue says.
    pub fn mend(&self, lang: Lang) -> &'static str {
        catalogue::info(self.code).map_or("", |info| info.mend.get(lang))
    }
}

/// Whether any of them blocks publishing.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}
