//! `/api/v1/incidents`: what needs a person.

use super::instances::PAYLOAD_BODY;
use super::steer::Dry;
use crate::error::Answer;
use crate::extract::{Body, Context, Id, Query};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use heddle_api::params::{GetIncident, GroupIncidents, ListIncidents, ResolveIncident, ResolveParams};
use heddle_api::view::{IncidentGroup, IncidentSummary};
use heddle_api::{Page, Permission as P, routes};
use heddle_model::ids::IncidentId;
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(Gate::needs(&[P::InstanceView]), routes!(list))
        .open(Gate::needs(&[P::InstanceView]), routes!(groups))
        .open(Gate::needs(&[P::InstanceView]), routes!(get))
        .open(Gate::needs(&[P::IncidentManage]).body(PAYLOAD_BODY).idempotent(), routes!(resolve))
}

/// Incidents, those opened last first. `kind=poisoned` is the dead-letter list.
#[utoipa::path(get, path = routes::INCIDENTS, tag = "incidents", operation_id = "listIncidents", params(ListIncidents), responses((status = 200, body = Page<IncidentSummary>)))]
async fn list(
    State(state): State<AppState>,
    Context(context): Context,
    Query(params): Query<ListIncidents>,
) -> Answer<Json<Page<IncidentSummary>>> {
    Ok(Json(state.use_cases.list_incidents(&context, params).await?))
}

/// Open incidents by workflow, node and code, the largest groups first.
#[utoipa::path(get, path = routes::INCIDENT_GROUPS, tag = "incidents", operation_id = "groupIncidents", params(GroupIncidents), responses((status = 200, body = Page<IncidentGroup>)))]
async fn groups(
    State(state): State<AppState>,
    Context(context): Context,
    Query(params): Query<GroupIncidents>,
) -> Answer<Json<Page<IncidentGroup>>> {
    Ok(Json(state.use_cases.group_incidents(&context, params).await?))
}

/// One incident.
#[utoipa::path(get, path = routes::INCIDENT, tag = "incidents", operation_id = "getIncident", params(("id" = String, Path, description = "Id of the incident")), responses((status = 200, body = IncidentSummary)))]
async fn get(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<IncidentId>,
) -> Answer<Json<IncidentSummary>> {
    Ok(Json(state.use_cases.get_incident(&context, GetIncident { id }).await?))
}

/// Resolves an incident: retries, skips or completes its node. A dry run answers the incident with a `preview` of what would run again.
#[utoipa::path(post, path = routes::INCIDENT_RESOLVE, tag = "incidents", operation_id = "resolveIncident", params(("id" = String, Path, description = "Id of the incident"), Dry), request_body = ResolveParams,
    responses((status = 200, body = IncidentSummary), (status = 409, description = "It is resolved, or its node cannot take this", body = heddle_api::Problem, content_type = "application/problem+json")))]
async fn resolve(
    State(state): State<AppState>,
    Context(context): Context,
    Id(id): Id<IncidentId>,
    Query(dry): Query<Dry>,
    Body(params): Body<ResolveParams>,
) -> Answer<Json<IncidentSummary>> {
    let params = ResolveIncident { id, params, dry_run: dry.dry_run };
    Ok(Json(state.use_cases.resolve_incident(&context, params).await?))
}
