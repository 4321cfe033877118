//! Server functions of workflows: one call into a use case each.

use crate::failure::Failure;
use heddle_api::Page;
use heddle_api::params;
use heddle_api::view::{Applied, InstanceView, Validation, VersionSummary, WorkflowSummary, WorkflowView};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use std::collections::BTreeMap;

/// A page of the list.
#[server(prefix = "/app", endpoint = "list_workflows", input = Json)]
pub async fn list_workflows(params: params::ListWorkflows) -> Result<Page<WorkflowSummary>, Failure> {
    let door = crate::door::open()?;
    door.cases.list_workflows(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// One workflow with its text. The id comes from the address, so a malformed one is "not found".
#[server(prefix = "/app", endpoint = "get_workflow", input = Json)]
pub async fn get_workflow(id: String, version: Option<u32>) -> Result<WorkflowView, Failure> {
    let door = crate::door::open()?;
    let Ok(id) = id.parse() else { return Err(door.malformed("workflow", &id)) };
    let params = params::GetWorkflow { id, version, yaml: true };
    door.cases.get_workflow(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// Versions, newest first.
#[server(prefix = "/app", endpoint = "list_versions", input = Json)]
pub async fn list_versions(params: params::ListVersions) -> Result<Page<VersionSummary>, Failure> {
    let door = crate::door::open()?;
    door.cases.list_versions(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// Makes a workflow.
#[server(prefix = "/app", endpoint = "create_workflow", input = Json)]
pub async fn create_workflow(params: params::CreateWorkflow) -> Result<WorkflowView, Failure> {
    let door = crate::door::open()?;
    door.cases.create_workflow(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// Makes a new version.
#[server(prefix = "/app", endpoint = "save_version", input = Json)]
pub async fn save_version(params: params::ReplaceWorkflow) -> Result<Applied, Failure> {
    let door = crate::door::open()?;
    door.cases.replace_workflow(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// Deletes a workflow.
#[server(prefix = "/app", endpoint = "delete_workflow", input = Json)]
pub async fn delete_workflow(params: params::DeleteWorkflow) -> Result<(), Failure> {
    let door = crate::door::open()?;
    door.cases.delete_workflow(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// Checks a definition with what only the server knows (task types).
#[server(prefix = "/app", endpoint = "validate", input = Json)]
pub async fn validate(source: params::DefinitionText) -> Result<Validation, Failure> {
    let door = crate::door::open()?;
    door.cases.validate_workflow(&door.context, source).await.map_err(|error| door.refuse(&error))
}

/// Makes a workflow of an example, or opens the one that is there. Posted by a plain form.
#[server(prefix = "/app", endpoint = "use_example")]
pub async fn use_example(key: String) -> Result<(), Failure> {
    let door = crate::door::open()?;
    let Some(example) = crate::examples::find(&key) else { return Err(door.malformed("example", &key)) };
    let source = params::DefinitionText { format: params::DefinitionFormat::Yaml, text: example.yaml.to_owned() };
    match door.cases.create_workflow(&door.context, params::CreateWorkflow { source }).await {
        Ok(workflow) => leptos_axum::redirect(&format!("/workflows/{}", workflow.id)),
        Err(error) if error.code == heddle_api::ErrorCode::NameTaken => {
            let name = super::check::name_of(example.yaml);
            let found = door
                .cases
                .list_workflows(&door.context, params::ListWorkflows { q: Some(name.clone()), ..Default::default() })
                .await;
            let page = found.map_err(|error| door.refuse(&error))?;
            match page.items.into_iter().find(|workflow| workflow.name == name) {
                Some(workflow) => leptos_axum::redirect(&format!("/workflows/{}", workflow.id)),
                None => return Err(door.refuse(&error)),
            }
        }
        Err(error) => return Err(door.refuse(&error)),
    }
    Ok(())
}

/// Starts an instance.
#[server(prefix = "/app", endpoint = "start", input = Json)]
pub async fn start(params: params::StartInstance) -> Result<InstanceView, Failure> {
    let door = crate::door::open()?;
    door.cases.start_instance(&door.context, params).await.map_err(|error| door.refuse(&error))
}

/// The start form before the page is alive: texts by field name, read by the workflow's schema; mistakes lead back to the form.
#[server(prefix = "/app", endpoint = "start_form")]
pub async fn start_form(
    workflow: String,
    #[server(default)] business_key: String,
    #[server(default)] fields: BTreeMap<String, String>,
) -> Result<(), Failure> {
    let door = crate::door::open()?;
    let Ok(id) = workflow.parse() else { return Err(door.malformed("workflow", &workflow)) };
    let params = params::GetWorkflow { id, version: None, yaml: false };
    let view = door.cases.get_workflow(&door.context, params).await.map_err(|error| door.refuse(&error))?;
    let form = super::schema::Form::of(view.definition.get("inputs"));
    let back = format!("/workflows/{workflow}/run?error=1");
    let Ok(input) = form.read(&fields) else {
        leptos_axum::redirect(&back);
        return Ok(());
    };
    let business_key = Some(business_key).filter(|key| !key.trim().is_empty());
    let params = params::StartInstance { workflow_id: Some(workflow), input, business_key, ..Default::default() };
    match door.cases.start_instance(&door.context, params).await {
        Ok(instance) => leptos_axum::redirect(&format!("/instances/{}", instance.id)),
        Err(_) => leptos_axum::redirect(&back),
    }
    Ok(())
}
