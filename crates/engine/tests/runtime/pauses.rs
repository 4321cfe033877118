//! Pauses wider than an instance: what is ready stays queued, jobs stay where they are, and a restart changes nothing of it.

use super::support::{WORKSPACE, engine, start, storage};
use heddle_engine::runtime::{Engine, JobWish};
use heddle_engine::scheduler::Blocked;
use heddle_engine::storage::{Pause, PauseScope};
use heddle_model::ids::{InstanceId, WorkflowId};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::json;
use std::time::Duration;

const STEP_AND_JOB: &str = "
name: both
nodes:
  - { id: start, type: start }
  - { id: one, type: echo, config: { value: 1 } }
  - { id: two, type: task, action: pack }
  - { id: done, type: end }
edges:
  - { from: start, to: one }
  - { from: start, to: two }
  - { from: one, to: done }
  - { from: two, to: done }
";

fn scopes() -> [PauseScope; 3] {
    let workflow = PauseScope::Workflow(WORKSPACE, WorkflowId::from_u128(9));
    [PauseScope::Engine, PauseScope::TaskType("echo".to_owned()), workflow]
}

fn pause(scope: &PauseScope) -> Pause {
    Pause { scope: scope.clone(), since: 1, by: "usr_test".to_owned(), reason: "release".to_owned() }
}

async fn jobs(engine: &Engine, wait_ms: u64) -> usize {
    let wish = JobWish {
        types: vec!["pack".into()],
        worker: "w".into(),
        max: 10,
        lease_ms: 30_000,
        wait: Duration::from_millis(wait_ms),
    };
    engine.activate_jobs(WORKSPACE, wish).await.unwrap().len()
}

async fn step_has_run(engine: &Engine, instance: InstanceId) -> bool {
    let loaded = engine.load(WORKSPACE, instance).await.unwrap().unwrap();
    let node = loaded.plan.find("one").unwrap();
    loaded.state.node_status(node) == heddle_model::lifecycle::NodeStatus::Completed
}

#[tokio::test]
async fn what_is_ready_stays_queued_until_the_pause_is_lifted() {
    for scope in scopes() {
        let storage = storage(STEP_AND_JOB);
        let engine = engine(&storage).await;
        storage.memory.pause(pause(&scope));
        engine.refresh_pauses().await.unwrap();
        let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
        let loaded = engine.load(WORKSPACE, started.instance).await.unwrap().unwrap();
        assert_eq!(loaded.state.status, InstanceStatus::Running, "a wider pause leaves the status");
        assert_eq!(engine.pauses_over(&loaded.state, &loaded.plan), [pause(&scope)]);
        let number = *loaded.state.live.keys().next().unwrap();
        let queued = engine.why_queued(started.instance, number).await.expect("it is queued");
        let word = match scope {
            PauseScope::Engine => Blocked::Engine,
            PauseScope::TaskType(_) => Blocked::Type,
            PauseScope::Workflow(_, workflow) => Blocked::Workflow(workflow),
        };
        assert_eq!(queued.blocked, [word]);
        let holds_jobs = !matches!(scope, PauseScope::TaskType(_));
        assert_eq!(jobs(&engine, 0).await, usize::from(!holds_jobs), "{scope:?}");
        storage.memory.lift(&scope);
        engine.refresh_pauses().await.unwrap();
        if holds_jobs {
            assert_eq!(jobs(&engine, 10_000).await, 1);
        }
        the_step_runs(&engine, started.instance).await;
        assert!(engine.pauses_over(&loaded.state, &loaded.plan).is_empty());
        engine.shutdown().await;
    }
}

#[tokio::test]
async fn a_pause_outlives_the_server() {
    for scope in scopes() {
        let storage = storage(STEP_AND_JOB);
        let old = engine(&storage).await;
        storage.memory.pause(pause(&scope));
        old.refresh_pauses().await.unwrap();
        let started = old.start_instances(vec![start(&old, json!({}), 0)]).await.remove(0).unwrap();
        old.shutdown().await;
        let new = engine(&storage).await;
        assert_eq!(new.pauses(), [pause(&scope)]);
        // The lost attempt is begun again, and queued again.
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while new.why_queued(started.instance, 2).await.is_none() && new.why_queued(started.instance, 1).await.is_none()
        {
            assert!(tokio::time::Instant::now() < deadline, "it was not queued again");
            tokio::task::yield_now().await;
        }
        assert!(!step_has_run(&new, started.instance).await);
        storage.memory.lift(&scope);
        new.refresh_pauses().await.unwrap();
        the_step_runs(&new, started.instance).await;
        new.shutdown().await;
    }
}

#[tokio::test]
async fn jobs_that_were_offered_before_are_held_too_but_those_of_a_paused_instance_stay_held_after() {
    let storage = storage(STEP_AND_JOB);
    let engine = engine(&storage).await;
    let starts = (0..2).map(|_| start(&engine, json!({}), 0)).collect();
    let started: Vec<_> = engine.start_instances(starts).await.into_iter().map(|it| it.unwrap().instance).collect();
    let scope = PauseScope::Workflow(WORKSPACE, WorkflowId::from_u128(9));
    storage.memory.pause(pause(&scope));
    engine.refresh_pauses().await.unwrap();
    assert_eq!(jobs(&engine, 0).await, 0);
    let command = heddle_engine::kernel::Command::Pause { freeze: false };
    engine.command(WORKSPACE, started[0], super::support::wish(command)).await.unwrap();
    let resume = super::support::wish(heddle_engine::kernel::Command::Resume);
    engine.command(WORKSPACE, started[0], resume.clone()).await.unwrap();
    assert_eq!(jobs(&engine, 0).await, 0, "the instance goes on, its workflow does not");
    let command = heddle_engine::kernel::Command::Pause { freeze: false };
    engine.command(WORKSPACE, started[0], super::support::wish(command)).await.unwrap();
    storage.memory.lift(&scope);
    engine.refresh_pauses().await.unwrap();
    assert_eq!(jobs(&engine, 10_000).await, 1, "only that of the instance which is not paused itself");
    engine.command(WORKSPACE, started[0], resume).await.unwrap();
    assert_eq!(jobs(&engine, 10_000).await, 1);
    engine.shutdown().await;
}

/// Waits until the step has run.
async fn the_step_runs(engine: &Engine, instance: InstanceId) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !step_has_run(engine, instance).await {
        assert!(tokio::time::Instant::now() < deadline, "the step did not run");
        tokio::task::yield_now().await;
    }
}
