//! YAML to a tree with places: one document, the core schema, no merge keys, no tags of its own, and limits while reading.
//!
//! The parser below is an event parser without recursion; the tree is built on an own stack, and the counts of values, nesting and
//! aliases are checked before anything is stored, so that no short text can stand for a large one.

use super::lexical::{self, StandIns};
use super::scalar::{self, Numeral};
use super::tree::{Entry, Insets, Place, Reading, Spanned, Tree};
use super::yaml_problem;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits;
use granit_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// Reads a text. `None` with a problem where it is not YAML; problems that leave a tree (a key that stands twice) come with it.
pub(super) fn read(text: &str) -> Reading {
    let shielded = lexical::shield(text);
    let (source, stand_ins) = match &shielded {
        Some((source, stand_ins)) => (source.as_str(), Some(*stand_ins)),
        None => (text, None),
    };
    let mut builder = Builder { stand_ins, ..Builder::default() };
    let tree = match builder.run(source) {
        // A text of nothing but comments is a document of nothing.
        Ok(()) => Some(builder.root.unwrap_or(Spanned { place: Place { line: 1, column: 1 }, tree: Tree::Null })),
        Err(problem) => {
            builder.diagnostics.push(*problem);
            None
        }
    };
    Reading { tree, diagnostics: builder.diagnostics, insets: builder.insets }
}

type Step = Result<(), Box<Diagnostic>>;

#[derive(Default)]
struct Builder {
    stand_ins: Option<StandIns>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, (Spanned, usize)>,
    root: Option<Spanned>,
    insets: Insets,
    /// Values so far, aliases counted in full.
    values: usize,
    aliases: usize,
    documents: usize,
    diagnostics: Vec<Diagnostic>,
}

struct Frame {
    place: Place,
    anchor: usize,
    /// Count of values when it began.
    began: usize,
    kind: FrameKind,
}

enum FrameKind {
    List(Vec<Spanned>),
    Map { entries: Vec<Entry>, key: Option<(String, Place, bool)>, seen: HashMap<String, u32> },
}

impl Builder {
    fn run(&mut self, source: &str) -> Step {
        let mut options = granit_parser::options! {
            flow_nesting_limit: limits::DOCUMENT_DEPTH,
            block_nesting_limit: limits::DOCUMENT_DEPTH,
        };
        options.set_emit_comments(false);
        for event in Parser::new_from_str_with_options(source, options) {
            let (event, span) = event.map_err(|error| Box::new(yaml_problem::of(&error)))?;
            let at = place(&span.start);
            if let Event::Scalar(text, style, ..) = &event
                && text.contains('$')
                && span.start.line() == span.end.line()
            {
                self.inset(text, *style, span.end.index().saturating_sub(span.start.index()), at);
            }
            self.event(event, at)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, place: Place) -> Step {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(at(Code::SeveralDocuments, place));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(place)?;
                self.scalar(text, style, (anchor, tag.as_deref()), place)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(place, anchor, tag.as_deref(), FrameKind::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => self.open(
                place,
                anchor,
                tag.as_deref(),
                FrameKind::Map { entries: Vec::new(), key: None, seen: HashMap::new() },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(id) => self.alias(id, place),
            _ => Ok(()),
        }
    }

    fn tell(&mut self, problem: Diagnostic) {
        if self.diagnostics.len() < limits::DIAGNOSTICS_GATHERED {
            self.diagnostics.push(problem);
        }
    }

    /// Without escapes and folding the content is exactly as long as its source.
    fn inset(&mut self, text: &str, style: ScalarStyle, source: usize, place: Place) {
        let length = text.chars().count();
        let inset = match style {
            ScalarStyle::Plain if source == length => 0,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if source == length + 2 => 1,
            _ => return,
        };
        self.insets.insert(place, inset);
    }

    fn count(&mut self, place: Place) -> Step {
        self.add(1, place)
    }

    fn add(&mut self, values: usize, place: Place) -> Step {
        self.values += values;
        if self.values > limits::YAML_EVENTS {
            return Err(Box::new(problem(Code::TooManyValues, place).with("limit", limits::YAML_EVENTS)));
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        (anchor, tag): (usize, Option<&Tag>),
        place: Place,
    ) -> Step {
        let text = match self.stand_ins {
            Some(stand_ins) => stand_ins.restore(text),
            None => text.into_owned(),
        };
        if text.contains('\0') {
            self.tell(problem(Code::ControlCharacter, place).with("character", "U+0000"));
        }
        if let Some(Frame { kind: FrameKind::Map { key: key @ None, .. }, .. }) = self.stack.last_mut() {
            let plain = matches!(style, ScalarStyle::Plain);
            *key = Some((key_text(text, plain), place, plain));
            return Ok(());
        }
        let core = tag.and_then(Tag::core_suffix);
        if tag.is_some() && core.is_none() {
            self.tell(problem(Code::YamlFeature, place).with_term("feature", "tag"));
        }
        let plain = matches!(style, ScalarStyle::Plain) && core != Some("str")
            || matches!(core, Some("int" | "float" | "bool" | "null"));
        let tree = if plain { self.plain(text, place) } else { Tree::Text(text) };
        self.put(Spanned { place, tree }, anchor, 1)
    }

    fn plain(&mut self, text: String, place: Place) -> Tree {
        match scalar::resolve(&text) {
            None => Tree::Text(text),
            Some(Ok(tree)) => tree,
            Some(Err(Numeral::NotFinite)) => {
                self.tell(problem(Code::NotFinite, place).with("number", &text));
                Tree::Text(text)
            }
            Some(Err(Numeral::Inexact(number) | Numeral::Number(number))) => {
                self.tell(problem(Code::InexactNumber, place).with("number", &text).with("kept", &number));
                Tree::Number(number, Some(text.into()))
            }
        }
    }

    fn open(&mut self, place: Place, anchor: usize, tag: Option<&Tag>, kind: FrameKind) -> Step {
        self.count(place)?;
        if self.stack.len() >= limits::DOCUMENT_DEPTH {
            return Err(Box::new(problem(Code::TooDeep, place).with("limit", limits::DOCUMENT_DEPTH)));
        }
        if let Some(Frame { kind: FrameKind::Map { key: None, .. }, .. }) = self.stack.last() {
            return Err(Box::new(problem(Code::YamlFeature, place).with_term("feature", "complex_key")));
        }
        if tag.is_some_and(|tag| !matches!(tag.core_suffix(), Some("seq" | "map"))) {
            self.tell(problem(Code::YamlFeature, place).with_term("feature", "tag"));
        }
        self.stack.push(Frame { place, anchor, began: self.values, kind });
        Ok(())
    }

    fn close(&mut self) -> Step {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let tree = match frame.kind {
            FrameKind::List(items) => Tree::List(items),
            FrameKind::Map { entries, .. } => Tree::Map(entries),
        };
        self.put(Spanned { place: frame.place, tree }, frame.anchor, self.values - frame.began + 1)
    }

    fn alias(&mut self, id: usize, place: Place) -> Step {
        self.aliases += 1;
        if self.aliases > limits::YAML_ALIASES {
            return Err(Box::new(problem(Code::TooManyAliases, place).with("limit", limits::YAML_ALIASES)));
        }
        let Some(values) = self.anchors.get(&id).map(|(_, values)| *values) else {
            return Err(Box::new(problem(Code::YamlFeature, place).with_term("feature", "recursive_alias")));
        };
        self.add(values, place)?;
        let Some((target, _)) = self.anchors.get(&id) else { return Ok(()) };
        if self.stack.len() + depth(target) > limits::DOCUMENT_DEPTH {
            return Err(Box::new(problem(Code::TooDeep, place).with("limit", limits::DOCUMENT_DEPTH)));
        }
        let copy = Spanned { place, tree: target.tree.clone() };
        if let Some(Frame { kind: FrameKind::Map { key: key @ None, .. }, .. }) = self.stack.last_mut() {
            return match copy.scalar() {
                Some(text) => {
                    *key = Some((text, place, false));
                    Ok(())
                }
                None => Err(Box::new(problem(Code::YamlFeature, place).with_term("feature", "complex_key"))),
            };
        }
        self.put(copy, 0, 0)
    }

    /// Stores a finished value where it belongs.
    fn put(&mut self, value: Spanned, anchor: usize, values: usize) -> Step {
        if anchor != 0 {
            // The copy is counted like an alias: anchors within anchors multiply as well.
            self.add(values, value.place)?;
            self.anchors.insert(anchor, (value.clone(), values));
        }
        match self.stack.last_mut().map(|frame| &mut frame.kind) {
            None => self.root = Some(value),
            Some(FrameKind::List(items)) => items.push(value),
            Some(FrameKind::Map { entries, key, seen }) => {
                let Some((key, place, plain)) = key.take() else { return Ok(()) };
                if plain && key == "<<" {
                    self.tell(problem(Code::YamlFeature, place).with_term("feature", "merge_key"));
                } else if let Some(first) = seen.get(&key) {
                    let repeated = problem(Code::DuplicateKey, place).with("key", &key).with("first", first);
                    self.tell(repeated);
                } else {
                    seen.insert(key.clone(), place.line);
                    // An empty value stands, for people, where its key does.
                    let value = if value.is_null() { Spanned { place, ..value } } else { value };
                    entries.push(Entry { key, place, value });
                }
            }
        }
        Ok(())
    }
}

/// A key as written; booleans in their usual spelling, so that `True:` and `true:` are one key.
fn key_text(text: String, plain: bool) -> String {
    if plain && let Some(Ok(Tree::Bool(value))) = scalar::resolve(&text) {
        return value.to_string();
    }
    text
}

fn depth(value: &Spanned) -> usize {
    match &value.tree {
        Tree::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Tree::Map(entries) => 1 + entries.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0),
        _ => 0,
    }
}

pub(super) fn place(marker: &Marker) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: number(marker.line()).max(1), column: number(marker.col()).saturating_add(1) }
}

pub(super) fn problem(code: Code, place: Place) -> Diagnostic {
    Diagnostic::new(code, "").at(place.line, place.column)
}

fn at(code: Code, place: Place) -> Box<Diagnostic> {
    Box::new(problem(code, place))
}
