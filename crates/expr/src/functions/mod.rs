//! Every function an expression may call: one list, for checking, completion and the docs; the parts that CEL's library lacks or
//! does not bound are written beside it.

pub(crate) mod arithmetic;
pub(crate) mod guards;
pub(crate) mod lists;
pub(crate) mod strings;
pub(crate) mod time;

mod table;

use std::ops::RangeInclusive;
pub use table::{FUNCTIONS, Function};

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `size(x)`
    Function,
    /// `x.size()`
    Method,
}

/// Whether a function of this name can be called in this form.
pub(crate) fn exists(name: &str, form: Form) -> bool {
    FUNCTIONS.iter().any(|function| function.name == name && function.form == form)
}

/// How many arguments a function takes, the receiver not counted.
pub(crate) fn arguments(name: &str, form: Form) -> Option<RangeInclusive<usize>> {
    FUNCTIONS
        .iter()
        .find(|function| function.name == name && function.form == form)
        .map(|function| function.min..=function.max)
}

/// How a function is written.
pub(crate) fn usage(name: &str, form: Form) -> &'static str {
    FUNCTIONS
        .iter()
        .find(|function| function.name == name && function.form == form)
        .map_or("", |function| function.usage)
}

/// The names that can be called in a form.
pub(crate) fn names(form: Form) -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().filter(move |function| function.form == form).map(|function| function.name)
}

/// Whether a name is the part of function names before the dot.
pub(crate) fn is_namespace(name: &str) -> bool {
    matches!(name, "math" | "optional" | "lists")
}

/// Whether a function makes a value that may be larger than its arguments, or copies them.
pub(crate) fn builds(name: &str) -> bool {
    matches!(
        name,
        "replace"
            | "join"
            | "split"
            | "string"
            | "bytes"
            | "flatten"
            | "distinct"
            | "sort"
            | "reverse"
            | "slice"
            | "lists.range"
            | "substring"
            | "lowerAscii"
            | "upperAscii"
            | "trim"
            | "optional.of"
            | "optional.ofNonZeroValue"
            | "keys"
    )
}
