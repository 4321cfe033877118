//! `/api/v1/workflows`.

use crate::error::{Answer, Failure};
use crate::extract::{Context, Definition, Id, Query};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use heddle_api::params::{
    ApplyWorkflow, CreateWorkflow, DeleteWorkflow, ExportFormat, ExportWorkflow, GetWorkflow, ListWorkflows,
    ReplaceWorkflow,
};
use heddle_api::view::{Applied, ApplyOutcome, Validation, WorkflowSummary, WorkflowView};
use heddle_api::{ErrorCode, Page, Permission as P, routes};
use heddle_model::ids::WorkflowId;
use heddle_model::limits::DEFINITION_BYTES;
use heddle_service::remote::OUTCOME;
use serde::Deserialize;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(Gate::needs(&[P::WorkflowCreate]).body(DEFINITION_BYTES).idempotent(), routes!(create))
        .open(Gate::needs(&[P::WorkflowView]), routes!(list))
        .open(Gate::needs(&[P::WorkflowView]).body(DEFINITION_BYTES), routes!(validate))
        .open(Gate::needs(&[P::WorkflowPublish]).body(DEFINITION_BYTES), routes!(apply))
        .open(Gate::needs(&[P::WorkflowView]), routes!(get))
        .open(Gate::needs(&[P::WorkflowPublish]).body(DEFINITION_BYTES), routes!(replace))
        .open(Gate::needs(&[P::WorkflowDelete]), routes!(delete))
}

/// Makes a workflow from a definition in JSON or YAML. With mistakes nothing is stored, and all of them are named.
#[utoipa::path(post, path = routes::WORKFLOWS, tag = "workflows", operation_id = "createWorkflow",
    request_body(content(("application/json"), ("application/yaml"))),
    responses((status = 201, body = WorkflowView), (status = 409, description = "The name is taken", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn create(
    State(state): State<AppState>,
    Context(context): Context,
    Definition(source): Definition,
) -> Answer<Response> {
    let made = state.use_cases.create_workflow(&context, CreateWorkflow { source }).await?;
    Ok(shown(StatusCode::CREATED, &made))
}

/// Workflows.
#[utoipa::path(get, path = routes::WORKFLOWS, tag = "workflows", operation_id = "listWorkflows", params(ListWorkflows), responses((status = 200, body = Page<WorkflowSummary>)))]
async fn list(
    State(state): State<AppState>,
    Context(context): Context,
    Query(params): Query<ListWorkflows>,
) -> Answer<Json<Page<WorkflowSummary>>> {
    Ok(Json(state.use_cases.list_workflows(&context, params).await?))
}

/// Checks a definition and stores nothing.
#[utoipa::path(post, path = routes::WORKFLOWS_VALIDATE, tag = "workflows", operation_id = "validateWorkflow",
    request_body(content(("application/json"), ("application/yaml"))), responses((status = 200, body = Validation)))]
async fn validate(
    State(state): State<AppState>,
    Context(context): Context,
    Definition(source): Definition,
) -> Answer<Json<Validation>> {
    Ok(Json(state.use_cases.validate_workflow(&context, source).await?))
}

/// Makes the workflow of this name, or a new version of it; the same content makes none.
#[utoipa::path(put, path = routes::WORKFLOW_BY_NAME, tag = "workflows", operation_id = "applyWorkflow", params(("name" = String, Path, description = "Name of the workflow")),
    request_body(content(("application/json"), ("application/yaml"))),
    responses((status = 200, description = "New version, or unchanged", body = WorkflowView), (status = 201, description = "Created", body = WorkflowView)))]
async fn apply(
    State(state): State<AppState>,
    Context(context): Context,
    Path(name): Path<String>,
    Definition(source): Definition,
) -> Answer<Response> {
    Ok(applied(state.use_cases.apply_workflow(&context, ApplyWorkflow { name, source }).await?))
}

/// What of a workflow is wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct Which {
    /// `yaml` or `executable` answers the definition as a file; `json` (default) the whole workflow.
    format: Option<String>,
    /// Number of the version; the latest where absent.
    version: Option<u32>,
}

/// One workflow, at its latest or another version.
#[utoipa::path(get, path = routes::WORKFLOW, tag = "workflows", operation_id = "getWorkflow", params(("id" = String, Path, description = "Id of the workflow"), Which),
    responses((status = 200, content((WorkflowView = "application/json"), (String = "application/yaml"))), (status = 304, description = "Not changed")))]
async fn get(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<WorkflowId>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Answer<Response> {
    let format = match which.format.as_deref() {
        None | Some("json") => None,
        Some("yaml") => Some(ExportFormat::Yaml),
        Some("executable") => Some(ExportFormat::Executable),
        Some(other) => return Err(unknown_format(other, &context)),
    };
    let Some(format) = format else {
        let found =
            state.use_cases.get_workflow(&context, GetWorkflow { id, version: which.version, yaml: false }).await?;
        if matches(&headers, header::IF_NONE_MATCH, &found.version_id.to_string()) {
            return Ok(
                (StatusCode::NOT_MODIFIED, [(header::ETAG, etag(&found.version_id.to_string()))]).into_response()
            );
        }
        return Ok(shown(StatusCode::OK, &found));
    };
    let document =
        state.use_cases.export_workflow(&context, ExportWorkflow { id, version: which.version, format }).await?;
    let headers = [(header::CONTENT_TYPE, document.media_type), (header::ETAG, etag(&document.etag))];
    Ok((headers, document.text).into_response())
}

/// Makes a new version; the same content makes none.
#[utoipa::path(put, path = routes::WORKFLOW, tag = "workflows", operation_id = "replaceWorkflow", params(("id" = String, Path, description = "Id of the workflow"), ("If-Match" = Option<String>, Header, description = "ETag that the caller has seen")),
    request_body(content(("application/json"), ("application/yaml"))), responses((status = 200, body = WorkflowView), (status = 412, description = "Changed since", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn replace(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<WorkflowId>,
    headers: HeaderMap,
    Definition(source): Definition,
) -> Answer<Response> {
    let if_match = headers
        .get(header::IF_MATCH)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.trim_start_matches("W/").trim_matches('"').to_owned());
    let if_match = if_match.filter(|seen| seen != "*");
    Ok(applied(state.use_cases.replace_workflow(&context, ReplaceWorkflow { id, source, if_match }).await?))
}

/// How a workflow is deleted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct How {
    /// Terminates instances that still run.
    force: bool,
}

/// Deletes a workflow: its history stays, its name is free again.
#[utoipa::path(delete, path = routes::WORKFLOW, tag = "workflows", operation_id = "deleteWorkflow", params(("id" = String, Path, description = "Id of the workflow"), How),
    responses((status = 204), (status = 409, description = "Instances are running", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn delete(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<WorkflowId>,
    Query(how): Query<How>,
) -> Answer<StatusCode> {
    state.use_cases.delete_workflow(&context, DeleteWorkflow { id, force: how.force }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn applied(applied: Applied) -> Response {
    let (status, outcome) = match applied.outcome {
        ApplyOutcome::Created => (StatusCode::CREATED, "created"),
        ApplyOutcome::NewVersion => (StatusCode::OK, "new_version"),
        ApplyOutcome::Unchanged => (StatusCode::OK, "unchanged"),
    };
    let mut response = shown(status, &applied.workflow);
    response.headers_mut().insert(OUTCOME, HeaderValue::from_static(outcome));
    response
}

fn shown(status: StatusCode, workflow: &WorkflowView) -> Response {
    let mut response = (status, Json(workflow)).into_response();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&etag(&workflow.version_id.to_string())) {
        headers.insert(header::ETAG, value);
    }
    if status == StatusCode::CREATED
        && let Ok(value) = HeaderValue::from_str(&format!("{}/{}", routes::WORKFLOWS, workflow.id))
    {
        headers.insert(header::LOCATION, value);
    }
    response
}

fn etag(id: &str) -> String {
    format!("\"{id}\"")
}

fn matches(headers: &HeaderMap, name: header::HeaderName, id: &str) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(',').any(|tag| tag.trim().trim_start_matches("W/").trim_matches('"') == id)
}

fn unknown_format(word: &str, context: &heddle_api::RequestContext) -> Failure {
    let (en, zh) = (
        format!("`{word}` is not a format; there are json, yaml and executable."),
        format!("`{word}` 不是有效格式；可用 json、yaml、executable。"),
    );
    let mut error = heddle_api::ApiError::invalid("/format", en, zh, context.lang);
    error.code = ErrorCode::InvalidInput;
    error.into()
}
