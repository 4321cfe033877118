//! Types of expressions, found by trying: names whose type is certain get sample values, and an expression that fails on all of
//! them with a mismatch of types can never work.
//!
//! Trying errs on the quiet side: a name whose type may change, a list, an object, or a function over many elements, and nothing is
//! said.

use super::names::{all_nodes, writes};
use crate::definition::Definition;
use crate::value::Value;
use heddle_expr::{EvalError, EvalErrorCode, MapScope, Program};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Functions whose work grows with their data; never tried.
const COSTLY: [&str; 8] = ["map(", "filter(", "all(", "exists(", "exists_one(", "matches(", "sort", "join("];

/// The types that CEL has names for.
const TYPES: [&str; 10] = ["bool", "bytes", "double", "duration", "int", "list", "map", "string", "timestamp", "uint"];

/// Two sets of values for the names whose type is certain.
pub(super) struct Samples {
    scopes: [MapScope; 2],
    /// Names of CEL's types that the definition uses for variables: a reference to one looks like none.
    shadowed: Vec<&'static str>,
    /// Names whose type only their first value tells: an input of that name may bring another.
    presumed: BTreeSet<String>,
}

/// Types that do not go together.
pub(super) struct Mismatch {
    pub(super) error: EvalError,
    /// Whether it follows from first values and not only from the input schema.
    pub(super) is_presumed: bool,
}

impl Samples {
    pub(super) fn new(definition: &Definition) -> Self {
        let mut samples = Self {
            scopes: [MapScope::default(), MapScope::default()],
            shadowed: Vec::new(),
            presumed: BTreeSet::new(),
        };
        for (name, value) in &definition.variables {
            samples.add(name, of_value(value));
            samples.presumed.insert(name.clone());
        }
        let properties =
            definition.inputs.as_ref().and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            // What the schema says of an input holds for it whatever the variable began as.
            samples.scopes.iter_mut().for_each(|scope| drop(scope.names.remove(name)));
            samples.presumed.remove(name);
            samples.add(name, of_schema(schema));
        }
        let written: BTreeSet<&str> = all_nodes(&definition.nodes).into_iter().flat_map(writes).collect();
        let is_used = |name: &str| {
            written.contains(name)
                || definition.variables.contains_key(name)
                || properties.is_some_and(|p| p.contains_key(name))
        };
        samples.shadowed = TYPES.into_iter().filter(|name| is_used(name)).collect();
        for scope in &mut samples.scopes {
            // What a node writes may be of another type afterwards.
            scope.names.retain(|name, _| !written.contains(name.as_str()));
        }
        samples
    }

    fn add(&mut self, name: &str, values: Option<[Value; 2]>) {
        for (scope, value) in self.scopes.iter_mut().zip(values.into_iter().flatten()) {
            scope.names.insert(name.to_owned(), Arc::new(value));
        }
    }

    /// Why the expression can never give a value (a truth value, for a condition); `None` where it can, or where that is not certain.
    pub(super) fn mismatch(&self, program: &Program, is_condition: bool) -> Option<Mismatch> {
        let is_certain = program.references().iter().all(|name| self.scopes[0].names.contains_key(name));
        let is_shadowed = self.shadowed.iter().any(|name| program.source().contains(name));
        if !is_certain || is_shadowed || COSTLY.iter().any(|call| program.source().contains(call)) {
            return None;
        }
        let mut first = None;
        for scope in &self.scopes {
            let result = if is_condition { program.eval_bool(scope).err() } else { program.eval(scope).err() };
            match result {
                Some(error) if error.code == EvalErrorCode::Type => first = first.or(Some(error)),
                _ => return None,
            }
        }
        let is_presumed = program.references().iter().any(|name| self.presumed.contains(name));
        first.map(|error| Mismatch { error, is_presumed })
    }
}

/// Samples of a schema that allows exactly one kind of scalar.
fn of_schema(schema: &Value) -> Option<[Value; 2]> {
    let has_more =
        ["$ref", "anyOf", "oneOf", "allOf", "const", "enum"].iter().any(|keyword| schema.get(keyword).is_some());
    match schema.get("type").and_then(Value::as_str).filter(|_| !has_more)? {
        "integer" => Some([1.into(), 2.into()]),
        // A number may come as an integer or as a double, and arithmetic tells them apart.
        "number" => Some([1.into(), Value::from(1.5)]),
        "string" => Some(["1".into(), "text".into()]),
        "boolean" => Some([true.into(), false.into()]),
        _ => None,
    }
}

/// Samples of a variable that begins as a plain scalar.
fn of_value(value: &Value) -> Option<[Value; 2]> {
    match value {
        Value::Bool(_) => Some([true.into(), false.into()]),
        Value::Number(_) => Some([value.clone(), value.clone()]),
        Value::String(text) if !text.contains("${") => Some([value.clone(), value.clone()]),
        _ => None,
    }
}
