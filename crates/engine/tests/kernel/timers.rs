//! Waiting for time: delays, retries, job time-outs, the instance's own, and pauses around them.

use super::harness::Run;
use heddle_engine::kernel::Command;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;

const WAITS: &str = "
name: waits
nodes:
  - { id: start, type: start }
  - { id: nap, type: wait, config: { ms: 5000 } }
  - { id: done, type: end }
edges:
  - { from: start, to: nap }
  - { from: nap, to: done }
";

#[test]
fn a_delay_fires_at_its_time_and_not_before() {
    let mut run = Run::start(WAITS, json!({}));
    assert_eq!(run.status("nap"), NodeStatus::Running);
    let timer = *run.state.timers.keys().next().unwrap();
    run.now += 4_999;
    assert!(run.step(Command::TimerDue(timer)).is_err());
    run.advance(1);
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn a_timer_node_reads_its_duration_from_data() {
    let mut run = Run::start(
        "
name: timer
nodes:
  - { id: start, type: start }
  - { id: nap, type: timer, config: { duration: '${pause}' } }
  - { id: done, type: end }
edges:
  - { from: start, to: nap }
  - { from: nap, to: done }
",
        json!({ "pause": "2s" }),
    );
    run.advance(2_000);
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn a_frozen_pause_does_not_count_and_a_running_one_does() {
    for (freeze, left) in [(true, 4_000), (false, 0)] {
        let mut run = Run::start(WAITS, json!({}));
        run.advance(1_000);
        run.step(Command::Pause { freeze }).unwrap();
        assert_eq!(run.state.status, InstanceStatus::Paused);
        run.advance(60_000);
        assert_eq!(run.status("nap"), NodeStatus::Running, "nothing moves while paused");
        run.step(Command::Resume).unwrap();
        if freeze {
            run.advance(left - 1);
            assert_eq!(run.state.status, InstanceStatus::Running);
            run.advance(1);
        }
        assert_eq!(run.state.status, InstanceStatus::Completed, "freeze: {freeze}");
    }
}

#[test]
fn a_job_that_nobody_answers_times_out() {
    let yaml = "
name: job
nodes:
  - { id: start, type: start }
  - { id: work, type: task, action: pack, timeout: 30s }
  - { id: late, type: end }
  - { id: done, type: end }
edges:
  - { from: start, to: work }
  - { from: work, to: done }
  - { from: work, to: late, on: timeout }
";
    let mut run = Run::start(yaml, json!({}));
    run.advance(30_000);
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.status("done"), NodeStatus::Skipped);
    assert_eq!(run.effects.jobs.len(), 0, "the job is withdrawn");
    let mut run = Run::start(yaml, json!({}));
    run.finish("work", json!(1));
    assert!(run.state.timers.is_empty(), "an answered job leaves no timer");
    assert_eq!(run.status("late"), NodeStatus::Skipped);
}

#[test]
fn the_instance_timeout_fails_it() {
    let mut run = Run::start(&WAITS.replace("name: waits", "name: waits\nsettings: { timeout: 3s }"), json!({}));
    run.advance(10_000);
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.state.error.as_ref().unwrap().code, "TIMEOUT");
    assert_eq!(run.status("nap"), NodeStatus::Cancelled);
}
