//! Concurrency keys: what the key of a node or of a workflow comes to. The kernel only says it; who may begin is the scheduler's
//! business and no part of the marking (docs/semantics, A.8).

use super::decide::Step;
use super::lookup::InstanceScope;
use super::marking::ROOT;
use super::state::InstanceState;
use super::wait::plain;
use heddle_expr::EvalError;
use heddle_model::definition::AtLimit;
use heddle_model::plan::{Limit, NodeIx, Plan};
use std::sync::Arc;

/// At most so many at a time with this value of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limited {
    /// The value of the key.
    pub key: Arc<str>,
    /// How many at a time.
    pub limit: u32,
    /// What happens to one too many.
    pub at_limit: AtLimit,
}

impl Step<'_> {
    /// What limits an attempt that is about to begin.
    pub(super) fn limited(&self, number: u32, node: NodeIx) -> Result<Option<Box<Limited>>, EvalError> {
        let is_undo = self.state.live.get(&number).is_some_and(|execution| execution.undoes.is_some());
        match &self.context.plan.node(node).concurrency {
            // What undoes must not wait for others.
            Some(limit) if !is_undo => of(limit, &self.scope_of(number)).map(|limited| Some(Box::new(limited))),
            _ => Ok(None),
        }
    }
}

/// What limits the whole instance, by its variables now.
///
/// # Errors
/// The key cannot be evaluated.
pub fn limited_instance(plan: &Plan, state: &InstanceState, now: i64) -> Result<Option<Limited>, EvalError> {
    plan.concurrency.as_ref().map(|limit| of(limit, &scope(plan, state, (now, ROOT)))).transpose()
}

/// What limits an execution, by its scope now; `None` where nothing does, or where the key cannot be evaluated any more.
pub fn limited_execution(plan: &Plan, state: &InstanceState, number: u32, now: i64) -> Option<Limited> {
    let execution = state.live.get(&number)?;
    let limit = plan.node(execution.node).concurrency.as_ref()?;
    of(limit, &scope(plan, state, (now, execution.scope))).ok()
}

fn of(limit: &Limit, scope: &InstanceScope<'_>) -> Result<Limited, EvalError> {
    let key = limit.key.eval(scope)?;
    Ok(Limited { key: plain(&key), limit: limit.limit, at_limit: limit.at_limit })
}

fn scope<'a>(plan: &'a Plan, state: &'a InstanceState, (now, scope): (i64, u32)) -> InstanceScope<'a> {
    InstanceScope { plan, state, now, scope, names: &[], written: &[], output: None, error: None }
}
