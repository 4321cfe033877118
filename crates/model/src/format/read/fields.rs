//! Reading one field after another out of a mapping, with a problem for whatever does not fit.

use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::format::duration;
use crate::format::source_map::escape;
use crate::format::suggest::nearest;
use crate::format::tree::{Place, Spanned, Tree};
use crate::limits;
use crate::value::Value;
use std::ops::RangeInclusive;

/// Collects the problems.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A value and the way to it from the root.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
    pub(super) tree: &'a Spanned,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    pub(super) const fn root(tree: &'a Spanned) -> Self {
        Self { parent: None, step: Step::Root, tree }
    }

    pub(super) const fn key(&'a self, key: &'a str, tree: &'a Spanned) -> Self {
        Self { parent: Some(self), step: Step::Key(key), tree }
    }

    pub(super) const fn index(&'a self, index: usize, tree: &'a Spanned) -> Self {
        Self { parent: Some(self), step: Step::Index(index), tree }
    }

    /// The JSON pointer; made only when there is a problem to report.
    pub(super) fn pointer(&self) -> String {
        let mut pointer = self.parent.map(At::pointer).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) => {
                pointer.push('/');
                pointer.push_str(&escape(key));
            }
            Step::Index(index) => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
        pointer
    }

    /// What messages call it: the nearest key.
    fn field(&self) -> String {
        match self.step {
            Step::Key(key) => key.to_owned(),
            Step::Index(index) => format!("{}[{index}]", self.parent.map(At::field).unwrap_or_default()),
            Step::Root => "definition".to_owned(),
        }
    }
}

/// A mapping whose keys have been checked.
pub(super) struct Fields<'a> {
    at: &'a At<'a>,
}

impl<'a> Fields<'a> {
    /// The value of a field that was written and is not null.
    pub(super) fn get<'k>(&self, key: &'k str) -> Option<At<'k>>
    where
        'a: 'k,
    {
        self.written(key).filter(|at| !at.tree.is_null())
    }

    /// The value of a field that was written, null included.
    pub(super) fn written<'k>(&self, key: &'k str) -> Option<At<'k>>
    where
        'a: 'k,
    {
        self.at.tree.get(key).map(|tree| self.at.key(key, tree))
    }
}

impl Reader {
    pub(super) fn report(&mut self, diagnostic: Diagnostic, place: Place) {
        if self.diagnostics.len() < limits::DIAGNOSTICS_GATHERED {
            self.diagnostics.push(diagnostic.at(place.line, place.column));
        }
    }

    /// A mapping; keys that are neither `known` nor `also` allowed are reported with the nearest valid name.
    pub(super) fn fields<'a>(
        &mut self,
        at: &'a At<'a>,
        what: &str,
        known: &[&str],
        also: &[&str],
    ) -> Option<Fields<'a>> {
        let Tree::Map(entries) = &at.tree.tree else {
            let field = if matches!(at.step, Step::Root) { what.to_owned() } else { at.field() };
            self.wrong_kind_of(at, &field, "map");
            return None;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            if self.diagnostics.len() >= limits::DIAGNOSTICS_GATHERED {
                break;
            }
            let pointer = format!("{}/{}", at.pointer(), escape(&entry.key));
            let word = nearest(&entry.key, known.iter().chain(also).copied());
            let mut problem = Diagnostic::new(Code::UnknownField, &pointer).with("field", &entry.key).suggesting(word);
            if let Some(id) = at.tree.get("id").and_then(Spanned::scalar) {
                problem.ids.push(id);
            }
            problem.fix = Some(match word {
                Some(word) => Fix::RenameKey { pointer, key: word.to_owned() },
                None => Fix::Remove { pointer },
            });
            self.report(problem, entry.place);
        }
        Some(Fields { at })
    }

    pub(super) fn wrong_kind(&mut self, at: &At<'_>, expected: &str) {
        self.wrong_kind_of(at, &at.field(), expected);
    }

    fn wrong_kind_of(&mut self, at: &At<'_>, field: &str, expected: &str) {
        let problem = Diagnostic::new(Code::WrongKind, at.pointer()).with("field", field);
        self.report(problem.with_term("expected", expected).with_term("found", at.tree.kind()), at.tree.place);
    }

    pub(super) fn missing(&mut self, at: &At<'_>, field: &str) {
        self.report(Diagnostic::new(Code::MissingField, at.pointer()).with("field", field), at.tree.place);
    }

    pub(super) fn text(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let at = fields.get(key)?;
        let Tree::Text(text) = &at.tree.tree else {
            self.wrong_kind(&at, "text");
            return None;
        };
        Some(text.clone())
    }

    /// A name or id: any scalar, as it was written, within the limit of names.
    pub(super) fn name(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let at = fields.get(key)?;
        let Some(name) = at.tree.scalar() else {
            self.wrong_kind(&at, "text");
            return None;
        };
        let problem = if name.trim().is_empty() {
            "is_empty"
        } else if name.len() > limits::NAME_BYTES {
            "too_long"
        } else if name.chars().any(char::is_control) {
            "has_control"
        } else {
            return Some(name);
        };
        let shown: String = name.chars().take(40).collect();
        self.report(
            Diagnostic::new(Code::BadName, at.pointer())
                .with("name", shown)
                .with("field", key)
                .with_term("problem", problem),
            at.tree.place,
        );
        Some(name)
    }

    /// A name that must be there; empty where it is not.
    pub(super) fn required_name(&mut self, fields: &Fields<'_>, key: &str) -> String {
        if fields.at.tree.get(key).is_none_or(Spanned::is_null) {
            self.missing(fields.at, key);
        }
        self.name(fields, key).unwrap_or_default()
    }

    pub(super) fn boolean(&mut self, fields: &Fields<'_>, key: &str) -> Option<bool> {
        let at = fields.get(key)?;
        let Tree::Bool(value) = at.tree.tree else {
            self.wrong_kind(&at, "boolean");
            return None;
        };
        Some(value)
    }

    pub(super) fn number(&mut self, fields: &Fields<'_>, key: &str) -> Option<f64> {
        let at = fields.get(key)?;
        match &at.tree.tree {
            Tree::Number(number, _) => number.as_f64(),
            _ => {
                self.wrong_kind(&at, "number");
                None
            }
        }
    }

    /// A whole number within a range.
    pub(super) fn integer(&mut self, fields: &Fields<'_>, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let at = fields.get(key)?;
        let Tree::Number(number, _) = &at.tree.tree else {
            self.wrong_kind(&at, "integer");
            return None;
        };
        match number.as_i64().filter(|n| range.contains(n)) {
            Some(n) => Some(n),
            None if number.is_f64() => {
                self.wrong_kind(&at, "integer");
                None
            }
            None => {
                self.out_of_range(&at, key, (number, range.start(), range.end()));
                None
            }
        }
    }

    pub(super) fn out_of_range(
        &mut self,
        at: &At<'_>,
        key: &str,
        (found, least, most): (impl ToString, impl ToString, impl ToString),
    ) {
        let problem = Diagnostic::new(Code::OutOfRange, at.pointer()).with("field", key);
        self.report(problem.with("found", found).with("least", least).with("most", most), at.tree.place);
    }

    /// One of a few words.
    pub(super) fn word<T: Clone>(&mut self, fields: &Fields<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let at = fields.get(key)?;
        self.word_at(&at, words)
    }

    pub(super) fn word_at<T: Clone>(&mut self, at: &At<'_>, words: &[(&str, T)]) -> Option<T> {
        let found = at.tree.scalar();
        if let Some((_, value)) = words.iter().find(|(word, _)| Some(*word) == found.as_deref()) {
            return Some(value.clone());
        }
        let Some(found) = found else {
            self.wrong_kind(at, "text");
            return None;
        };
        let allowed = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let word = nearest(&found, words.iter().map(|(word, _)| *word));
        let mut problem = Diagnostic::new(Code::UnknownWord, at.pointer())
            .with("field", at.field())
            .with("found", &found)
            .with("allowed", allowed)
            .suggesting(word);
        problem.fix = word.map(|word| Fix::Set { pointer: at.pointer(), value: Value::from(word) });
        self.report(problem, at.tree.place);
        None
    }

    /// A list of names; a single name stands for a list of one.
    pub(super) fn texts(&mut self, fields: &Fields<'_>, key: &str) -> Vec<String> {
        let Some(at) = fields.get(key) else { return Vec::new() };
        let Tree::List(items) = &at.tree.tree else {
            return match at.tree.scalar() {
                Some(text) => vec![text],
                None => {
                    self.wrong_kind(&at, "text_or_list");
                    Vec::new()
                }
            };
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item.scalar() {
                Some(text) => texts.push(text),
                None => self.wrong_kind(&at.index(index, item), "text"),
            }
        }
        texts
    }

    /// A duration in milliseconds.
    pub(super) fn duration(&mut self, fields: &Fields<'_>, key: &str) -> Option<u64> {
        let at = fields.get(key)?;
        let read = match &at.tree.tree {
            Tree::Text(text) => duration::parse(text),
            _ => None,
        };
        if read.is_none() {
            match at.tree.scalar() {
                Some(found) => {
                    // A bare number most likely means seconds.
                    let seconds = format!("{found}s");
                    let known = duration::parse(&seconds).is_some();
                    let mut problem =
                        Diagnostic::new(Code::NotADuration, at.pointer()).with("field", key).with("found", found);
                    if known {
                        problem.fix = Some(Fix::Set { pointer: at.pointer(), value: Value::from(seconds.clone()) });
                        problem.suggestion = Some(seconds);
                    }
                    self.report(problem, at.tree.place);
                }
                None => self.wrong_kind(&at, "duration"),
            }
        }
        read
    }
}
