//! What the tests of several task types need: an attempt, and its end.

#![allow(dead_code, clippy::unwrap_used)]

use heddle_engine::tasks::{ErrorClass, Task, TaskError, TaskType};
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::value::Value;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(crate) fn task(input: Value) -> Task {
    Task {
        workspace: WorkspaceId::from_u128(1),
        instance: InstanceId::from_u128(2),
        node: "步骤".into(),
        key: "wi_1/步骤/1".into(),
        attempt: 1,
        input: Arc::new(input),
        cancelled: CancellationToken::new(),
    }
}

pub(crate) async fn run(kind: &impl TaskType, input: Value) -> Result<Value, TaskError> {
    kind.execute(task(input)).await.map(|output| (*output.output).clone())
}

/// The code, class and whether it may be retried.
pub(crate) async fn failure(kind: &impl TaskType, input: Value) -> (String, ErrorClass, bool) {
    let error = run(kind, input).await.unwrap_err();
    (error.code, error.class, error.retryable)
}
