//! Whether a value is a JSON Schema at all, as far as this checker reads one.

use super::Finding;
use crate::format::{escape, nearest};
use crate::value::Value;

const KINDS: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];

/// What keeps a value from being a schema.
pub(in crate::validate) fn check_meta(schema: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    schema_at(schema, "", "", &mut found);
    found
}

fn schema_at(schema: &Value, pointer: &str, field: &str, found: &mut Vec<Finding>) {
    let rules = match schema {
        Value::Bool(_) => return,
        Value::Object(rules) => rules,
        other => return found.push(wrong_kind(pointer, field, "map", other)),
    };
    for (keyword, value) in rules {
        let at = format!("{pointer}/{}", escape(keyword));
        match (keyword.as_str(), value) {
            ("type", Value::String(kind)) => kind_at(kind, &at, found),
            ("type", Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).for_each(|kind| kind_at(kind, &at, found))
            }
            ("type", other) => found.push(wrong_kind(&at, keyword, "text", other)),
            ("properties" | "$defs" | "definitions", Value::Object(properties)) => {
                for (name, schema) in properties {
                    schema_at(schema, &format!("{at}/{}", escape(name)), name, found);
                }
            }
            ("properties", other) => found.push(wrong_kind(&at, keyword, "map", other)),
            ("required" | "enum" | "oneOf" | "anyOf" | "allOf", other) if !other.is_array() => {
                found.push(wrong_kind(&at, keyword, "list", other))
            }
            ("required", Value::Array(names)) => {
                for (index, name) in names.iter().enumerate().filter(|(_, name)| !name.is_string()) {
                    found.push(wrong_kind(&format!("{at}/{index}"), keyword, "text", name));
                }
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(schemas)) => {
                schemas
                    .iter()
                    .enumerate()
                    .for_each(|(index, schema)| schema_at(schema, &format!("{at}/{index}"), keyword, found));
            }
            ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf", other)
                if !other.is_number() =>
            {
                found.push(wrong_kind(&at, keyword, "number", other));
            }
            ("minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties", other)
                if !other.is_u64() =>
            {
                found.push(wrong_kind(&at, keyword, "integer", other));
            }
            ("pattern" | "format" | "title" | "description" | "$ref", other) if !other.is_string() => {
                found.push(wrong_kind(&at, keyword, "text", other));
            }
            ("items" | "additionalProperties" | "not", schema) => schema_at(schema, &at, keyword, found),
            _ => {}
        }
    }
}

fn kind_at(kind: &str, pointer: &str, found: &mut Vec<Finding>) {
    if !KINDS.contains(&kind) {
        let args = vec![("found", kind.to_owned()), ("allowed", KINDS.join(", "))];
        let suggestion = nearest(kind, KINDS).map(str::to_owned);
        found.push(Finding {
            pointer: pointer.to_owned(),
            field: "type".into(),
            term: "p_word",
            args,
            kinds: None,
            suggestion,
        });
    }
}

fn wrong_kind(pointer: &str, field: &str, expected: &'static str, value: &Value) -> Finding {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    };
    Finding {
        pointer: pointer.to_owned(),
        field: field.to_owned(),
        term: "p_kind",
        args: Vec::new(),
        kinds: Some((expected, kind)),
        suggestion: None,
    }
}
