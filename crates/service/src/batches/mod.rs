//! Batches: one action on many instances. `make` lists the instances once and keeps them, `preview` only asks them, `read` shows how far a
//! batch is, `steer` pauses, resumes and cancels it, `work` goes through it.

mod make;
mod preview;
mod read;
mod steer;
mod work;

use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::instances::action;
use heddle_api::params::ActionName;
use heddle_api::{ApiError, Permission, RequestContext};
use heddle_store::query::BatchRow;

/// Who may do an action to one instance, and may see instances, may do it to many.
fn may<'a>(context: &'a RequestContext, name: ActionName) -> Result<Allowed<'a>, ApiError> {
    authorize(context, action::permission(name))?.and(Permission::InstanceView)
}

/// The action of a stored batch.
fn action_of(batch: &BatchRow) -> Result<ActionName, ApiError> {
    ActionName::from_word(&batch.action).ok_or_else(|| {
        // A newer version wrote it.
        tracing::error!(batch = %batch.id, action = batch.action, "the action of a batch is not known");
        ApiError::new(heddle_api::ErrorCode::NotImplemented)
    })
}
