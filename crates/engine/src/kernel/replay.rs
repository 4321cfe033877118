//! Replay: a journal folded into a state, each event with the plan of the version that ran then.

use super::apply::ApplyError;
use super::codec::Row;
use super::event::Event;
use super::state::InstanceState;
use heddle_model::ids::{InstanceId, VersionId, WorkspaceId};
use heddle_model::plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Compiled versions by id.
pub type PlanSet = BTreeMap<VersionId, Arc<Plan>>;

impl Event {
    /// The version that an instance runs after this event, where the event says so.
    pub fn version(&self) -> Option<VersionId> {
        match self {
            Self::InstanceCreated(created) => Some(created.version),
            Self::InstanceMigrated(migrated) => Some(migrated.version),
            _ => None,
        }
    }
}

impl Row {
    /// The versions that an instance runs after its events.
    pub fn versions(&self) -> impl Iterator<Item = VersionId> + '_ {
        self.events.iter().filter_map(Event::version)
    }
}

/// A state, and the plan of the version that it runs.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Where the instance is.
    pub state: InstanceState,
    /// What it runs.
    pub plan: Arc<Plan>,
}

impl Replay {
    /// Begins with an instance's first event.
    pub fn create(
        plans: &PlanSet,
        (workspace, instance): (WorkspaceId, InstanceId),
        (at, first): (i64, &Event),
    ) -> Result<Self, ApplyError> {
        let Event::InstanceCreated(created) = first else {
            return Err(ApplyError {
                instance,
                seq: 1,
                what: "the journal does not begin with the creation".to_owned(),
            });
        };
        Self::from(plans, InstanceState::create(instance, workspace, created, at))
    }

    /// Begins with a snapshot.
    pub fn from(plans: &PlanSet, state: InstanceState) -> Result<Self, ApplyError> {
        let plan = plan(plans, &state, state.version)?;
        Ok(Self { state, plan })
    }

    /// The next event.
    pub fn apply(&mut self, plans: &PlanSet, event: &Event, at: i64) -> Result<(), ApplyError> {
        self.state.apply(&self.plan, event, at)?;
        if matches!(event, Event::InstanceMigrated(_)) {
            self.plan = plan(plans, &self.state, self.state.version)?;
        }
        Ok(())
    }
}

fn plan(plans: &PlanSet, state: &InstanceState, version: VersionId) -> Result<Arc<Plan>, ApplyError> {
    let missing =
        || ApplyError { instance: state.id, seq: state.seq, what: format!("version {version} is not at hand") };
    plans.get(&version).cloned().ok_or_else(missing)
}
