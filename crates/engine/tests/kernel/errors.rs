//! Failing: retry with back-off, error edges, policies.

use super::harness::Run;
use heddle_engine::tasks::ErrorClass;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;

fn one(extra: &str, edges: &str) -> String {
    format!(
        "
name: errors
nodes:
  - {{ id: start, type: start }}
  - {{ id: work, type: echo{extra} }}
  - {{ id: refund, type: echo }}
  - {{ id: done, type: end }}
edges:
  - {{ from: start, to: work }}
  - {{ from: work, to: done }}
  - {{ from: refund, to: done }}
{edges}"
    )
}

const CATCH: &str = "  - { from: work, to: refund, on: error, codes: [OUT_OF_STOCK] }\n";

#[test]
fn retries_back_off_and_then_the_instance_fails() {
    let mut run =
        Run::start(&one(", retry: { max_attempts: 3, base_delay: 1s, factor: 2, jitter: none }", CATCH), json!({}));
    for wait in [1_000, 2_000] {
        run.fail("work", ErrorClass::System, "IO");
        assert_eq!(run.status("work"), NodeStatus::Pending);
        let due = run.state.timers.values().next().unwrap().due;
        assert_eq!(due - run.now, wait);
        run.advance(wait);
        assert_eq!(run.status("work"), NodeStatus::Running);
    }
    run.fail("work", ErrorClass::System, "IO");
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.state.error.as_ref().unwrap().code, "IO");
    assert_eq!(run.effects.dispatches.last().unwrap().attempt, 3);
}

#[test]
fn jitter_stays_within_its_bounds() {
    for (jitter, least) in [("full", 0), ("equal", 5_000)] {
        for seed in 0..50 {
            let yaml = one(&format!(", retry: {{ max_attempts: 2, base_delay: 10s, jitter: {jitter} }}"), CATCH);
            let mut run = Run::start_plan(super::harness::plan(&yaml), json!({}), Default::default(), seed);
            run.fail("work", ErrorClass::Timeout, "SLOW");
            let wait = run.state.timers.values().next().unwrap().due - run.now;
            assert!((least..=10_000).contains(&wait), "{jitter}: {wait}");
        }
    }
}

#[test]
fn business_errors_are_not_retried_unless_asked() {
    let mut run = Run::start(&one(", retry: { max_attempts: 3, base_delay: 1s }", CATCH), json!({}));
    run.fail("work", ErrorClass::Business, "OUT_OF_STOCK");
    assert_eq!(run.live(), ["refund"]);
    assert_eq!(run.status("work"), NodeStatus::Failed);
    run.finish("refund", json!(null));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    let mut run = Run::start(
        &one(", retry: { max_attempts: 3, base_delay: 1s, on: [business], codes: [BUSY] }", CATCH),
        json!({}),
    );
    run.fail("work", ErrorClass::Business, "BUSY");
    assert_eq!(run.status("work"), NodeStatus::Pending);
}

#[test]
fn the_exact_code_catches_before_the_general_edge_and_the_handler_is_skipped_otherwise() {
    let both = format!("{CATCH}  - {{ from: work, to: done, on: error }}\n");
    let mut run = Run::start(&one("", &both), json!({}));
    run.fail("work", ErrorClass::Business, "OTHER");
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.status("refund"), NodeStatus::Skipped);
    let mut run = Run::start(&one("", &both), json!({}));
    run.finish("work", json!(null));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.status("refund"), NodeStatus::Skipped);
}

#[test]
fn an_uncaught_code_fails_the_instance_and_stops_the_siblings() {
    let mut run = Run::start(&one("", "  - { from: start, to: refund }\n"), json!({}));
    run.fail("work", ErrorClass::Business, "NO");
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.status("refund"), NodeStatus::Cancelled);
    assert_eq!(run.effects.cancelled, [2]);
}

#[test]
fn on_error_skip_goes_on_with_null() {
    let mut run =
        Run::start(&one(", on_error: skip", "  - { from: work, to: refund, on: error, codes: [NEVER] }\n"), json!({}));
    run.fail("work", ErrorClass::System, "IO");
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.status("work"), NodeStatus::Skipped);
}

#[test]
fn on_error_incident_waits_for_a_person() {
    let mut run = Run::start(&one(", on_error: incident", ""), json!({}));
    run.fail("work", ErrorClass::System, "IO");
    assert_eq!((run.state.status, run.incidents()), (InstanceStatus::Running, vec!["error"]));
    assert_eq!(run.status("work"), NodeStatus::Failed);
    assert_eq!(run.effects.incidents.len(), 1);
}

#[test]
fn a_broken_expression_is_an_error_that_names_itself() {
    let mut run = Run::start(&one(", config: { value: '${missing + 1}' }, on_error: incident", ""), json!({}));
    assert_eq!(run.incidents(), ["expression"]);
    let message = &run.state.incidents.values().next().unwrap().message;
    assert!(message.contains("missing"), "{message}");
    let patch = json!({ "missing": 1 }).as_object().unwrap().clone();
    run.step(heddle_engine::kernel::Command::Retry { node: None, variables: patch }).unwrap();
    assert_eq!(run.live(), ["work"]);
}

#[test]
fn an_error_end_fails_the_instance_with_its_code() {
    let run = Run::start(
        "
name: ends
nodes:
  - { id: start, type: start }
  - { id: bad, type: end, config: { kind: error, code: REFUSED } }
edges:
  - { from: start, to: bad }
",
        json!({}),
    );
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.state.error.as_ref().unwrap().code, "REFUSED");
}

#[test]
fn a_pure_task_that_fails_is_caught_like_any_other() {
    let run = Run::start(
        "
name: pure error
nodes:
  - { id: start, type: start }
  - { id: work, type: set, config: { fail: NOPE } }
  - { id: handle, type: set, config: { why: '${nodes.work.error.code}' } }
  - { id: done, type: end }
edges:
  - { from: start, to: work }
  - { from: work, to: done }
  - { from: work, to: handle, on: error }
  - { from: handle, to: done }
",
        json!({}),
    );
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.variable("why"), "NOPE");
}
