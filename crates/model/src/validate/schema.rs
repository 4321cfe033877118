//! A JSON Schema checker for what definitions need: small enough for the browser, the same there and in the server.
//!
//! It knows `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `oneOf`, `anyOf`, `allOf`, the bounds
//! of numbers, texts, lists and objects, local `$ref`s, and the format `duration`; other keywords are not checked. In settings a text
//! with `${…}` may stand for any value, because its value is known only when it runs.

mod meta;
mod part;

use crate::format::nearest;
use crate::limits;
use crate::value::{Map, Value};

pub(super) use meta::check_meta;

/// Whether expressions may stand for values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Settings in a definition: `${…}` may stand for any value.
    Template,
    /// Data: an input, an output.
    Data,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, as a JSON pointer into the value.
    pub pointer: String,
    /// The field, for messages.
    pub field: String,
    /// What is wrong: a term of the catalogue.
    pub term: &'static str,
    /// What the term mentions: name and text.
    pub args: Vec<(&'static str, String)>,
    /// The kind that was expected and the one that was found, as terms, where that is what is wrong.
    pub kinds: Option<(&'static str, &'static str)>,
    /// The nearest valid word.
    pub suggestion: Option<String>,
}

/// All that is wrong with a value.
pub fn check(schema: &Value, value: &Value, mode: Mode) -> Vec<Finding> {
    let mut checker = Checker { root: schema, mode, found: Vec::new(), references: 0 };
    checker.value(schema, value, &Way { pointer: String::new(), field: String::new() });
    checker.found
}

/// Whether the text holds an expression.
pub(super) fn has_expression(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| !text[..at].ends_with('$'))
}

/// Whether the text is one whole expression, so that its value may be of any kind.
fn is_whole(text: &str) -> bool {
    text.starts_with("${") && text.ends_with('}') && text.matches("${").count() == 1
}

struct Checker<'s> {
    root: &'s Value,
    mode: Mode,
    found: Vec<Finding>,
    references: usize,
}

#[derive(Clone)]
struct Way {
    pointer: String,
    field: String,
}

impl Way {
    fn key(&self, key: &str) -> Self {
        Self { pointer: format!("{}/{}", self.pointer, crate::format::escape(key)), field: key.to_owned() }
    }

    fn index(&self, index: usize) -> Self {
        Self { pointer: format!("{}/{index}", self.pointer), field: format!("{}[{index}]", self.field) }
    }
}

impl<'s> Checker<'s> {
    fn value(&mut self, schema: &'s Value, value: &Value, way: &Way) {
        let rules = match schema {
            Value::Bool(false) => return self.report(way, "p_false"),
            Value::Object(rules) => rules,
            _ => return,
        };
        if let Some(target) = rules.get("$ref").and_then(Value::as_str) {
            self.reference(target, value, way);
        }
        if self.mode == Mode::Template
            && let Value::String(text) = value
            && has_expression(text)
        {
            // Whole expressions may give any kind; a text with expressions inside is a text of unknown content.
            if !is_whole(text) && !allows(rules, "string") {
                self.wrong_kind(rules, value, way);
            }
            return;
        }
        if !self.kind(rules, value, way) {
            return;
        }
        self.words(rules, value, way);
        match value {
            Value::Number(number) => self.number(rules, number, way),
            Value::String(text) => self.text(rules, text, way),
            Value::Array(items) => self.items(rules, items, way),
            Value::Object(map) => self.map(rules, map, way),
            _ => {}
        }
        if let Some(text) = value.as_str().map(str::to_owned).or_else(|| value.as_f64().map(|n| n.to_string())) {
            self.duration(rules, value, &text, way);
        }
        self.combined(rules, value, way);
    }

    fn reference(&mut self, target: &str, value: &Value, way: &Way) {
        let Some(schema) = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)) else { return };
        if self.references < limits::SCHEMA_REFERENCES {
            self.references += 1;
            self.value(schema, value, way);
            self.references -= 1;
        }
    }

    fn map(&mut self, rules: &'s Map<String, Value>, map: &Map<String, Value>, way: &Way) {
        let properties = rules.get("properties").and_then(Value::as_object);
        for name in rules.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(name) {
                self.found.push(Finding {
                    pointer: way.pointer.clone(),
                    field: name.to_owned(),
                    term: "p_missing",
                    args: Vec::new(),
                    kinds: None,
                    suggestion: None,
                });
            }
        }
        for (key, value) in map {
            if let Some(schema) = properties.and_then(|properties| properties.get(key)) {
                self.value(schema, value, &way.key(key));
                continue;
            }
            match rules.get("additionalProperties") {
                Some(Value::Bool(false)) => {
                    let known = properties.into_iter().flat_map(|properties| properties.keys()).map(String::as_str);
                    let suggestion = nearest(key, known).map(str::to_owned);
                    let way = way.key(key);
                    self.found.push(Finding {
                        pointer: way.pointer,
                        field: way.field,
                        term: "p_unknown",
                        args: Vec::new(),
                        kinds: None,
                        suggestion,
                    });
                }
                Some(schema) => self.value(schema, value, &way.key(key)),
                None => {}
            }
        }
        self.length(rules, ("minProperties", "maxProperties"), map.len(), way);
    }

    fn items(&mut self, rules: &'s Map<String, Value>, items: &[Value], way: &Way) {
        if let Some(schema) = rules.get("items") {
            items.iter().enumerate().for_each(|(index, item)| self.value(schema, item, &way.index(index)));
        }
        self.length(rules, ("minItems", "maxItems"), items.len(), way);
    }

    fn combined(&mut self, rules: &'s Map<String, Value>, value: &Value, way: &Way) {
        for schema in rules.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.value(schema, value, way);
        }
        for (keyword, exact) in [("anyOf", false), ("oneOf", true)] {
            let Some(choices) = rules.get(keyword).and_then(Value::as_array) else { continue };
            let fitting =
                choices.iter().filter(|choice| check_in(self.root, choice, value, self.mode).is_empty()).count();
            if fitting == 0 || (exact && fitting > 1) {
                self.alternatives(choices, (fitting, exact), way);
            }
        }
    }

    fn alternatives(&mut self, choices: &[Value], (fitting, exact): (usize, bool), way: &Way) {
        let names: Vec<&str> = choices.iter().filter_map(|choice| choice.get("required")?.get(0)?.as_str()).collect();
        if fitting == 0 && names.len() == choices.len() {
            return self.report_with(way, "p_one_of", vec![("allowed", names.join(", "))]);
        }
        self.report(way, if exact { "p_exclusive" } else { "p_false" });
    }

    fn report(&mut self, way: &Way, term: &'static str) {
        self.report_with(way, term, Vec::new());
    }

    fn report_with(&mut self, way: &Way, term: &'static str, args: Vec<(&'static str, String)>) {
        self.found.push(Finding {
            pointer: way.pointer.clone(),
            field: way.field.clone(),
            term,
            args,
            kinds: None,
            suggestion: None,
        });
    }
}

fn check_in(root: &Value, schema: &Value, value: &Value, mode: Mode) -> Vec<Finding> {
    let mut checker = Checker { root, mode, found: Vec::new(), references: 0 };
    checker.value(schema, value, &Way { pointer: String::new(), field: String::new() });
    checker.found
}

fn allows(rules: &Map<String, Value>, kind: &str) -> bool {
    match rules.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        _ => true,
    }
}
