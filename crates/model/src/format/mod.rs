//! Texts and definitions: YAML and JSON in, short, full and executable form alike; the canonical YAML and JSON out.
//!
//! Reading goes in three steps, each of which keeps positions: text → tree of values (`yaml`, `json`), short form → full form
//! (`short`), tree → definition (`read`). Every problem on the way is a diagnostic; nothing here fails or panics. What may not
//! live here: rules about the graph (`validate`).

pub mod duration;
mod json;
mod lexical;
mod read;
mod scalar;
mod short;
mod source_map;
mod suggest;
mod tree;
mod write;
mod yaml;
mod yaml_problem;

pub use source_map::SourceMap;
pub(crate) use source_map::escape;
pub use suggest::nearest;
pub use tree::{Entry, Place, Spanned, Tree};
pub use write::{to_executable, to_json, to_yaml};

use crate::definition::Definition;
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::limits;
use crate::value::Value;
use tree::Reading;

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// JSON where it begins like JSON, else YAML.
    #[default]
    Auto,
    /// YAML 1.2.
    Yaml,
    /// JSON.
    Json,
}

/// What reading a text gave.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The definition; with errors it may be incomplete. `None` where the text could not be read at all.
    pub definition: Option<Definition>,
    /// Where in the text each part stands.
    pub source: SourceMap,
    /// What is wrong with the text, in its order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether anything blocks using it.
    pub fn has_errors(&self) -> bool {
        has_errors(&self.diagnostics)
    }
}

/// Reads a definition from text: short, full or executable form. The limits are checked before and while it is read.
pub fn parse(text: impl AsRef<[u8]>, format: Format) -> Parsed {
    let bytes = text.as_ref();
    match decode(bytes) {
        Ok(text) => {
            let reading = read_tree(text, format);
            let mut diagnostics = reading.diagnostics;
            let Some(tree) = reading.tree else {
                return Parsed { diagnostics, ..Parsed::default() };
            };
            let (tree, more) = short::to_full(tree);
            diagnostics.extend(more);
            let (definition, more) = read::definition(&tree);
            diagnostics.extend(more);
            diagnostics.sort_by_key(|d| (d.line, d.column));
            Parsed { definition, source: SourceMap::new(tree, reading.insets), diagnostics }
        }
        Err(problem) => Parsed { diagnostics: vec![*problem], ..Parsed::default() },
    }
}

/// Reads a definition from a JSON value in any of the forms; without a text there are no lines.
pub fn from_json(value: &Value) -> Parsed {
    parse(value.to_string(), Format::Json)
}

fn read_tree(text: &str, format: Format) -> Reading {
    match format {
        Format::Json => json::read(text),
        Format::Yaml => yaml::read(text),
        Format::Auto if text.trim_start().starts_with(['{', '[']) => {
            let as_json = json::read(text);
            if as_json.tree.is_some() {
                return as_json;
            }
            // A YAML flow mapping begins alike.
            let as_yaml = yaml::read(text);
            if as_yaml.tree.is_some() { as_yaml } else { as_json }
        }
        Format::Auto => yaml::read(text),
    }
}

/// The text of the bytes, without a byte order mark.
fn decode(bytes: &[u8]) -> Result<&str, Box<Diagnostic>> {
    if bytes.len() > limits::DEFINITION_BYTES {
        return Err(Box::new(
            Diagnostic::new(Code::TooLarge, "")
                .at(1, 1)
                .with("found", bytes.len())
                .with("limit", limits::DEFINITION_BYTES),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let place = end_of(&good);
        Box::new(Diagnostic::new(Code::NotUtf8, "").at(place.line, place.column))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The YAML parser takes NUL for the end of the text: what follows would be lost in silence.
    if let Some(at) = text.find(|c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r')) {
        let place = end_of(&text[..at]);
        let shown = format!("U+{:04X}", text.as_bytes()[at]);
        return Err(Box::new(
            Diagnostic::new(Code::ControlCharacter, "").at(place.line, place.column).with("character", shown),
        ));
    }
    Ok(text)
}

/// The place after a text.
fn end_of(text: &str) -> Place {
    let mut place = Place { line: 1, column: 1 };
    let mut last = ' ';
    for c in text.chars() {
        match c {
            '\n' if last == '\r' => {}
            '\n' | '\r' => place = Place { line: place.line + 1, column: 1 },
            _ => place.column += 1,
        }
        last = c;
    }
    place
}
