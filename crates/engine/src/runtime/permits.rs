//! Permits of concurrency keys, as a lane keeps them: asked for and given back when a unit is durable, asked for anew at recovery.

use super::actor::Actor;
use super::desk::{self, Desk, Waiting};
use super::lane::Lane;
use super::message::{Key, Message};
use crate::kernel::{self, Active, Effects, Limited};
use crate::scheduler::Holder;
use crate::storage::Unit;
use heddle_model::definition::AtLimit;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::plan::NodeKind;
use std::sync::Arc;

/// What a durable unit means for permits: jobs that ended or are offered, an instance that is new or has ended.
pub(super) fn keep(desk: &Arc<Desk>, actor: &Actor, (effects, unit): (&Effects, &Unit)) {
    let state = &actor.state;
    let key = Key { workspace: state.workspace, instance: state.id };
    effects.jobs_gone.iter().for_each(|number| desk.release(Holder::Job(key.instance, *number)));
    for job in &effects.jobs {
        if let Some(limited) = &job.concurrency {
            desk.job(key, job.number, (job.action.clone(), job.priority), (limited, false));
        }
    }
    if actor.plan.concurrency.is_none() {
        return;
    }
    let is_known = desk.knows(Holder::Instance(key.instance));
    if state.status.is_ended() {
        desk.release(Holder::Instance(key.instance));
    } else if !is_known && state.status != InstanceStatus::Created {
        // It had ended, and goes on: it holds its permit again, though it be one more than the limit for a while.
        if let Ok(Some(limited)) = kernel::limited_instance(&actor.plan, state, state.updated_at) {
            desk.instance(key, state.priority, &limited, None);
        }
    } else if unit.created.is_some() && state.status == InstanceStatus::Created && state.timers.is_empty() {
        // The key was evaluated when it was created; what cannot be evaluated was refused then.
        if let Ok(Some(limited)) = kernel::limited_instance(&actor.plan, state, state.updated_at) {
            desk.instance(key, state.priority, &limited, Some(Waiting::Instance));
        }
    }
}

/// Whether a restart must look at this instance because it holds or awaits a permit: who acts by the verdict is
/// only in memory.
pub(super) fn must_ask_again(actor: &Actor) -> bool {
    let state = &actor.state;
    if state.status.is_ended() {
        return false;
    }
    let is_limited = |execution: &kernel::Execution| {
        execution.active == Active::Job && actor.plan.node(execution.node).concurrency.is_some()
    };
    actor.plan.concurrency.is_some() || state.live.values().any(is_limited)
}

impl Lane {
    /// Whether an instance whose time to start has come has its permit as well; where not, it is asked for.
    pub(super) fn may_begin_by(&self, key: Key, timer: u32, now: i64) -> bool {
        let Some(actor) = self.actors.get(&key.instance) else { return true };
        if actor.state.status != InstanceStatus::Created || self.shared.desk.has_begun(key.instance) {
            return true;
        }
        let Ok(Some(limited)) = kernel::limited_instance(&actor.plan, &actor.state, now) else { return true };
        self.shared.desk.instance(key, actor.state.priority, &limited, Some(Waiting::Timer(timer)));
        false
    }

    /// After a restart: the instance asks again for what it held or waited for.
    pub(super) fn ask_again(&self, key: Key, now: i64) {
        let Some(actor) = self.actors.get(&key.instance) else { return };
        let state = &actor.state;
        if !state.status.is_ended()
            && let Ok(Some(limited)) = kernel::limited_instance(&actor.plan, state, now)
        {
            // It has been let in: it waits for its turn, whatever the author said of one too many.
            let limited = Limited { at_limit: AtLimit::Queue, ..limited };
            let is_created = state.status == InstanceStatus::Created;
            if !is_created || state.timers.is_empty() {
                if is_created && self.shared.desk.has_begun(key.instance) {
                    // It was let in, and the commit in which it was to begin failed.
                    return self.shared.send(key.instance, Message::Begin { key });
                }
                let waiting = is_created.then_some(Waiting::Instance);
                self.shared.desk.instance(key, state.priority, &limited, waiting);
            }
        }
        let jobs = state.live.iter().filter(|(_, execution)| execution.active == Active::Job);
        let wishes: Vec<_> = jobs
            .filter_map(|(&number, execution)| {
                let limited = kernel::limited_execution(&actor.plan, state, number, now)?;
                let node = actor.plan.node(execution.node);
                let NodeKind::Task { action, .. } = &node.kind else { return None };
                Some((number, (action.clone(), node.priority.unwrap_or(state.priority)), limited))
            })
            .collect();
        if !wishes.is_empty() {
            self.shared.recovering.send_modify(|under_way| *under_way += 1);
            self.shared.machine.spawn(Box::pin(desk::ask_again(self.shared.clone(), key, wishes)));
        }
    }
}
