//! Definition → canonical text: nodes and edges in the author's order, keys in a fixed order, what is default left out.

mod executable;
mod json;
mod node;
mod scalar;
mod yaml;

pub use executable::to_executable;
pub(super) use json::API_VERSION;
pub use json::to_json;

use crate::definition::Definition;

/// The full form as YAML, in its one canonical layout.
pub fn to_yaml(definition: &Definition) -> String {
    yaml::emit(&to_json(definition))
}
