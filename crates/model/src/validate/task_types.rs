//! The task types that validation knows: their settings and whether they only compute.

use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What validation needs of a task type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskType {
    /// JSON Schema of its config.
    pub schema: Value,
    /// Whether it only computes: same config, same result, nothing outside.
    pub pure: bool,
}

/// Task types by name. The default knows what comes with the product; a server adds what else its registry holds, and sends the
/// whole to the browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskTypes {
    types: BTreeMap<String, TaskType>,
}

/// A task type that comes with the product.
#[derive(Debug, Clone, Copy)]
pub struct Builtin {
    /// The name in definitions.
    pub name: &'static str,
    /// Other names for the same.
    pub aliases: &'static [&'static str],
    /// JSON Schema of its config, as text.
    pub schema: &'static str,
    /// Whether it only computes.
    pub pure: bool,
}

impl Builtin {
    /// The schema as a value.
    pub fn schema_value(&self) -> Value {
        // The text is part of the program and a test reads each one.
        serde_json::from_str(self.schema).unwrap_or(Value::Bool(true))
    }
}

const fn builtin(name: &'static str, aliases: &'static [&'static str], schema: &'static str, pure: bool) -> Builtin {
    Builtin { name, aliases, schema, pure }
}

/// The task types of this version, in the order of the docs. `heddle-tasks` implements them and takes their schemas from here.
pub const BUILTIN: &[Builtin] = &[
    builtin("echo", &[], include_str!("schemas/echo.json"), false),
    builtin("log", &["print"], include_str!("schemas/log.json"), true),
    builtin("delay", &["sleep"], include_str!("schemas/delay.json"), false),
    builtin("transform", &[], include_str!("schemas/transform.json"), true),
    builtin("http", &[], include_str!("schemas/http.json"), false),
    builtin("script", &[], include_str!("schemas/script.json"), false),
    builtin("sql", &[], include_str!("schemas/sql.json"), false),
    builtin("email", &[], include_str!("schemas/email.json"), false),
    builtin("shell", &[], include_str!("schemas/shell.json"), false),
    builtin("publish", &[], include_str!("schemas/publish.json"), false),
    builtin("error", &[], include_str!("schemas/error.json"), true),
];

impl Default for TaskTypes {
    fn default() -> Self {
        Self::builtin()
    }
}

impl TaskTypes {
    /// Knows nothing: every task is an external worker's.
    pub const fn none() -> Self {
        Self { types: BTreeMap::new() }
    }

    /// The task types that come with the product.
    pub fn builtin() -> Self {
        let mut types = Self::none();
        for builtin in BUILTIN {
            types.add(builtin.name, builtin.aliases, builtin.schema_value());
        }
        types
    }

    /// Adds a type under its name and aliases. One that comes with the product and only computes is known as such.
    pub fn add(&mut self, name: &str, aliases: &[&str], schema: Value) {
        let pure = BUILTIN.iter().any(|builtin| builtin.name == name && builtin.pure);
        for name in aliases.iter().chain(std::iter::once(&name)) {
            self.types.insert((*name).to_owned(), TaskType { schema: schema.clone(), pure });
        }
    }

    /// The type of this name.
    pub fn get(&self, name: &str) -> Option<&TaskType> {
        self.types.get(name)
    }

    /// All names, aliases included.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_json_and_closed() {
        for builtin in BUILTIN {
            let schema: Value = serde_json::from_str(builtin.schema).unwrap();
            assert_eq!(schema["type"], "object", "{}", builtin.name);
            assert_eq!(schema["additionalProperties"], false, "{}: unknown settings must be told", builtin.name);
            for (name, property) in schema["properties"].as_object().unwrap() {
                for key in ["title", "x-title-zh", "description", "x-description-zh"] {
                    assert!(property[key].is_string(), "{}.{name} lacks {key}", builtin.name);
                }
            }
        }
    }

    #[test]
    fn aliases_are_types_and_the_list_travels() {
        let types = TaskTypes::builtin();
        assert_eq!(types.get("print"), types.get("log"));
        assert_eq!(types.get("sleep"), types.get("delay"));
        let text = serde_json::to_string(&types).unwrap();
        assert_eq!(serde_json::from_str::<TaskTypes>(&text).unwrap(), types);
    }
}
