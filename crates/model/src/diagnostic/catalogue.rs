//! Reads `catalogue.json`, the one list of what every code says, and fills its sentences.

use super::{Arg, Code, Lang};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Texts {
    /// English.
    pub en: String,
    /// 中文.
    pub zh: String,
}

impl Texts {
    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}

/// What is known of a code: the page about it is made from this.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CodeInfo {
    /// `W001` …
    pub code: Code,
    /// A heading.
    pub title: Texts,
    /// The sentence people see; `{name}` stands for an argument.
    pub message: Texts,
    /// Why it is a problem.
    pub explanation: Texts,
    /// How to mend it.
    pub mend: Texts,
}

#[derive(Deserialize, Default)]
struct File {
    terms: BTreeMap<String, Texts>,
    codes: Vec<CodeInfo>,
}

fn file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    // The text is part of the program and a test reads it, so the empty list is never met.
    FILE.get_or_init(|| serde_json::from_str(include_str!("catalogue.json")).unwrap_or_default())
}

/// Everything known of every code, in the order of the numbers.
pub fn catalogue() -> &'static [CodeInfo] {
    &file().codes
}

pub(super) fn info(code: Code) -> Option<&'static CodeInfo> {
    let codes = catalogue();
    codes.binary_search_by(|info| info.code.cmp(&code)).ok().map(|index| &codes[index])
}

/// A word of ours in one language; the key itself where the list lacks it.
pub fn term(key: &str, lang: Lang) -> &str {
    file().terms.get(key).map_or(key, |texts| texts.get(lang))
}

/// Puts the arguments in the places of `{name}`.
///
/// A term may itself mention arguments; those are filled too, but no deeper.
pub(super) fn fill(template: &str, args: &BTreeMap<String, Arg>, lang: Lang) -> String {
    fill_to(template, args, lang, 1)
}

fn fill_to(template: &str, args: &BTreeMap<String, Arg>, lang: Lang, depth: u8) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('}') else { break };
        match args.get(&rest[open + 1..open + close]) {
            Some(Arg::Text(words)) => text.push_str(words),
            Some(Arg::Term { term: key }) if depth > 0 => {
                text.push_str(&fill_to(term(key, lang), args, lang, depth - 1))
            }
            Some(Arg::Term { term: key }) => text.push_str(term(key, lang)),
            Some(Arg::Both { en, zh }) => text.push_str(if lang == Lang::Zh { zh } else { en }),
            None => text.push_str(&rest[open..=open + close]),
        }
        rest = &rest[open + close + 1..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;

    #[test]
    fn every_code_has_its_entry_in_both_languages() {
        let file: File = serde_json::from_str(include_str!("catalogue.json")).expect("catalogue.json");
        assert_eq!(file.codes.iter().map(|info| info.code).collect::<Vec<_>>(), Code::ALL, "same codes, same order");
        for info in &file.codes {
            for texts in [&info.title, &info.message, &info.explanation, &info.mend] {
                assert!(!texts.en.is_empty() && !texts.zh.is_empty(), "{}", info.code);
                assert!(texts.zh.chars().any(|c| c > '\u{2e80}'), "{}: {}", info.code, texts.zh);
                assert!(
                    !texts.en.chars().any(|c| ('\u{2e80}'..'\u{ff00}').contains(&c)),
                    "{}: {}",
                    info.code,
                    texts.en
                );
            }
            assert_eq!(
                names(&info.message.en),
                names(&info.message.zh),
                "{}: both languages use the same arguments",
                info.code
            );
        }
    }

    fn names(template: &str) -> std::collections::BTreeSet<String> {
        template.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn a_message_is_filled_and_keeps_braces_of_the_author() {
        let diagnostic =
            Diagnostic::new(Code::UnknownField, "/nodes/0/nmae").with("field", "{field}").suggesting(Some("name"));
        assert_eq!(diagnostic.message(Lang::En), "`{field}` is not a field here. Did you mean `name`?");
        assert_eq!(diagnostic.message(Lang::Zh), "这里没有“{field}”这个字段。是不是想写“name”？");
    }

    #[test]
    fn a_diagnostic_goes_over_the_wire_and_back() {
        let diagnostic = Diagnostic::new(Code::WrongKind, "/name")
            .at(3, 7)
            .concerning("判断")
            .with_term("expected", "text")
            .with("x", "y");
        let text = serde_json::to_string(&diagnostic).unwrap();
        assert_eq!(serde_json::from_str::<Diagnostic>(&text).unwrap(), diagnostic);
    }
}
