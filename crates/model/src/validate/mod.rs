//! The rules that a definition must keep before it may run. The same in the server and in the browser.
//!
//! One rule per file under `rule/`; each walks the prepared `Graph` in linear time and reports all it finds. What may not live
//! here: reading text (`format`), compiling (`plan`), and anything that a rule would have to ask a database.

mod context;
mod dominators;
mod graph;
mod names;
mod rule;
mod samples;
mod schema;
mod supported;
mod task_types;

pub use schema::check as check_schema;
pub use schema::{Finding, Mode};
pub use task_types::{BUILTIN, Builtin, TaskType, TaskTypes};

use crate::definition::Definition;
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::format::{Parsed, SourceMap};
use crate::limits;
use context::Context;

/// Everything that can be said about a definition, in the order of its text. With a source map problems carry line and column.
pub fn validate(definition: &Definition, source: Option<&SourceMap>, types: &TaskTypes) -> Vec<Diagnostic> {
    let mut found = rule::run(&Context::new(definition, types));
    if let Some(source) = source {
        found.iter_mut().for_each(|diagnostic| source.place(diagnostic));
    }
    in_order(found)
}

/// Reading and validation together: the definition, if there is one, and all problems of both.
pub fn examine(parsed: Parsed, types: &TaskTypes) -> (Option<Definition>, Vec<Diagnostic>) {
    let Parsed { definition, source, mut diagnostics } = parsed;
    if let Some(definition) = &definition {
        // What is of the wrong kind was left out: that it is missing need not be said as well.
        let left_out: Vec<String> =
            diagnostics.iter().filter(|d| d.code == Code::WrongKind).map(|d| d.pointer.clone()).collect();
        let more = rule::run(&Context::new(definition, types));
        diagnostics.extend(more.into_iter().filter(|d| !left_out.contains(&d.pointer)));
    }
    diagnostics.iter_mut().for_each(|diagnostic| source.place(diagnostic));
    (definition, in_order(diagnostics))
}

/// A definition without errors: what a plan is compiled from. It can be made in no other way.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidWorkflow {
    definition: Definition,
}

impl ValidWorkflow {
    /// Proves a definition.
    ///
    /// # Errors
    /// All problems, where at least one of them is an error; else warnings and hints come with the proof.
    pub fn new(
        definition: Definition,
        source: Option<&SourceMap>,
        types: &TaskTypes,
    ) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let found = validate(&definition, source, types);
        if has_errors(&found) { Err(found) } else { Ok((Self { definition }, found)) }
    }

    /// Proves a text that has been read; problems of reading count as well.
    ///
    /// # Errors
    /// As [`ValidWorkflow::new`].
    pub fn from_parsed(parsed: Parsed, types: &TaskTypes) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        match examine(parsed, types) {
            (Some(definition), found) if !has_errors(&found) => Ok((Self { definition }, found)),
            (_, found) => Err(found),
        }
    }

    /// The definition.
    pub const fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The definition, without the proof.
    pub fn into_definition(self) -> Definition {
        self.definition
    }
}

/// In the order of the text, each once, and no more than people can read: errors stay when something must go.
fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let place = |d: &Diagnostic| (d.line.unwrap_or(u32::MAX), d.column.unwrap_or(u32::MAX));
    if found.len() > limits::DIAGNOSTICS {
        found.sort_by_key(|d| (d.severity, place(d)));
        found.truncate(limits::DIAGNOSTICS);
        found.sort_by_key(place);
        found.push(Diagnostic::new(Code::More, ""));
    } else {
        found.sort_by_key(place);
    }
    found.dedup();
    found
}
