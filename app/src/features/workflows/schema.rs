//! From the JSON Schema of a workflow's inputs to a form, and from the form's texts back to JSON. Pure.
//!
//! Flat objects become one control per property; what has no control of its own (objects, lists, unions) is written as JSON. The
//! server checks the whole schema; here only what one field can tell is checked, so that mistakes show at once.

use crate::i18n::Words;
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;

/// What kind of control a field has.
#[derive(Debug, Clone, PartialEq)]
pub enum Control {
    /// One line; several where the schema allows long texts.
    Text {
        /// Fewest characters.
        min: Option<u64>,
        /// Most characters.
        max: Option<u64>,
    },
    /// A day.
    Date,
    /// A number.
    Number {
        /// Whole numbers only.
        integer: bool,
        /// Least value.
        min: Option<f64>,
        /// Greatest value.
        max: Option<f64>,
    },
    /// Yes or no.
    Boolean,
    /// One of these.
    Choice(Vec<Value>),
    /// Written as JSON: an object.
    Object,
    /// Written as JSON: a list.
    Array,
    /// Written as JSON: anything.
    Any,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct FormField {
    /// The property's name.
    pub name: String,
    /// What people see.
    pub label: String,
    /// A line below.
    pub help: String,
    /// Whether it must be filled.
    pub required: bool,
    /// What stands in it at first.
    pub initial: String,
    /// Its control.
    pub control: Control,
}

/// Why a field cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Mistake {
    /// Nothing is in it.
    Missing,
    /// Not a number.
    NotNumber,
    /// Not a whole number.
    NotInteger,
    /// Too small; the least value.
    TooSmall(f64),
    /// Too large; the greatest value.
    TooLarge(f64),
    /// Too few characters; how many there must be.
    TooShort(u64),
    /// Too many characters; how many there may be.
    TooLong(u64),
    /// Not one of the choices.
    NotChoice,
    /// Not a day.
    NotDate,
    /// Not a JSON object.
    NotObject,
    /// Not a JSON list.
    NotArray,
    /// Not JSON.
    NotJson,
}

impl Mistake {
    /// What to tell the person.
    pub fn text(&self, words: Words) -> String {
        match self {
            Self::Missing => words.field_required().to_owned(),
            Self::NotNumber => words.field_not_number().to_owned(),
            Self::NotInteger => words.field_not_integer().to_owned(),
            Self::TooSmall(least) => words.field_too_small(&least.to_string()),
            Self::TooLarge(most) => words.field_too_large(&most.to_string()),
            Self::TooShort(least) => words.field_too_short(*least),
            Self::TooLong(most) => words.field_too_long(*most),
            Self::NotChoice => words.field_not_choice().to_owned(),
            Self::NotDate => words.field_not_date().to_owned(),
            Self::NotObject => words.field_not_object().to_owned(),
            Self::NotArray => words.field_not_array().to_owned(),
            Self::NotJson => words.not_json().to_owned(),
        }
    }
}

/// A start form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Form {
    /// Its fields, in the schema's order.
    pub fields: Vec<FormField>,
    /// Whether the workflow declares inputs at all; without, any JSON object is taken.
    pub declared: bool,
}

/// Name of the one field of a workflow without declared inputs.
pub const WHOLE: &str = "*";

impl Form {
    /// The form of a schema.
    pub fn of(schema: Option<&Value>) -> Self {
        let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        let Some(properties) = properties else {
            let declared = schema.is_some_and(|schema| schema.get("type") == Some(&"object".into()));
            return Self { fields: if declared { Vec::new() } else { vec![whole()] }, declared };
        };
        let required: Vec<&str> = schema
            .and_then(|s| s.get("required"))
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fields =
            properties.iter().map(|(name, schema)| field(name, schema, required.contains(&name.as_str()))).collect();
        Self { fields, declared: true }
    }

    /// Reads the texts of the fields into the input, or tells every mistake by field name.
    pub fn read(&self, texts: &BTreeMap<String, String>) -> Result<Map<String, Value>, BTreeMap<String, Mistake>> {
        let (mut input, mut mistakes) = (Map::new(), BTreeMap::new());
        for field in &self.fields {
            let text = texts.get(&field.name).map_or("", String::as_str);
            match field.read(text) {
                Ok(None) => {}
                Ok(Some(Value::Object(whole))) if field.name == WHOLE => input.extend(whole),
                Ok(Some(value)) => {
                    input.insert(field.name.clone(), value);
                }
                Err(mistake) => {
                    mistakes.insert(field.name.clone(), mistake);
                }
            }
        }
        if mistakes.is_empty() { Ok(input) } else { Err(mistakes) }
    }
}

fn whole() -> FormField {
    FormField {
        name: WHOLE.to_owned(),
        label: String::new(),
        help: String::new(),
        required: false,
        initial: "{}".to_owned(),
        control: Control::Object,
    }
}

fn field(name: &str, schema: &Value, required: bool) -> FormField {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let control = control(schema);
    let title = text("title");
    let initial = match (schema.get("default"), &control) {
        (None, _) => String::new(),
        (Some(Value::String(text)), Control::Text { .. } | Control::Date | Control::Choice(_)) => text.clone(),
        (Some(value), Control::Object | Control::Array | Control::Any) => {
            serde_json::to_string_pretty(value).unwrap_or_default()
        }
        (Some(value), _) => value.to_string(),
    };
    FormField {
        name: name.to_owned(),
        label: if title.is_empty() { name.to_owned() } else { title },
        help: text("description"),
        required,
        initial,
        control,
    }
}

/// The type of a schema; of `["string", "null"]` the first that is not null.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn control(schema: &Value) -> Control {
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return Control::Choice(choices.clone());
    }
    let number = |key: &str| schema.get(key).and_then(Value::as_f64);
    let count = |key: &str| schema.get(key).and_then(Value::as_u64);
    match type_of(schema) {
        Some("string") if schema.get("format") == Some(&"date".into()) => Control::Date,
        Some("string") => Control::Text { min: count("minLength"), max: count("maxLength") },
        Some(kind @ ("number" | "integer")) => {
            Control::Number { integer: kind == "integer", min: number("minimum"), max: number("maximum") }
        }
        Some("boolean") => Control::Boolean,
        Some("object") => Control::Object,
        Some("array") => Control::Array,
        _ => Control::Any,
    }
}

impl FormField {
    /// Reads the text of this field; an empty optional field is absent from the input.
    pub fn read(&self, text: &str) -> Result<Option<Value>, Mistake> {
        if let Control::Boolean = self.control {
            return Ok(Some(Value::Bool(matches!(text, "true" | "on" | "1"))));
        }
        if text.trim().is_empty() {
            return if self.required { Err(Mistake::Missing) } else { Ok(None) };
        }
        match &self.control {
            Control::Text { min, max } => {
                let length = text.chars().count() as u64;
                match (min, max) {
                    (Some(min), _) if length < *min => Err(Mistake::TooShort(*min)),
                    (_, Some(max)) if length > *max => Err(Mistake::TooLong(*max)),
                    _ => Ok(Some(text.into())),
                }
            }
            Control::Date => {
                if is_date(text.trim()) {
                    Ok(Some(text.trim().into()))
                } else {
                    Err(Mistake::NotDate)
                }
            }
            Control::Number { integer, min, max } => number(text.trim(), *integer, *min, *max).map(Some),
            Control::Choice(choices) => {
                choices.iter().find(|choice| choice_text(choice) == text).cloned().map(Some).ok_or(Mistake::NotChoice)
            }
            Control::Object | Control::Array | Control::Any | Control::Boolean => {
                let value: Value = serde_json::from_str(text).map_err(|_| self.not_json())?;
                match (&self.control, &value) {
                    (Control::Object, Value::Object(_)) | (Control::Array, Value::Array(_)) | (Control::Any, _) => {
                        Ok(Some(value))
                    }
                    _ => Err(self.not_json()),
                }
            }
        }
    }

    const fn not_json(&self) -> Mistake {
        match self.control {
            Control::Object => Mistake::NotObject,
            Control::Array => Mistake::NotArray,
            _ => Mistake::NotJson,
        }
    }
}

/// What a choice is called and sent as.
pub fn choice_text(choice: &Value) -> String {
    choice.as_str().map_or_else(|| choice.to_string(), str::to_owned)
}

fn number(text: &str, integer: bool, min: Option<f64>, max: Option<f64>) -> Result<Value, Mistake> {
    let number: Number = match text.parse::<i64>() {
        Ok(whole) => whole.into(),
        Err(_) => {
            let value: f64 = text.parse().map_err(|_| Mistake::NotNumber)?;
            Number::from_f64(value).ok_or(Mistake::NotNumber)?
        }
    };
    let value = number.as_f64().unwrap_or_default();
    if integer && value.fract() != 0.0 {
        return Err(Mistake::NotInteger);
    }
    match (min, max) {
        (Some(min), _) if value < min => Err(Mistake::TooSmall(min)),
        (_, Some(max)) if value > max => Err(Mistake::TooLarge(max)),
        _ => Ok(Value::Number(number)),
    }
}

/// Whether a text is a real day; the browser's own control writes nothing else.
fn is_date(text: &str) -> bool {
    format!("{text}T00:00:00Z").parse::<heddle_api::Timestamp>().is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
