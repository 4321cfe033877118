//! `/api/v1/jobs`: external workers.

use super::instances::PAYLOAD_BODY;
use crate::error::Answer;
use crate::extract::{Body, Context, Id};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use heddle_api::params::{ActivateJobs, CompleteJob, FailJob, HeartbeatJob};
use heddle_api::view::{ActivatedJobs, HeartbeatView};
use heddle_api::{Permission as P, routes};
use heddle_model::ids::JobId;
use serde::Deserialize;
use serde_json::Value;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(Gate::needs(&[P::JobWork]), routes!(activate))
        .open(Gate::needs(&[P::JobWork]).body(PAYLOAD_BODY).idempotent(), routes!(complete))
        .open(Gate::needs(&[P::JobWork]).idempotent(), routes!(fail))
        .open(Gate::needs(&[P::JobWork]), routes!(heartbeat))
}

/// Takes jobs; waits up to `wait_ms` for the first one.
#[utoipa::path(post, path = routes::JOBS_ACTIVATE, tag = "jobs", operation_id = "activateJobs", request_body = ActivateJobs, responses((status = 200, body = ActivatedJobs)))]
async fn activate(
    State(state): State<AppState>,
    Context(context): Context,
    Body(params): Body<ActivateJobs>,
) -> Answer<Json<ActivatedJobs>> {
    tokio::select! {
        // A stop answers what waits with nothing rather than cutting it off.
        () = state.stop.cancelled() => Ok(Json(ActivatedJobs { jobs: Vec::new() })),
        taken = state.use_cases.activate_jobs(&context, params) => Ok(Json(taken?)),
    }
}

/// What a job gave.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct Done {
    /// The attempt's token.
    token: String,
    /// Its output.
    #[serde(default)]
    output: Value,
}

/// Completes a job. A token that is no longer the current one gets 409 and changes nothing.
#[utoipa::path(post, path = routes::JOB_COMPLETE, tag = "jobs", operation_id = "completeJob", params(("id" = String, Path, description = "Id of the job")), request_body = Done,
    responses((status = 204), (status = 409, description = "Stale token", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn complete(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<JobId>,
    Body(done): Body<Done>,
) -> Answer<StatusCode> {
    state.use_cases.complete_job(&context, CompleteJob { id, token: done.token, output: done.output }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why a job failed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct Failed {
    /// The attempt's token.
    token: String,
    /// Code of the error.
    #[serde(default)]
    code: String,
    /// What happened.
    #[serde(default)]
    message: String,
    /// `business` for an error of the process itself; `system` where absent.
    #[serde(default)]
    class: Option<String>,
    /// Whether another attempt makes sense.
    #[serde(default = "yes")]
    retryable: bool,
}

const fn yes() -> bool {
    true
}

/// Fails a job.
#[utoipa::path(post, path = routes::JOB_FAIL, tag = "jobs", operation_id = "failJob", params(("id" = String, Path, description = "Id of the job")), request_body = Failed,
    responses((status = 204), (status = 409, description = "Stale token", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn fail(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<JobId>,
    Body(failed): Body<Failed>,
) -> Answer<StatusCode> {
    let business = failed.class.as_deref() == Some("business");
    let params = FailJob {
        id,
        token: failed.token,
        code: failed.code,
        message: failed.message,
        business,
        retryable: failed.retryable,
    };
    state.use_cases.fail_job(&context, params).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What keeps a job.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct Beat {
    /// The attempt's token.
    token: String,
    /// The new lease from now, in milliseconds.
    #[serde(default)]
    lease_ms: Option<u64>,
}

/// Keeps a job for longer.
#[utoipa::path(post, path = routes::JOB_HEARTBEAT, tag = "jobs", operation_id = "heartbeatJob", params(("id" = String, Path, description = "Id of the job")), request_body = Beat,
    responses((status = 200, body = HeartbeatView), (status = 409, description = "Stale token", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn heartbeat(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<JobId>,
    Body(beat): Body<Beat>,
) -> Answer<Json<HeartbeatView>> {
    Ok(Json(
        state
            .use_cases
            .heartbeat_job(&context, HeartbeatJob { id, token: beat.token, lease_ms: beat.lease_ms })
            .await?,
    ))
}
