//! A secret of the operator's settings: it can be used, and neither printed nor written out again.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// A password, or an address that holds one.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

/// What stands in its place wherever it would be seen.
const HIDDEN: &str = "(hidden)";

impl Secret {
    /// The secret itself, for the one who sends it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_is_never_seen() {
        let secret = Secret::from("geheim");
        assert_eq!(secret.reveal(), "geheim");
        assert!(!format!("{secret:?}{secret:#?}{}", serde_json::to_string(&secret).unwrap()).contains("geheim"));
    }
}
