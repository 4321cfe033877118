//! JSON values as the engine carries them: shared, never cloned per step.

use std::collections::BTreeMap;
use std::sync::Arc;

pub use serde_json::{Map, Value, json};

/// A JSON value that many events, snapshots and readers share.
pub type Shared = Arc<Value>;

/// Variables by name, in the order of their names so that every walk over them is deterministic.
pub type Variables = BTreeMap<Arc<str>, Shared>;

/// Variables as one JSON object, the form in which people and programs see them.
pub fn to_object(variables: &Variables) -> Value {
    Value::Object(variables.iter().map(|(name, value)| (name.to_string(), (**value).clone())).collect())
}
