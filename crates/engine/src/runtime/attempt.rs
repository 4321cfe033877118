//! One attempt of a built-in task: within its time, its panics caught, its result sent to the lane.

use super::desk::Permit;
use super::message::{Key, Message};
use crate::kernel::Dispatch;
use crate::scheduler::Wanted;
use crate::tasks::{ErrorClass, Task, TaskError, TaskOutput, TaskType};
use futures::FutureExt;
use heddle_model::ids::WorkflowId;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// An attempt that is ready to run.
pub(super) struct Ready {
    pub(super) key: Key,
    pub(super) workflow: WorkflowId,
    pub(super) node: Arc<str>,
    pub(super) dispatch: Dispatch,
    pub(super) cancelled: CancellationToken,
    /// Of its concurrency key, once it has one.
    pub(super) permit: Option<Permit>,
    /// Where the result goes.
    pub(super) lane: UnboundedSender<Message>,
}

impl Wanted for Ready {
    fn is_wanted(&self) -> bool {
        !self.cancelled.is_cancelled()
    }
}

/// Runs it, and tells its lane how it ended; where nobody wants that any more, it only stops.
pub(super) async fn run(task: &dyn TaskType, attempt: Ready) {
    let Ready { key, node, dispatch, cancelled, permit, lane, .. } = attempt;
    let limit = dispatch.timeout.map_or_else(|| task.default_timeout(), Duration::from_millis);
    let work = Task {
        workspace: key.workspace,
        instance: key.instance,
        key: dispatch.key(key.instance),
        node,
        attempt: dispatch.attempt,
        input: dispatch.input.0.clone(),
        cancelled: cancelled.clone(),
    };
    let execution = AssertUnwindSafe(task.execute(work)).catch_unwind();
    let result = tokio::select! {
        biased;
        ended = tokio::time::timeout(limit, execution) => match ended {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(panicked(&*panic)),
            Err(_) => Err(TaskError::new(ErrorClass::Timeout, "TIMEOUT", format!("the task ran longer than {} ms", limit.as_millis()))),
        },
        () = cancelled.cancelled() => return,
    };
    let result = result.and_then(within_limits);
    // Before the result is known: the next attempt must not find this one in its way.
    drop(permit);
    let ended = Message::TaskEnded { key, number: dispatch.number, attempt: dispatch.attempt, result };
    // A lane that is gone has stopped for good; the attempt counts as lost at the next start.
    drop(lane.send(ended));
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> TaskError {
    let what = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    TaskError::new(ErrorClass::System, "PANIC", format!("the task panicked: {what}"))
}

fn within_limits(output: TaskOutput) -> Result<TaskOutput, TaskError> {
    let limit = heddle_model::limits::PAYLOAD_BYTES;
    if super::unit::is_larger_than(&output.output, limit) {
        let message = format!("the output is larger than {limit} bytes");
        return Err(TaskError::new(ErrorClass::Business, "OUTPUT_TOO_LARGE", message).permanent());
    }
    Ok(output)
}
