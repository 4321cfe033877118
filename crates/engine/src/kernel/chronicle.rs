//! Everything an instance executed, read from its journal: what a table of all executions would hold, without one.

use super::command::CommandError;
use super::decide::Seen;
use super::effect::Effects;
use super::event::Event;
use super::past::History;
use super::replay::{PlanSet, Replay};
use crate::storage::NodeRow;
use std::collections::BTreeMap;
use std::sync::Arc;

impl History<'_> {
    /// Each execution as the journal speaks of it last, by number; one that has begun and of which nothing else is said is left out.
    ///
    /// # Errors
    /// The beginning of the journal is not kept any more, or an event does not fit what came before it.
    pub fn executions(&self) -> Result<Vec<NodeRow>, CommandError> {
        let mut replay = self.begin()?;
        let mut rows = BTreeMap::new();
        for (at, event, _) in self.events().skip(1) {
            let said = follow(&mut replay, self.plans, (at, event))?;
            rows.extend(said.into_iter().map(|row| (row.number, row)));
        }
        Ok(rows.into_values().collect())
    }
}

/// Applies an event as the decision did that led to it; what it says of executions.
fn follow(replay: &mut Replay, plans: &PlanSet, (at, event): (i64, &Event)) -> Result<Vec<NodeRow>, CommandError> {
    let plan = Arc::clone(&replay.plan);
    let before = event.execution().and_then(|number| Seen::of(&replay.state, number));
    replay.apply(plans, event, at)?;
    let seen = event.begun().map_or(before, |(number, _)| Seen::of(&replay.state, number));
    let mut effects = Effects::default();
    effects.follow(&plan, &replay.state, event, seen.as_ref());
    Ok(effects.nodes)
}
