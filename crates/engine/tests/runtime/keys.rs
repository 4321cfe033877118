//! Concurrency keys of attempts, jobs and instances.

use super::support::{Faulty, WORKSPACE, engine, start, storage, wish};
use heddle_engine::kernel::{Command, InstanceState};
use heddle_engine::runtime::{Engine, EngineError, JobWish};
use heddle_engine::scheduler::Blocked;
use heddle_engine::storage::JobRow;
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::ids::InstanceId;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;
use std::sync::Arc;
use std::time::Duration;

/// One node between start and end.
fn one(node: &str, settings: &str) -> String {
    format!(
        "name: keyed\nsettings: {{ {settings} }}\nnodes:\n  - {{ id: start, type: start }}\n  - {{ id: one, {node} }}\n  - {{ id: done, type: end }}\n\
         edges:\n  - {{ from: start, to: one }}\n  - {{ from: one, to: done }}\n"
    )
}

fn task(at_limit: &str) -> String {
    one(
        &format!(
            "type: echo, config: {{ value: '${{how}}' }}, on_error: incident, concurrency: {{ key: '${{customer}}', limit: 1, at_limit: {at_limit} }}"
        ),
        "",
    )
}

fn job(at_limit: &str) -> String {
    one(
        &format!(
            "type: task, action: pack, on_error: incident, concurrency: {{ key: '${{customer}}', limit: 1, at_limit: {at_limit} }}"
        ),
        "",
    )
}

fn whole(at_limit: &str) -> String {
    one("type: task, action: pack", &format!("concurrency: {{ key: '${{customer}}', limit: 1, at_limit: {at_limit} }}"))
}

async fn begin(engine: &Engine, customer: &str, how: &str) -> InstanceId {
    let request = start(engine, json!({"customer": customer, "how": how}), 0);
    engine.start_instances(vec![request]).await.remove(0).unwrap().instance
}

async fn state(engine: &Engine, instance: InstanceId) -> Arc<InstanceState> {
    engine.load(WORKSPACE, instance).await.unwrap().unwrap().state
}

/// Waits until something is so.
async fn until(engine: &Engine, instance: InstanceId, is_so: impl Fn(&InstanceState) -> bool) -> Arc<InstanceState> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let state = state(engine, instance).await;
        if is_so(&state) {
            return state;
        }
        assert!(tokio::time::Instant::now() < deadline, "{:?} {:?}", state.status, state.live);
        tokio::task::yield_now().await;
    }
}

fn status(state: &InstanceState, wanted: InstanceStatus) -> bool {
    state.status == wanted
}

async fn jobs(engine: &Engine, wait_ms: u64) -> Vec<JobRow> {
    let wait = Duration::from_millis(wait_ms);
    let wish = JobWish { types: vec!["pack".into()], worker: "w".into(), max: 10, lease_ms: 30_000, wait };
    engine.activate_jobs(WORKSPACE, wish).await.unwrap()
}

/// The number of the node's execution.
fn number(state: &InstanceState) -> u32 {
    *state.live.keys().next().unwrap()
}

/// What the node failed with, once it has.
async fn failure(engine: &Engine, instance: InstanceId) -> String {
    let state = until(engine, instance, |state| !state.incidents.is_empty()).await;
    state.incidents.values().next().unwrap().code.clone()
}

async fn cancel(engine: &Engine, instance: InstanceId) {
    engine.command(WORKSPACE, instance, wish(Command::Terminate { reason: String::new() })).await.unwrap();
}

#[tokio::test]
async fn an_attempt_waits_for_its_key_and_says_so() {
    let storage = storage(&task("queue"));
    let engine = engine(&storage).await;
    let first = begin(&engine, "a", "hang").await;
    let second = begin(&engine, "a", "ok").await;
    let third = begin(&engine, "a", "ok").await;
    let other = begin(&engine, "b", "ok").await;
    until(&engine, other, |state| status(state, InstanceStatus::Completed)).await;
    let waits = state(&engine, second).await;
    let queued = engine.why_queued(second, number(&waits)).await.expect("it waits");
    let [Blocked::Key(wait)] = &queued.blocked[..] else { panic!("{queued:?}") };
    assert_eq!((&*wait.key, wait.limit, wait.holders[0].instance(), wait.ahead), ("a", 1, first, 0));
    // One that nobody wants any more leaves the queue, and the next one takes its place.
    cancel(&engine, second).await;
    cancel(&engine, first).await;
    until(&engine, third, |state| status(state, InstanceStatus::Completed)).await;
    engine.shutdown().await;
}

#[tokio::test]
async fn never_more_attempts_than_the_limit_run_and_all_of_them_do() {
    let storage = storage(&task("queue"));
    let engine = engine(&storage).await;
    let starts = (0..40).map(|n| start(&engine, json!({"customer": format!("c{}", n % 3), "how": "ok"}), 20_000));
    for started in engine.start_instances(starts.collect()).await {
        assert_eq!(started.unwrap().state.status, InstanceStatus::Completed);
    }
    engine.shutdown().await;
}

#[tokio::test]
async fn an_attempt_too_many_is_refused_or_replaces_the_oldest() {
    let refusing = storage(&task("reject"));
    let engine = super::support::engine(&refusing).await;
    let first = begin(&engine, "a", "hang").await;
    let second = begin(&engine, "a", "ok").await;
    assert_eq!(failure(&engine, second).await, "CONCURRENCY_LIMIT");
    assert_eq!(state(&engine, first).await.status, InstanceStatus::Running);
    engine.shutdown().await;

    let replacing = storage(&task("replace"));
    let engine = super::support::engine(&replacing).await;
    let first = begin(&engine, "a", "hang").await;
    let second = begin(&engine, "a", "ok").await;
    until(&engine, second, |state| status(state, InstanceStatus::Completed)).await;
    assert_eq!(failure(&engine, first).await, "REPLACED");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_job_is_not_given_out_before_there_is_room() {
    let storage = storage(&job("queue"));
    let engine = engine(&storage).await;
    let first = begin(&engine, "a", "").await;
    let second = begin(&engine, "a", "").await;
    begin(&engine, "b", "").await;
    let mut given = jobs(&engine, 10_000).await;
    while given.len() < 2 {
        given.extend(jobs(&engine, 10_000).await);
    }
    assert!(given.iter().all(|job| job.instance != second), "{given:?}");
    assert!(matches!(
        &engine.why_queued(second, number(&*state(&engine, second).await)).await.unwrap().blocked[..],
        [Blocked::Key(_)]
    ));
    let job = given.iter().find(|job| job.instance == first).unwrap();
    engine.complete_job(WORKSPACE, job.id, job.token, json!(1)).await.unwrap();
    let given = jobs(&engine, 10_000).await;
    assert_eq!(given.iter().map(|job| job.instance).collect::<Vec<_>>(), [second]);
    // A failed job that is tried no more gives its permit back as well.
    let error = TaskError::new(ErrorClass::Business, "NO", "no").permanent();
    engine.fail_job(WORKSPACE, given[0].id, given[0].token, error).await.unwrap();
    let third = begin(&engine, "a", "").await;
    assert_eq!(jobs(&engine, 10_000).await[0].instance, third);
    engine.shutdown().await;
}

#[tokio::test]
async fn jobs_and_instances_wait_again_after_a_restart() {
    let storage = storage(&job("queue"));
    let old = engine(&storage).await;
    let first = begin(&old, "a", "").await;
    let second = begin(&old, "a", "").await;
    let given = jobs(&old, 10_000).await;
    assert_eq!(given.iter().map(|job| job.instance).collect::<Vec<_>>(), [first]);
    old.shutdown().await;
    let new = engine(&storage).await;
    recovered(&new, second).await;
    assert!(jobs(&new, 0).await.is_empty());
    new.complete_job(WORKSPACE, given[0].id, given[0].token, json!(1)).await.unwrap();
    assert_eq!(jobs(&new, 10_000).await.iter().map(|job| job.instance).collect::<Vec<_>>(), [second]);
    new.shutdown().await;
}

/// Waits until a job waits for its key again.
async fn recovered(engine: &Engine, instance: InstanceId) {
    let number = number(&*state(engine, instance).await);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while engine.why_queued(instance, number).await.is_none() {
        assert!(tokio::time::Instant::now() < deadline, "it does not wait again");
        tokio::task::yield_now().await;
    }
}

async fn finish(engine: &Engine, instance: InstanceId) {
    let command = Command::Complete { node: "one".into(), output: json!(null) };
    engine.command(WORKSPACE, instance, wish(command)).await.unwrap();
}

#[tokio::test]
async fn an_instance_stays_created_until_there_is_room_also_after_a_restart() {
    let storage = storage(&whole("queue"));
    let old = engine(&storage).await;
    let first = begin(&old, "a", "").await;
    until(&old, first, |state| status(state, InstanceStatus::Running)).await;
    let second = begin(&old, "a", "").await;
    let third = begin(&old, "a", "").await;
    assert_eq!(old.why_not_begun(third).await.unwrap().ahead, 1);
    assert_eq!(state(&old, second).await.status, InstanceStatus::Created);
    finish(&old, first).await;
    until(&old, second, |state| status(state, InstanceStatus::Running)).await;
    assert_eq!(state(&old, third).await.status, InstanceStatus::Created);
    old.shutdown().await;
    let new = engine(&storage).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while new.why_not_begun(third).await.is_none() {
        assert!(tokio::time::Instant::now() < deadline, "it does not wait again");
        tokio::task::yield_now().await;
    }
    cancel(&new, second).await;
    let state = until(&new, third, |state| status(state, InstanceStatus::Running)).await;
    assert_eq!(state.node_status(state.live.values().next().unwrap().node), NodeStatus::Running);
    new.shutdown().await;
}

#[tokio::test]
async fn an_instance_too_many_is_refused_or_replaces_the_oldest() {
    let refusing = storage(&whole("reject"));
    let engine = super::support::engine(&refusing).await;
    let first = begin(&engine, "a", "").await;
    let again = start(&engine, json!({"customer": "a", "how": ""}), 0);
    let refused = again.instance;
    let answer = engine.start_instances(vec![again]).await.remove(0);
    assert!(matches!(answer, Err(EngineError::AtLimit)), "{answer:?}");
    assert!(engine.load(WORKSPACE, refused).await.unwrap().is_none(), "nothing of it is stored");
    finish(&engine, first).await;
    begin(&engine, "a", "").await;
    engine.shutdown().await;

    let replacing: Faulty = storage(&whole("replace"));
    let engine = super::support::engine(&replacing).await;
    let first = begin(&engine, "a", "").await;
    let second = begin(&engine, "a", "").await;
    until(&engine, first, |state| status(state, InstanceStatus::Terminated)).await;
    assert_eq!(state(&engine, second).await.status, InstanceStatus::Running);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_start_in_the_future_asks_for_its_permit_when_its_time_has_come() {
    let storage = storage(&whole("queue"));
    let engine = engine(&storage).await;
    let first = begin(&engine, "a", "").await;
    let mut later = start(&engine, json!({"customer": "a", "how": ""}), 0);
    later.start_at = Some(engine.now_ms() + 50);
    let later = engine.start_instances(vec![later]).await.remove(0).unwrap().instance;
    assert!(engine.why_not_begun(later).await.is_none(), "its time has not come");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while engine.why_not_begun(later).await.is_none() {
        assert!(tokio::time::Instant::now() < deadline, "it never asked");
        tokio::task::yield_now().await;
    }
    finish(&engine, first).await;
    until(&engine, later, |state| status(state, InstanceStatus::Running)).await;
    engine.shutdown().await;
}
