//! Scheduling as the rest of the product steers it: limits at run time, and why something is queued.

use super::engine::Engine;
use crate::scheduler::{Limits, LimitsError, Queued};
use heddle_model::ids::InstanceId;

impl Engine {
    /// Slots, rates and shares in force.
    pub fn scheduling(&self) -> Limits {
        self.shared.pool.limits()
    }

    /// Changes them at once, in this server. What runs goes on.
    ///
    /// # Errors
    /// Limits that make no sense; nothing has changed then.
    pub fn set_scheduling(&self, limits: Limits) -> Result<(), LimitsError> {
        self.shared.pool.set_limits(limits)
    }

    /// Why the attempt, or the job, of this execution has not begun: what is ahead of it, and what holds it back. `None`: it is not
    /// queued in this server, because it runs, or because it waits for something else.
    pub fn why_queued(&self, instance: InstanceId, number: u32) -> Option<Queued> {
        self.shared.desk.why(instance, number).or_else(|| self.shared.pool.why(instance, number))
    }
}
