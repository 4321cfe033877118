//! A scheduler of numbers.

use heddle_engine::scheduler::{About, Limits, LineIx, Micros, Rate, Scheduler, Started, TypeLimits, Wanted};
use heddle_model::ids::{InstanceId, WorkflowId, WorkspaceId};

/// An attempt: its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Work(pub(crate) u64);

impl Wanted for Work {
    /// Numbers from a million on are cancelled.
    fn is_wanted(&self) -> bool {
        self.0 < 1_000_000
    }
}

pub(crate) type Queue = Scheduler<Work>;

pub(crate) fn queue(slots: usize) -> Queue {
    Scheduler::new(Limits { slots, ..Limits::default() })
}

pub(crate) fn limited(slots: usize, name: &str, of: TypeLimits) -> Queue {
    let types = [(name.to_owned(), of)].into();
    Scheduler::new(Limits { slots, types, ..Limits::default() })
}

pub(crate) fn rate(per_second: f64, burst: u32) -> Option<Rate> {
    Some(Rate { per_second, burst })
}

pub(crate) fn line(queue: &mut Queue, name: &str) -> LineIx {
    queue.line(name, || None)
}

pub(crate) fn workspace(n: u128) -> WorkspaceId {
    WorkspaceId::from_u128(n)
}

/// Of a workspace, with an instance of its own: nobody sinks by another's use but by the workflow's.
pub(crate) fn about(of: u128, priority: u8) -> About {
    About {
        workspace: workspace(of),
        workflow: WorkflowId::from_u128(of),
        instance: InstanceId::from_u128(of),
        priority,
    }
}

/// Starts whatever may start and ends it at once, up to so many; the numbers in the order of their starts.
pub(crate) fn serve(queue: &mut Queue, now: Micros, most: usize) -> Vec<u64> {
    let mut started = Vec::new();
    while started.len() < most {
        let Some(Started { ticket, what }) = queue.pop(now) else { break };
        queue.leave(now, ticket, 0);
        started.push(what.0);
    }
    started
}
