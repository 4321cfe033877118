//! Full form → definition. Every field is named here or in a file beside this one; what is not named is reported, never dropped.

mod edge;
mod fields;
mod node;
mod policy;
mod rules;

use super::tree::{Entry, Spanned, Tree, to_object};
use crate::definition::{Body, Definition, Position};
use crate::diagnostic::{Code, Diagnostic};
use crate::value::{Map, Value};
use fields::{At, Fields, Reader};
use indexmap::IndexMap;

const FIELDS: &[&str] = &[
    "apiVersion", "name", "version", "description", "tags", "inputs", "outputs", "variables", "settings", "triggers",
    "nodes", "edges", "layout", "frames", "notes", "comments",
];
/// What may stand in a text in the short or executable form besides; `short` has taken it out already.
const ALSO: &[&str] = &["start", "tasks"];

/// Reads the definition. `None` only where the text is not a mapping.
pub(super) fn definition(tree: &Spanned) -> (Option<Definition>, Vec<Diagnostic>) {
    let mut reader = Reader::default();
    let definition = reader.definition(&At::root(tree));
    (definition, reader.diagnostics)
}

impl Reader {
    fn definition(&mut self, at: &At<'_>) -> Option<Definition> {
        let fields = self.fields(at, "definition", FIELDS, ALSO)?;
        self.api_version(&fields);
        let mut definition = Definition {
            name: self.required_name(&fields, "name"),
            version: self.version(&fields),
            description: self.text(&fields, "description"),
            tags: self.texts(&fields, "tags"),
            inputs: self.inputs(&fields),
            outputs: self.values(&fields, "outputs"),
            variables: self.values(&fields, "variables"),
            settings: fields.get("settings").map(|at| self.settings(&at)).unwrap_or_default(),
            triggers: fields.get("triggers").map(|at| at.tree.to_value()),
            layout: self.layout(&fields),
            ..Definition::default()
        };
        let Body { nodes, edges } = self.graph(&fields);
        (definition.nodes, definition.edges) = (nodes, edges);
        if fields.get("nodes").is_none() && fields.written("nodes").is_none() {
            self.missing(at, "nodes");
        }
        for key in ["frames", "notes", "comments"] {
            if let Some(at) = fields.get(key) {
                definition.beside.insert(key.to_owned(), at.tree.to_value());
            }
        }
        Some(definition)
    }

    fn api_version(&mut self, fields: &Fields<'_>) {
        if let Some(at) = fields.get("apiVersion") {
            let found = at.tree.scalar().unwrap_or_default();
            if found != super::write::API_VERSION {
                self.report(Diagnostic::new(Code::UnknownApiVersion, at.pointer()).with("found", found), at.tree.place);
            }
        }
    }

    /// A label: a number or a text, kept as written. A number whose digits would change (`1.10`) is kept as its text.
    fn version(&mut self, fields: &Fields<'_>) -> Option<Value> {
        let at = fields.get("version")?;
        match &at.tree.tree {
            Tree::Number(_, Some(written)) => Some(Value::String(written.to_string())),
            Tree::Number(number, None) => Some(Value::Number(number.clone())),
            Tree::Text(text) => Some(Value::String(text.clone())),
            _ => {
                self.wrong_kind(&at, "text");
                None
            }
        }
    }

    /// A JSON Schema: a mapping, or a boolean.
    fn inputs(&mut self, fields: &Fields<'_>) -> Option<Value> {
        let at = fields.get("inputs")?;
        if !matches!(at.tree.tree, Tree::Map(_) | Tree::Bool(_)) {
            self.wrong_kind(&at, "map");
            return None;
        }
        Some(at.tree.to_value())
    }

    fn layout(&mut self, fields: &Fields<'_>) -> IndexMap<String, Position> {
        let Some(at) = fields.get("layout") else { return IndexMap::new() };
        let mut layout = IndexMap::new();
        for (entry, at) in self.entries(&at) {
            let Some(fields) = self.fields(&at, "layout", &["x", "y"], &[]) else { continue };
            let (x, y) = (self.number(&fields, "x"), self.number(&fields, "y"));
            layout.insert(entry.key.clone(), Position { x: x.unwrap_or(0.0), y: y.unwrap_or(0.0) });
        }
        layout
    }

    /// `nodes` and `edges` of the definition or of a container.
    fn graph(&mut self, fields: &Fields<'_>) -> Body {
        let mut body = Body::default();
        if let Some(at) = fields.get("nodes") {
            for at in self.items(&at) {
                // What cannot be read keeps its place, so that pointers to what follows stay right.
                body.nodes.push(self.node(&at).unwrap_or_default());
            }
        }
        if let Some(at) = fields.get("edges") {
            for at in self.items(&at) {
                body.edges.push(self.edge(&at).unwrap_or_default());
            }
        }
        body
    }

    /// A mapping of names to any values.
    fn values(&mut self, fields: &Fields<'_>, key: &'static str) -> IndexMap<String, Value> {
        let Some(at) = fields.get(key) else { return IndexMap::new() };
        self.entries(&at).into_iter().map(|(entry, at)| (entry.key.clone(), at.tree.to_value())).collect()
    }

    /// A mapping that is kept as written.
    fn object(&mut self, fields: &Fields<'_>, key: &'static str) -> Map<String, Value> {
        let Some(at) = fields.get(key) else { return Map::new() };
        match &at.tree.tree {
            Tree::Map(entries) => to_object(entries),
            _ => {
                self.wrong_kind(&at, "map");
                Map::new()
            }
        }
    }

    /// The entries of a mapping, each with its place in the document.
    fn entries<'a>(&mut self, at: &'a At<'a>) -> Vec<(&'a Entry, At<'a>)> {
        match &at.tree.tree {
            Tree::Map(entries) => entries.iter().map(|entry| (entry, at.key(&entry.key, &entry.value))).collect(),
            _ => {
                self.wrong_kind(at, "map");
                Vec::new()
            }
        }
    }

    /// The items of a list, each with its place in the document.
    fn items<'a>(&mut self, at: &'a At<'a>) -> Vec<At<'a>> {
        match &at.tree.tree {
            Tree::List(items) => items.iter().enumerate().map(|(index, item)| at.index(index, item)).collect(),
            _ => {
                self.wrong_kind(at, "list");
                Vec::new()
            }
        }
    }
}
