//! Inputs of called workflows, proven as those of started ones are.

use crate::instances::InputSchemas;
use crate::workflows::Latest;
use async_trait::async_trait;
use heddle_api::{ApiError, Lang};
use heddle_engine::runtime::{EngineError, InputCheck};
use heddle_engine::storage::Resolved;
use heddle_model::ids::WorkspaceId;
use heddle_store::Store;
use serde_json::{Map, Value};
use std::fmt;

/// Proves inputs of called workflows against their schemas.
pub struct CallInputs {
    schemas: InputSchemas,
}

impl CallInputs {
    /// Over these versions.
    pub fn new(store: Store) -> Self {
        Self { schemas: InputSchemas::new(store) }
    }
}

impl fmt::Debug for CallInputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallInputs")
    }
}

#[async_trait]
impl InputCheck for CallInputs {
    async fn check(
        &self,
        workspace: WorkspaceId,
        version: &Resolved,
        input: &Value,
    ) -> Result<Result<(), String>, EngineError> {
        let version = Latest { workflow: version.workflow, version: version.version, number: version.version_number };
        let input = match input {
            Value::Object(input) => input.clone(),
            Value::Null => Map::new(),
            other => return Ok(Err(format!("the input must be an object, not {other}"))),
        };
        match self.schemas.check(workspace, &version, input, Lang::En).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => {
                let error = ApiError::from(error);
                // Only a mistake of the input is the caller's; anything else may pass.
                if error.code.status() != 422 {
                    return Err(EngineError::Unavailable(error.to_string()));
                }
                let mistakes = error.errors.iter().map(|item| format!("{} {}", item.pointer, item.message));
                Ok(Err(mistakes.collect::<Vec<_>>().join(" ")))
            }
        }
    }
}
