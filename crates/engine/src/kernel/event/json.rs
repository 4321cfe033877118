//! JSON inside events and snapshots.

use heddle_model::value::{Shared, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// A variable and its value.
pub(in crate::kernel) type Named = (Arc<str>, Json);

/// A JSON value inside an event: shared in memory, JSON text in the compact stored form (which cannot describe itself).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Json(pub Shared);

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(Arc::new(value))
    }
}

impl From<Shared> for Json {
    fn from(value: Shared) -> Self {
        Self(value)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.0.serialize(serializer);
        }
        if self.0.is_null() {
            return serializer.serialize_bytes(&[]);
        }
        let text = serde_json::to_vec(&*self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_bytes(&text)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Value::deserialize(deserializer).map(Self::from);
        }
        let text = <&[u8]>::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice::<Value>(text).map(Self::from).map_err(serde::de::Error::custom)
    }
}
