//! The REST API: one file per resource, one call into a use case per handler.

mod auth;
mod batches;
mod docs;
mod foreach;
mod health;
mod human_tasks;
mod incidents;
mod instances;
mod jobs;
mod logs;
mod messages;
mod pauses;
mod stats;
mod steer;
mod task_types;
mod versions;
mod workflows;

use crate::route::Doors;

/// Registers every route of the API, in the order of the docs.
pub(crate) fn open(doors: Doors) -> Doors {
    let doors = auth::open(doors);
    let doors = workflows::open(doors);
    let doors = versions::open(doors);
    let doors = task_types::open(doors);
    let doors = instances::open(doors);
    let doors = steer::open(doors);
    let doors = messages::open(doors);
    let doors = foreach::open(doors);
    let doors = incidents::open(doors);
    let doors = human_tasks::open(doors);
    let doors = batches::open(doors);
    let doors = logs::open(doors);
    let doors = jobs::open(doors);
    let doors = pauses::open(doors);
    let doors = stats::open(doors);
    let doors = docs::open(doors);
    health::open(doors)
}
