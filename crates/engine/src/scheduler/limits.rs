//! What an operator sets: slots, rates, shares. All of it may change while the server runs.

use heddle_model::ids::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an operator sets about scheduling: `[scheduler]` of the server's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Built-in tasks that run at a time in this server.
    pub slots: usize,
    /// By task type.
    pub types: BTreeMap<String, TypeLimits>,
    /// By workspace.
    pub workspaces: BTreeMap<WorkspaceId, WorkspaceLimits>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { slots: heddle_model::limits::WORKER_SLOTS, types: BTreeMap::new(), workspaces: BTreeMap::new() }
    }
}

/// What an operator sets about a task type.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TypeLimits {
    /// How many run at a time; the type's own number where absent.
    pub slots: Option<usize>,
    /// How many begin in a second, of all workspaces together.
    pub rate: Option<Rate>,
    /// How many begin in a second for each workspace.
    pub workspace_rate: Option<Rate>,
}

/// What an operator sets about a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkspaceLimits {
    /// Its share beside the others': twice the weight, twice the starts where both have work (1–100).
    pub weight: u32,
    /// How many begin in a second, by task type; in place of the type's `workspace_rate`.
    pub rates: BTreeMap<String, Rate>,
}

impl Default for WorkspaceLimits {
    fn default() -> Self {
        Self { weight: 1, rates: BTreeMap::new() }
    }
}

/// How many may begin in a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Starts in a second; `0.1` is one in ten seconds.
    pub per_second: f64,
    /// How many may begin at once after a quiet time.
    #[serde(default = "one")]
    pub burst: u32,
}

const fn one() -> u32 {
    1
}

/// What is wrong with limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// Nothing could ever run.
    #[error("`slots` of {0} must be 1 or more; to stop work, pause it")]
    NoSlots(String),
    /// Not a rate.
    #[error("`per_second` of {0} must be a number above 0, and `burst` 1 or more")]
    Rate(String),
    /// Not a weight.
    #[error("the weight of {0} must be 1 to 100")]
    Weight(WorkspaceId),
}

impl Limits {
    /// Whether they can be worked with.
    ///
    /// # Errors
    /// The first value that makes no sense.
    pub fn check(&self) -> Result<(), LimitsError> {
        if self.slots == 0 {
            return Err(LimitsError::NoSlots("the scheduler".to_owned()));
        }
        for (name, limits) in &self.types {
            if limits.slots == Some(0) {
                return Err(LimitsError::NoSlots(format!("the task type `{name}`")));
            }
            for rate in [limits.rate, limits.workspace_rate].into_iter().flatten() {
                rate.check(name)?;
            }
        }
        for (workspace, limits) in &self.workspaces {
            if !(1..=100).contains(&limits.weight) {
                return Err(LimitsError::Weight(*workspace));
            }
            limits.rates.iter().try_for_each(|(name, rate)| rate.check(name))?;
        }
        Ok(())
    }
}

impl Rate {
    fn check(self, name: &str) -> Result<(), LimitsError> {
        let is_fit = self.per_second.is_finite() && self.per_second > 0.0 && self.burst > 0;
        if is_fit { Ok(()) } else { Err(LimitsError::Rate(format!("the task type `{name}`"))) }
    }
}
