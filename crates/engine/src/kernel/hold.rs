//! What holds an enabled node back: its guard, and a mutex of the instance (docs/semantics, A.8). Tokens stay on their edges meanwhile.

use super::decide::Step;
use super::join::Place;
use super::lookup::InstanceScope;

/// Why an enabled node does not fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hold {
    /// A pause of its own, or of a container around it.
    Paused,
    /// Its guard is false, or cannot be evaluated: why.
    Guard(Option<String>),
    /// Its mutex is taken: by these executions.
    Mutex(Vec<u32>),
}

impl Step<'_> {
    /// Whether an enabled node may not fire yet.
    pub(super) fn is_held(&self, place: Place) -> bool {
        let node = self.context.plan.node(place.1);
        (node.guard.is_some() || node.mutex.is_some()) && hold(&self.scope(), place).is_some()
    }
}

/// What holds an enabled node back; `base` is a look-up of its instance.
pub(super) fn hold(base: &InstanceScope<'_>, (scope, node): Place) -> Option<Hold> {
    let (plan, state) = (base.plan, base.state);
    if state.is_paused(plan, node) {
        return Some(Hold::Paused);
    }
    let node = plan.node(node);
    if let Some(guard) = &node.guard {
        let lookup =
            InstanceScope { plan, state, now: base.now, scope, written: &[], names: &[], output: None, error: None };
        match guard.holds(&lookup) {
            Ok(true) => {}
            Ok(false) => return Some(Hold::Guard(None)),
            Err(why) => return Some(Hold::Guard(Some(why.to_string()))),
        }
    }
    let mutex = node.mutex.as_ref()?;
    let holders = state.mutexes.get(&mutex.name)?;
    (holders.len() >= mutex.permits as usize).then(|| Hold::Mutex(holders.clone()))
}
