//! The keywords about a single value: its kind, its words, its bounds.

use super::{Checker, Finding, Way, allows};
use crate::format::{duration, nearest};
use crate::value::{Map, Value};

impl Checker<'_> {
    /// Whether the value is of an allowed kind.
    pub(super) fn kind(&mut self, rules: &Map<String, Value>, value: &Value, way: &Way) -> bool {
        let fits = match value {
            Value::Null => allows(rules, "null"),
            Value::Bool(_) => allows(rules, "boolean"),
            Value::Number(number) => {
                allows(rules, "number")
                    || (allows(rules, "integer") && number.as_f64().is_some_and(|n| n.fract() == 0.0))
            }
            Value::String(_) => allows(rules, "string"),
            Value::Array(_) => allows(rules, "array"),
            Value::Object(_) => allows(rules, "object"),
        };
        if !fits {
            self.wrong_kind(rules, value, way);
        }
        fits
    }

    pub(super) fn wrong_kind(&mut self, rules: &Map<String, Value>, value: &Value, way: &Way) {
        let expected = match rules.get("type") {
            Some(Value::String(kind)) => term(kind),
            Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).map_or("any", term),
            _ => "any",
        };
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(_) => "list",
            Value::Object(_) => "map",
        };
        let kinds = Some((expected, found));
        self.found.push(Finding {
            pointer: way.pointer.clone(),
            field: way.field.clone(),
            term: "p_kind",
            args: Vec::new(),
            kinds,
            suggestion: None,
        });
    }

    /// `enum` and `const`.
    pub(super) fn words(&mut self, rules: &Map<String, Value>, value: &Value, way: &Way) {
        let allowed: Vec<&Value> = match (rules.get("enum"), rules.get("const")) {
            (Some(Value::Array(words)), _) => words.iter().collect(),
            (_, Some(only)) => vec![only],
            _ => return,
        };
        if allowed.contains(&value) {
            return;
        }
        let print = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let suggestion = value
            .as_str()
            .and_then(|word| nearest(word, allowed.iter().filter_map(|value| value.as_str())))
            .map(str::to_owned);
        let args = vec![
            ("found", print(value)),
            ("allowed", allowed.iter().map(|value| print(value)).collect::<Vec<_>>().join(", ")),
        ];
        self.found.push(Finding {
            pointer: way.pointer.clone(),
            field: way.field.clone(),
            term: "p_word",
            args,
            kinds: None,
            suggestion,
        });
    }

    pub(super) fn number(&mut self, rules: &Map<String, Value>, number: &serde_json::Number, way: &Way) {
        let Some(value) = number.as_f64() else { return };
        let bound = |key: &str| rules.get(key).and_then(Value::as_f64);
        if let Some(least) = bound("minimum")
            .filter(|least| value < *least)
            .or_else(|| bound("exclusiveMinimum").filter(|least| value <= *least))
        {
            self.report_with(way, "p_least", vec![("found", number.to_string()), ("least", least.to_string())]);
        }
        if let Some(most) = bound("maximum")
            .filter(|most| value > *most)
            .or_else(|| bound("exclusiveMaximum").filter(|most| value >= *most))
        {
            self.report_with(way, "p_most", vec![("found", number.to_string()), ("most", most.to_string())]);
        }
    }

    pub(super) fn text(&mut self, rules: &Map<String, Value>, text: &str, way: &Way) {
        self.length(rules, ("minLength", "maxLength"), text.chars().count(), way);
    }

    pub(super) fn length(&mut self, rules: &Map<String, Value>, (least, most): (&str, &str), length: usize, way: &Way) {
        let bound = |key: &str| rules.get(key).and_then(Value::as_u64);
        if bound(least).is_some_and(|least| (length as u64) < least) {
            self.report(way, "p_short");
        }
        if bound(most).is_some_and(|most| length as u64 > most) {
            self.report(way, "p_long");
        }
    }

    /// The format `duration`: a text with a unit, or a number of seconds.
    pub(super) fn duration(&mut self, rules: &Map<String, Value>, value: &Value, text: &str, way: &Way) {
        let is_duration = rules.get("format").and_then(Value::as_str) == Some("duration");
        // A negative number is told by its bound.
        if is_duration && duration::of_seconds_or_text(value).is_none() && !text.starts_with('-') {
            self.report_with(way, "p_duration", vec![("found", text.to_owned())]);
        }
    }
}

/// The catalogue's word for a kind of JSON Schema.
fn term(kind: &str) -> &'static str {
    match kind {
        "null" => "null",
        "boolean" => "boolean",
        "number" => "number",
        "integer" => "integer",
        "string" => "text",
        "array" => "list",
        "object" => "map",
        _ => "any",
    }
}
