//! Creating: the first event of an instance, from what it is started with.

use super::command::{CommandError, Context};
use super::event::{Created, Json};
use super::lookup::InstanceScope;
use super::marking::ROOT;
use super::state::InstanceState;
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::value::{Map, Value};
use std::sync::Arc;

/// A new instance: its input's keys are variables, then the definition's first values, each of which may use those before it.
pub fn create(
    context: Context<'_>,
    id: InstanceId,
    workspace: WorkspaceId,
    mut created: Created,
) -> Result<(InstanceState, Created), CommandError> {
    let input = match &*created.input.0 {
        Value::Object(input) => input.clone(),
        Value::Null => Map::new(),
        other => return Err(CommandError::Nothing(format!("the input must be an object, not {other}"))),
    };
    created.input = Json::from(Value::Object(input.clone()));
    created.variables = input.into_iter().map(|(name, value)| (Arc::from(name), Json::from(value))).collect();
    let empty = Created { variables: Vec::new(), ..created.clone() };
    let state = InstanceState::create(id, workspace, &empty, context.now);
    for (name, template) in &context.plan.variables {
        // What the starter gives comes before what the definition says.
        if created.variables.iter().any(|(given, _)| given == name) {
            continue;
        }
        let scope = InstanceScope {
            plan: context.plan,
            state: &state,
            now: context.now,
            scope: ROOT,
            names: &[],
            written: &created.variables,
            output: None,
            error: None,
        };
        let value = template
            .eval(&scope)
            .map_err(|why| CommandError::Nothing(format!("the first value of the variable `{name}`: {why}")))?;
        created.variables.push((name.clone(), Json(value)));
    }
    Ok((InstanceState::create(id, workspace, &created, context.now), created))
}
