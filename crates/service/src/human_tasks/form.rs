//! What was filled in against the form of its task.

use crate::error::Result;
use crate::instances::mistake_at;
use heddle_api::error::ProblemItem;
use heddle_api::{ApiError, ErrorCode, Lang};
use heddle_model::limits;
use jsonschema::PatternOptions;
use serde_json::Value;

/// 422 with every mistake, in this language, where it does not fit. A task without a form takes anything.
pub(super) fn check(form: Option<&Value>, output: &Value, lang: Lang) -> Result<()> {
    let Some(form) = form.filter(|form| !form.is_null()) else { return Ok(()) };
    // The form's patterns are strangers' texts: only the engine that takes linear time reads them.
    let schema = jsonschema::options().with_pattern_options(PatternOptions::regex()).build(form).map_err(|error| {
        ApiError::new(ErrorCode::Conflict).detail(
            format!("The form of this task is no JSON Schema: {error}. Somebody who steers the instance can complete its node."),
            format!("该任务的表单不是有效的 JSON Schema：{error}。可由有权操作实例的人完成该节点。"),
        )
    })?;
    let errors: Vec<ProblemItem> = schema
        .iter_errors(output)
        .take(limits::DIAGNOSTICS)
        .map(|error| mistake_at("/output", "FORM_SCHEMA", &error, lang))
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    let detail = ("What was filled in does not fit the form of the task.", "填写内容不符合任务的表单。");
    Err(ApiError::new(ErrorCode::InvalidInput).detail(detail.0, detail.1).errors(errors).into())
}
