//! Running again: from a node, from the start, on another version, with other variables; and after everything was undone.

use super::harness::Run;
use heddle_engine::kernel::{Command, CommandError, Phase};
use heddle_engine::tasks::ErrorClass;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::{Map, json};

const FLOW: &str = "
name: flow
settings: { on_failure: compensate }
nodes:
  - { id: start, type: start }
  - { id: a, type: echo, compensate: { type: echo } }
  - { id: g, type: group, body: { nodes: [{ id: s, type: start }, { id: x, type: echo, config: { v: '${v}' } }, { id: y, type: echo }], edges: [{ from: s, to: x }, { from: x, to: y }] } }
  - { id: last, type: echo }
  - { id: done, type: end }
edges:
  - { from: start, to: a }
  - { from: a, to: g }
  - { from: g, to: last }
  - { from: last, to: done }
";

fn plain() -> String {
    FLOW.replace("settings: { on_failure: compensate }\n", "")
}

fn to_last(yaml: &str) -> Run {
    let mut run = Run::start(yaml, json!({ "v": 1 }));
    ["a", "x", "y"].into_iter().for_each(|node| run.finish(node, json!(node)));
    run
}

fn nothing(result: Result<(), CommandError>) {
    assert!(matches!(result, Err(CommandError::Nothing(_))), "{result:?}");
}

#[test]
fn from_a_node_is_back_to_just_before_it_fired_with_other_variables() {
    let mut run = to_last(&plain());
    run.fail("last", ErrorClass::Business, "NO");
    run.rerun(Some("x"), None, json!({ "v": 2 })).unwrap();
    assert_eq!((run.state.status, run.live()), (InstanceStatus::Running, vec!["g", "x"]));
    let again = run.effects.dispatches.last().unwrap();
    assert_eq!((&*again.input.0, again.iteration, again.attempt), (&json!({ "v": 2 }), 1, 1));
    assert_eq!(
        (run.status("a"), run.status("y"), run.status("last")),
        (NodeStatus::Completed, NodeStatus::Pending, NodeStatus::Pending)
    );
    assert_eq!(run.state.root.done.len(), 1, "what was done before it stays as it was");
    ["x", "y", "last"].into_iter().for_each(|node| run.finish(node, json!(node)));
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn from_a_node_that_waits_no_more_and_from_one_of_its_instances() {
    let mut run = to_last(&plain());
    let y = run.state.nodes[&run.plan.find("y").unwrap()].number.unwrap();
    run.rerun(Some(&run.state.id.node_instance(y).to_string()), None, json!({})).unwrap();
    assert_eq!(run.live(), ["g", "y"]);
    let anew = *run.state.live.keys().last().unwrap();
    run.finish("y", json!(1));
    run.rerun(Some(&run.state.id.node_instance(anew).to_string()), None, json!({})).unwrap();
    assert_eq!(run.live(), ["g", "y"], "what is made anew fired when what it replaces did");
}

#[test]
fn from_the_start_everything_is_undone_first() {
    let mut run = to_last(&plain());
    run.rerun(Some("start"), None, json!({ "v": 3 })).unwrap();
    assert_eq!((run.state.phase, run.live()), (Phase::Compensating, vec!["a"]));
    run.finish("a", json!(null));
    assert_eq!((run.state.phase, run.live(), run.variable("v")), (Phase::Forward, vec!["a"], json!(3)));
    assert!(run.state.root.done.is_empty());
    ["a", "x", "y", "last"].into_iter().for_each(|node| run.finish(node, json!(node)));
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn after_everything_was_undone_only_the_start_or_a_rollback_lead_on() {
    let undone = || {
        let mut run = to_last(FLOW);
        run.fail("last", ErrorClass::Business, "NO");
        run.finish("a", json!(null));
        assert_eq!((run.state.status, run.status("a")), (InstanceStatus::Failed, NodeStatus::Compensated));
        run
    };
    let mut run = undone();
    nothing(run.step(Command::Retry { node: None, variables: Map::new() }));
    nothing(run.rerun(None, None, json!({})));
    nothing(run.rerun(Some("x"), None, json!({})));
    run.rerun(Some("start"), None, json!({})).unwrap();
    assert_eq!((run.state.phase, run.live()), (Phase::Forward, vec!["a"]), "nothing is undone twice");
    let mut run = undone();
    let to = run.steps()[2];
    run.roll_back(to, &[]).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Running);
}

#[test]
fn what_cannot_run_again_is_refused() {
    let mut run = to_last(&plain());
    nothing(run.rerun(None, None, json!({})));
    nothing(run.rerun(Some("done"), None, json!({})));
    assert!(matches!(run.rerun(Some("nobody"), None, json!({})), Err(CommandError::NoSuchNode(_))));
    run.finish("last", json!(1));
    assert!(
        matches!(run.rerun(Some("a"), None, json!({})), Err(CommandError::Illegal(_))),
        "COMPLETED goes back by rollback"
    );
    let mut run = to_last(&plain());
    run.step(Command::Terminate { reason: String::new() }).unwrap();
    assert!(matches!(run.rerun(Some("a"), None, json!({})), Err(CommandError::Illegal(_))));
}

#[test]
fn on_another_version_first() {
    let next = plain().replace("{ id: last, type: echo }", "{ id: last, type: echo, config: { mended: true } }");
    let mut run = to_last(&plain());
    run.fail("last", ErrorClass::Business, "NO");
    let version = run.to_version(&next, &[]);
    run.rerun(None, Some(version.clone()), json!({})).unwrap();
    assert_eq!((run.state.version_number, run.live()), (2, vec!["last"]));
    let again = run.effects.dispatches.last().unwrap();
    assert_eq!((&*again.input.0, again.iteration, again.attempt), (&json!({ "mended": true }), 0, 2), "the same key");
    let mut run = to_last(&plain());
    run.fail("last", ErrorClass::Business, "NO");
    run.rerun(Some("x"), Some(version), json!({})).unwrap();
    assert_eq!((run.state.version_number, run.live()), (2, vec!["g", "x"]));
    ["x", "y"].into_iter().for_each(|node| run.finish(node, json!(node)));
    assert_eq!(*run.effects.dispatches.last().unwrap().input.0, json!({ "mended": true }));
    let gone = plain()
        .replace("id: last,", "id: other,")
        .replace("to: last }", "to: other }")
        .replace("from: last,", "from: other,");
    let mut run = to_last(&plain());
    run.fail("last", ErrorClass::Business, "NO");
    nothing(run.rerun(Some("x"), Some(run.to_version(&gone, &[])), json!({})));
}
