//! Server functions of instances: one call into a use case each.

use crate::failure::Failure;
use heddle_api::view::{EventView, InstanceSummary, InstanceView, LogView};
use heddle_api::{Page, params};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

/// A page of the list.
#[server(prefix = "/app", endpoint = "list_instances", input = Json)]
pub async fn list_instances(params: params::ListInstances) -> Result<Page<InstanceSummary>, Failure> {
    let door = crate::door::open()?;
    door.cases.list_instances(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// One instance. The id comes from the address, so a malformed one is "not found".
#[server(prefix = "/app", endpoint = "get_instance", input = Json)]
pub async fn get_instance(id: String) -> Result<InstanceView, Failure> {
    let door = crate::door::open()?;
    let Ok(id) = id.parse() else { return Err(door.malformed("instance", &id)) };
    door.cases.get_instance(&door.context, params::GetInstance { id }).await.map_err(|error| door.refuse(&error))
}

/// A page of its journal.
#[server(prefix = "/app", endpoint = "list_events", input = Json)]
pub async fn list_events(params: params::ListEvents) -> Result<Page<EventView>, Failure> {
    let door = crate::door::open()?;
    door.cases.list_events(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// A page of its log lines.
#[server(prefix = "/app", endpoint = "list_logs", input = Json)]
pub async fn list_logs(params: params::ListLogs) -> Result<Page<LogView>, Failure> {
    let door = crate::door::open()?;
    door.cases.list_logs(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// Steers it: pause, resume, retry, skip, complete.
#[server(prefix = "/app", endpoint = "act", input = Json)]
pub async fn act(params: params::InstanceAction) -> Result<InstanceView, Failure> {
    let door = crate::door::open()?;
    door.cases.act_on_instance(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// Ends it for good.
#[server(prefix = "/app", endpoint = "terminate", input = Json)]
pub async fn terminate(id: heddle_model::ids::InstanceId, reason: Option<String>) -> Result<InstanceView, Failure> {
    let door = crate::door::open()?;
    let action = params::ActionParams { reason, ..Default::default() };
    let params = params::InstanceAction { id, action: params::ActionName::Terminate, params: action, dry_run: false };
    door.cases.act_on_instance(&door.context, params).await.map_err(|error| door.refuse(&error))
}
