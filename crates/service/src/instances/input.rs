//! Inputs against the `inputs` schema of their version. Schemas are compiled once per version.

use super::mistake;
use crate::cache::Cache;
use crate::error::Result;
use crate::workflows::Latest;
use heddle_api::error::ProblemItem;
use heddle_api::{ApiError, ErrorCode, Lang};
use heddle_model::ids::{VersionId, WorkspaceId};
use heddle_model::limits;
use heddle_store::Store;
use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// Compiled input schemas by version. Versions never change, so neither do these.
pub(crate) struct InputSchemas {
    store: Store,
    compiled: Cache<VersionId, Option<Arc<Validator>>>,
}

impl InputSchemas {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, compiled: Cache::new(Duration::from_secs(24 * 3600), 10_000) }
    }

    /// 422 with every mistake, in this language, when the input does not fit.
    pub(crate) async fn check(
        &self,
        workspace: WorkspaceId,
        version: &Latest,
        input: Map<String, Value>,
        lang: Lang,
    ) -> Result<Value> {
        let input = Value::Object(input);
        if let Some(schema) = self.of(workspace, version).await? {
            let errors: Vec<ProblemItem> =
                schema.iter_errors(&input).take(limits::DIAGNOSTICS).map(|error| mistake::item(&error, lang)).collect();
            if !errors.is_empty() {
                return Err(ApiError::new(ErrorCode::InvalidInput)
                    .detail("The input does not fit the schema of the workflow.", "输入不符合流程的输入模式。")
                    .errors(errors)
                    .into());
            }
        }
        Ok(input)
    }

    async fn of(&self, workspace: WorkspaceId, version: &Latest) -> Result<Option<Arc<Validator>>> {
        if let Some(schema) = self.compiled.get(&version.version) {
            return Ok(schema);
        }
        let row = self.store.version(workspace, version.workflow, version.number).await?;
        let definition: Value = row.and_then(|row| serde_json::from_str(&row.definition).ok()).unwrap_or_default();
        let schema = definition.get("inputs").map(|schema| {
            // Patterns are strangers' texts: only the engine that takes linear time reads them.
            jsonschema::options().with_pattern_options(PatternOptions::regex()).build(schema).map(Arc::new).map_err(
                |error| {
                    tracing::error!(%error, version = %version.version, "a stored input schema cannot be compiled");
                    ApiError::new(ErrorCode::Internal)
                },
            )
        });
        let schema = schema.transpose()?;
        self.compiled.put(version.version, schema.clone());
        Ok(schema)
    }
}
