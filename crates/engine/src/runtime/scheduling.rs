//! Scheduling as the rest of the product steers it: limits at run time.

use super::engine::Engine;
use crate::scheduler::{Limits, LimitsError};

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
}
