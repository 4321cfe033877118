//! A text as a tree of values that know where they stand: what both readers make and what definitions are read from.

use crate::diagnostic::Diagnostic;
use crate::value::{Map, Value};
use serde_json::Number;
use std::collections::HashMap;

/// A place in a text: line and column in characters, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, in characters (not bytes).
    pub column: u32,
}

/// How many characters stand between the place of a text and its content (a quote or nothing), for texts of one line that are
/// written without escapes and hold an expression: there a column inside the text is known exactly.
pub(super) type Insets = HashMap<Place, u8>;

/// What a reader makes of a text.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// `None` where it could not be read.
    pub(super) tree: Option<Spanned>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) insets: Insets,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned {
    /// Where it begins.
    pub place: Place,
    /// The value.
    pub tree: Tree,
}

/// The kinds of values.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, and how it was written where writing the number again would look different (`1.10`).
    Number(Number, Option<Box<str>>),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Spanned>),
    /// A mapping, in the order of the text; keys are unique.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key; a boolean or a number as it was written.
    pub key: String,
    /// Where the key begins.
    pub place: Place,
    /// The value.
    pub value: Spanned,
}

impl Spanned {
    /// A text that stands at this place.
    pub fn text(place: Place, text: impl Into<String>) -> Self {
        Self { place, tree: Tree::Text(text.into()) }
    }

    /// The entries of a mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.tree {
            Tree::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list.
    pub fn items(&self) -> &[Spanned] {
        match &self.tree {
            Tree::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Spanned> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Whether nothing was written.
    pub const fn is_null(&self) -> bool {
        matches!(self.tree, Tree::Null)
    }

    /// A scalar as its author wrote it: names and ids may look like numbers or booleans.
    pub fn scalar(&self) -> Option<String> {
        match &self.tree {
            Tree::Text(text) => Some(text.clone()),
            Tree::Number(number, written) => {
                Some(written.as_ref().map_or_else(|| number.to_string(), ToString::to_string))
            }
            Tree::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The name of its kind, a term of the catalogue.
    pub const fn kind(&self) -> &'static str {
        match self.tree {
            Tree::Null => "null",
            Tree::Bool(_) => "boolean",
            Tree::Number(..) => "number",
            Tree::Text(_) => "text",
            Tree::List(_) => "list",
            Tree::Map(_) => "map",
        }
    }

    /// The plain value.
    pub fn to_value(&self) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Number(number, _) => Value::Number(number.clone()),
            Tree::Text(text) => Value::String(text.clone()),
            Tree::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Tree::Map(entries) => Value::Object(to_object(entries)),
        }
    }
}

/// The plain object of a mapping.
pub(super) fn to_object(entries: &[Entry]) -> Map<String, Value> {
    entries.iter().map(|entry| (entry.key.clone(), entry.value.to_value())).collect()
}
