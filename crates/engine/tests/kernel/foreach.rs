//! For-each: limits, failures, and what an item sees. The patterns (tests/patterns) have the rest.

use super::harness::Run;
use heddle_engine::kernel::Command;
use heddle_engine::tasks::ErrorClass;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;

fn each(config: &str, more: &str) -> String {
    format!(
        "
name: each
nodes:
  - {{ id: start, type: start }}
  - id: many
    type: foreach
    config: {{ items: '${{list}}', {config} }}
    output: {{ results: '${{output}}' }}
{more}
    body:
      nodes:
        - {{ id: work, type: echo, config: {{ item: '${{item}}', place: '${{index}}' }}, output: {{ mine: '${{output}}' }} }}
        - {{ id: then, type: set, config: {{ kept: '${{mine}}' }} }}
      edges:
        - {{ from: work, to: then }}
  - {{ id: done, type: end }}
edges:
  - {{ from: start, to: many }}
  - {{ from: many, to: done }}
"
    )
}

fn working(run: &Run) -> usize {
    run.live().iter().filter(|node| **node == "work").count()
}

#[test]
fn at_most_so_many_at_a_time_and_results_in_the_order_of_the_items() {
    let mut run = Run::start(&each("max_parallel: 2, collect: '${kept}'", ""), json!({ "list": ["a", "b", "c", "d"] }));
    assert_eq!(working(&run), 2);
    // The second item ends first.
    let second = run
        .state
        .live
        .iter()
        .filter(|(_, it)| &*run.plan.node(it.node).id == "work")
        .nth(1)
        .map(|(&n, it)| (n, it.attempt));
    let (number, attempt) = second.unwrap();
    let result = Ok(heddle_engine::tasks::TaskOutput::value(json!("B")));
    run.step(Command::TaskEnded { number, attempt, result }).unwrap();
    for answer in ["A", "C", "D"] {
        assert_eq!(working(&run), 2.min(4 - run.completions().get("work").copied().unwrap_or(0)));
        run.finish("work", json!(answer));
    }
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.variable("results"), json!(["A", "B", "C", "D"]));
    assert_eq!(run.variable("kept"), json!(null), "what an item writes stays in it");
    let inputs: Vec<_> = run.effects.dispatches.iter().map(|it| (*it.input.0).clone()).collect();
    assert_eq!(inputs[3], json!({ "item": "d", "place": 3 }));
}

#[test]
fn one_after_the_other() {
    let mut run = Run::start(&each("mode: sequential", ""), json!({ "list": [1, 2, 3] }));
    for _ in 0..3 {
        assert_eq!(working(&run), 1);
        run.finish("work", json!(null));
    }
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn failed_items_are_counted_and_too_many_fail_the_node() {
    let config = "on_failure: continue, max_failures: '50%', collect: '${kept}'";
    let mut run = Run::start(&each(config, ""), json!({ "list": [1, 2, 3, 4] }));
    run.fail("work", ErrorClass::Business, "NO");
    run.finish("work", json!("ok"));
    run.fail("work", ErrorClass::Business, "NO");
    run.finish("work", json!("ok"));
    assert_eq!(run.state.status, InstanceStatus::Completed, "half may fail");
    assert_eq!(run.variable("results"), json!([null, "ok", null, "ok"]));
    let mut run = Run::start(&each(&config.replace("50%", "1"), ""), json!({ "list": [1, 2, 3, 4] }));
    run.fail("work", ErrorClass::Business, "NO");
    run.fail("work", ErrorClass::Business, "NO");
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.state.error.as_ref().unwrap().code, "TOO_MANY_FAILURES");
}

#[test]
fn only_what_did_not_end_well_runs_again() {
    let config = "on_failure: continue, max_failures: 0, collect: '${kept}'";
    let mut run = Run::start(&each(config, "    on_error: incident"), json!({ "list": [1, 2, 3] }));
    run.finish("work", json!("first"));
    run.fail("work", ErrorClass::Business, "NO");
    assert_eq!(run.incidents(), ["error"]);
    assert_eq!(run.live(), ["many"], "the third is withdrawn");
    run.step(Command::Retry { node: None, variables: Default::default() }).unwrap();
    assert_eq!(working(&run), 2);
    run.finish("work", json!("second"));
    run.finish("work", json!("third"));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.variable("results"), json!(["first", "second", "third"]));
    assert_eq!(run.completions()["work"], 3);
}

#[test]
fn a_failed_item_fails_the_node_unless_it_is_told_to_go_on() {
    let mut run = Run::start(&each("max_parallel: 2", ""), json!({ "list": [1, 2, 3] }));
    run.fail("work", ErrorClass::Business, "NO");
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.status("many"), NodeStatus::Cancelled);
    run.step(Command::Retry { node: None, variables: Default::default() }).unwrap();
    assert_eq!(working(&run), 2, "the failed item and the one beside it go on");
    for _ in 0..3 {
        run.finish("work", json!(null));
    }
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn what_is_no_list_is_an_error() {
    let run = Run::start(&each("as: item", ""), json!({ "list": 5 }));
    assert_eq!(run.state.error.as_ref().unwrap().code, "BAD_ITEMS");
}

#[test]
fn the_state_does_not_grow_with_finished_items() {
    let list: Vec<u32> = (0..200).collect();
    let mut run = Run::start(&each("mode: sequential", ""), json!({ "list": list }));
    let mut sizes = Vec::new();
    for _ in 0..60 {
        run.finish("work", json!(null));
        sizes.push(run.state.scopes.len() + run.state.nodes.len() + run.state.live.len());
    }
    assert_eq!(sizes[5], sizes[59]);
}

#[test]
fn a_long_list_of_pure_items_takes_several_steps() {
    let yaml = "
name: long
nodes:
  - { id: start, type: start }
  - { id: many, type: foreach, config: { count: 1050 }, body: { nodes: [{ id: quick, type: set, config: { x: '${index}' } }], edges: [] } }
  - { id: done, type: end }
edges:
  - { from: start, to: many }
  - { from: many, to: done }
";
    let mut run = Run::start(yaml, json!({}));
    assert_eq!(run.completions()["quick"], 1_000, "one step starts so many");
    run.advance(0);
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.completions()["quick"], 1_050);
    let mut run = Run::start(yaml, json!({}));
    run.step(Command::Cancel { node: "many".into() }).unwrap();
    assert!(run.state.timers.is_empty());
}

#[test]
fn a_loop_that_never_waits_fails_and_a_retry_goes_on_with_it() {
    let yaml = "
name: endless
nodes:
  - { id: start, type: start }
  - { id: spin, type: set, config: { x: 1 }, loop: { while: '${true}' }, on_error: incident }
  - { id: done, type: end }
edges:
  - { from: start, to: spin }
  - { from: spin, to: done }
";
    let mut run = Run::start(yaml, json!({}));
    assert_eq!(run.incidents(), ["error"]);
    run.step(Command::Skip { node: "spin".into(), output: json!(null) }).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Completed);
}
