//! The words of the screens in English and Chinese, complete by construction: a message without both texts does not compile.
//!
//! One method of [`Words`] per message; the catalogue is split by subject. No sentence is put together from pieces here or elsewhere.

mod auth;
mod catalogue;
mod common;
mod instances;
mod states;
mod workflows;

use heddle_api::Lang;
use leptos::prelude::use_context;

/// The words of one language. Cheap to copy; it never changes during the life of a page (another language is another page).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words(pub Lang);

/// The words of the page being shown.
pub fn use_words() -> Words {
    Words(use_context::<crate::context::PageContext>().map(|page| page.lang).unwrap_or_default())
}

/// One message in both languages: name, English, Chinese.
pub type Entry = (&'static str, &'static str, &'static str);

/// The whole catalogue, for tests and for people who proofread it.
pub fn all() -> Vec<Entry> {
    [common::LIST, auth::LIST, workflows::LIST, instances::LIST, states::LIST].concat()
}

/// A whole number with its groups: `12,611`.
pub fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_chinese(text: &str) -> bool {
        // Ideographs, and the full-width punctuation of texts that are little more than values.
        text.chars().any(|c| matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}'))
    }

    /// Words that are the same in both languages: names, formats, keys.
    const SAME: &[&str] =
        &["switch_language", "switch_language_label", "page_title", "version_of", "english", "chinese"];

    #[test]
    fn every_message_speaks_both_languages() {
        for (name, english, chinese) in all() {
            assert!(!english.trim().is_empty() && !chinese.trim().is_empty(), "{name} is empty");
            if SAME.contains(&name) {
                continue;
            }
            assert!(has_chinese(chinese), "{name}: `{chinese}` is not Chinese");
            assert!(!has_chinese(english), "{name}: `{english}` is not English");
        }
    }

    #[test]
    fn both_languages_name_the_same_places() {
        let places = |text: &str| {
            let mut found: Vec<&str> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
            found.sort_unstable();
            found.dedup();
            found.join(",")
        };
        for (name, english, chinese) in all() {
            assert_eq!(places(english), places(chinese), "{name} loses a value in one language");
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = all().into_iter().map(|entry| entry.0).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(count, names.len());
    }

    #[test]
    fn counts_know_one_and_many() {
        let english = Words(Lang::En);
        assert_eq!(english.workflows_count(1), "1 workflow");
        assert_eq!(english.workflows_count(1_284), "1,284 workflows");
        assert_eq!(Words(Lang::Zh).workflows_count(1), "1 个工作流");
    }

    #[test]
    fn groups_digits() {
        assert_eq!([group(0), group(999), group(1_000), group(12_345_678)], ["0", "999", "1,000", "12,345,678"]);
    }
}
