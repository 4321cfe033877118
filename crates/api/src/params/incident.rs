//! Incidents: listing, grouping and resolving them.

use heddle_model::ids::IncidentId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which incidents, those opened last first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct ListIncidents {
    /// `open` (default) or `resolved`.
    pub status: Option<String>,
    /// `error`, `no_path`, `deadlock`, `poisoned` (the dead-letter list), `expression`, `limit`, `compensation` or `quarantined`.
    pub kind: Option<String>,
    /// Id or name of the workflow.
    pub workflow: Option<String>,
    /// Id of the instance.
    pub instance: Option<String>,
    /// Id of the node.
    pub node: Option<String>,
    /// Code of the error.
    pub code: Option<String>,
    /// Rows of the page, 1–200; 50 where absent.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which groups: open incidents by workflow, node and code, the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct GroupIncidents {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only of this workflow, by id or name.
    pub workflow: Option<String>,
    /// Only at the node with this id.
    pub node: Option<String>,
    /// Only with this code.
    pub code: Option<String>,
    /// Groups, 1–200; 50 where absent.
    pub limit: Option<u64>,
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetIncident {
    /// Which.
    pub id: IncidentId,
}

/// How an incident is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// What failed is tried again.
    Retry,
    /// The flow goes past the node.
    Skip,
    /// The node ends well, with an output.
    Complete,
}

/// What resolves an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ResolveParams {
    /// How.
    pub action: Resolution,
    /// `skip`, `complete`: the node's output.
    #[serde(default)]
    pub output: Option<Value>,
    /// `retry`: variables that are changed before.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<Object>))]
    pub variables: Option<Map<String, Value>>,
    /// Why, for the audit log.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Resolves an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResolveIncident {
    /// Which.
    pub id: IncidentId,
    /// How.
    pub params: ResolveParams,
    /// Only tells what would come of it.
    #[serde(default)]
    pub dry_run: bool,
}
