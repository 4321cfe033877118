//! Changing the marking by hand.

use super::harness::Run;
use heddle_engine::kernel::{Change, Command, CommandError};
use heddle_engine::tasks::ErrorClass;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::{Map, json};

const FLOW: &str = "
name: flow
nodes:
  - { id: start, type: start }
  - { id: a, type: echo }
  - { id: b, type: echo }
  - { id: m, type: echo }
  - id: g
    type: group
    body: { nodes: [{ id: x, type: echo }, { id: y, type: echo }], edges: [{ from: x, to: y }] }
  - { id: each, type: foreach, config: { count: 1 }, body: { nodes: [{ id: item, type: echo }], edges: [] } }
  - { id: shut, type: echo, guard: '${false}' }
  - { id: done, type: end, join: any }
edges:
  - { from: start, to: a }
  - { from: start, to: b }
  - { from: start, to: each, condition: '${false}' }
  - { from: start, to: shut, condition: '${false}' }
  - { from: a, to: m }
  - { from: b, to: m }
  - { from: m, to: g }
  - { from: g, to: done }
  - { from: each, to: done }
  - { from: shut, to: done }
";

fn modify(changes: &[Change]) -> Command {
    Command::Modify { changes: changes.to_vec(), variables: Map::new() }
}

fn start(node: &str) -> Change {
    Change::Start { node: node.into() }
}

fn cancel(node: &str) -> Change {
    Change::Cancel { node: node.into() }
}

#[test]
fn a_move_into_a_group_opens_it_and_the_join_hears_that_nothing_comes() {
    let mut run = Run::start(FLOW, json!({}));
    run.finish("b", json!(1));
    run.step(modify(&[Change::Move { from: "a".into(), to: "y".into() }])).unwrap();
    assert_eq!(run.status("a"), NodeStatus::Cancelled);
    let mut live = run.live();
    live.sort_unstable();
    assert_eq!(live, ["g", "m", "y"], "the join goes on with what it has");
    run.finish("y", json!(1));
    run.finish("m", json!(1));
    assert_eq!(run.live(), ["g", "x"]);
    run.finish("x", json!(1));
    run.finish("y", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn tokens_before_a_join_are_withdrawn_with_it() {
    let mut run = Run::start(FLOW, json!({}));
    run.finish("b", json!(1));
    run.step(modify(&[cancel("m"), start("b")])).unwrap();
    assert!(run.state.tokens(0).is_empty());
    run.finish("b", json!(1));
    run.finish("a", json!(1));
    assert_eq!(run.live(), ["m"]);
}

#[test]
fn a_failed_instance_goes_on_and_a_paused_one_begins_at_resume() {
    let mut run = Run::start(FLOW, json!({}));
    run.fail("a", ErrorClass::System, "IO");
    assert_eq!(run.state.status, InstanceStatus::Failed);
    run.step(modify(&[Change::Move { from: "a".into(), to: "g".into() }])).unwrap();
    let mut live = run.live();
    live.sort_unstable();
    assert_eq!(live, ["b", "g", "x"]);
    run.step(Command::Pause { freeze: true }).unwrap();
    let before = run.effects.dispatches.len();
    run.step(modify(&[start("m")])).unwrap();
    assert_eq!(run.effects.dispatches.len(), before, "nothing begins while it is paused");
    run.step(Command::Resume).unwrap();
    assert_eq!(run.effects.dispatches.len(), before + 1);
}

#[test]
fn what_cannot_be_is_refused_before_anything_happens() {
    let mut run = Run::start(FLOW, json!({}));
    for changes in [
        vec![cancel("a"), cancel("b")],
        vec![cancel("m")],
        vec![start("item")],
        vec![start("shut")],
        vec![cancel("a"), start("y"), cancel("g")],
        vec![],
    ] {
        let refused = run.step(modify(&changes));
        assert!(matches!(refused, Err(CommandError::Nothing(_))), "{changes:?}: {refused:?}");
    }
    assert!(matches!(run.step(modify(&[start("nobody")])), Err(CommandError::NoSuchNode(_))));
    run.step(Command::Terminate { reason: String::new() }).unwrap();
    assert!(matches!(run.step(modify(&[start("a")])), Err(CommandError::Illegal(_))));
}
