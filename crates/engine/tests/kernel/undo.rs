//! Undoing: last first, once each, with what a node wrote; and what happens when undoing fails.

use super::harness::Run;
use heddle_engine::kernel::{Command, CommandError, Dispatch, Phase};
use heddle_engine::tasks::ErrorClass;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;

const SAGA: &str = "
name: saga
settings: { on_failure: compensate }
nodes:
  - { id: start, type: start }
  - { id: book, type: echo, output: { room: '${output}' }, compensate: { type: echo, config: { cancel: '${room}', gave: '${output}' } } }
  - { id: pay, type: echo, compensate: refund }
  - { id: note, type: echo }
  - { id: ship, type: echo }
  - { id: refund, type: echo }
  - { id: done, type: end }
edges:
  - { from: start, to: book }
  - { from: book, to: pay }
  - { from: pay, to: note }
  - { from: note, to: ship }
  - { from: ship, to: done }
";

fn to_ship(yaml: &str) -> Run {
    let mut run = Run::start(yaml, json!({}));
    run.finish("book", json!(7));
    run.finish("pay", json!(8));
    run.finish("note", json!(9));
    run
}

#[test]
fn a_failure_undoes_what_was_done_the_last_first_then_the_instance_is_failed() {
    let mut run = to_ship(SAGA);
    run.fail("ship", ErrorClass::Business, "NO");
    assert_eq!((run.state.status, run.state.phase), (InstanceStatus::Running, Phase::Compensating));
    assert_eq!(run.live(), ["refund"], "what was paid last goes back first");
    run.finish("refund", json!(null));
    assert_eq!(run.status("pay"), NodeStatus::Compensated);
    assert_eq!(run.live(), ["book"]);
    let undo = run.effects.dispatches.last().unwrap();
    assert_eq!(*undo.input.0, json!({ "cancel": 7, "gave": 7 }));
    let key = |dispatch: &Dispatch| dispatch.key(run.state.id);
    assert_ne!(key(undo), key(&run.effects.dispatches[0]), "a receiver that knows the first key would do nothing");
    run.finish("book", json!(null));
    assert_eq!((run.state.status, run.state.phase), (InstanceStatus::Failed, Phase::Forward));
    assert_eq!(run.state.error.as_ref().unwrap().code, "NO");
    assert_eq!(
        (run.status("book"), run.status("note"), run.status("ship")),
        (NodeStatus::Compensated, NodeStatus::Completed, NodeStatus::Failed)
    );
}

#[test]
fn an_undoing_that_fails_waits_for_a_person() {
    let mut run = to_ship(SAGA);
    run.fail("ship", ErrorClass::Business, "NO");
    run.fail("refund", ErrorClass::System, "IO");
    assert_eq!(run.incidents(), ["compensation"]);
    run.step(Command::Retry { node: None, variables: Default::default() }).unwrap();
    run.fail("refund", ErrorClass::System, "IO");
    run.step(Command::Skip { node: "refund".into(), output: json!(null) }).unwrap();
    run.finish("book", json!(null));
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert!(run.state.incidents.is_empty());
}

#[test]
fn on_demand_a_completed_instance_is_undone_too() {
    for terminate in [false, true] {
        let mut run = to_ship(SAGA);
        run.finish("ship", json!(1));
        assert_eq!(run.state.status, InstanceStatus::Completed);
        run.step(Command::Compensate { terminate }).unwrap();
        run.finish("refund", json!(null));
        run.finish("book", json!(null));
        let expected = if terminate { InstanceStatus::Terminated } else { InstanceStatus::Failed };
        assert_eq!(run.state.status, expected);
        assert!(matches!(
            run.step(Command::Compensate { terminate }),
            Err(CommandError::Illegal(_) | CommandError::Nothing(_))
        ));
    }
}

#[test]
fn nothing_to_undo_is_refused() {
    let mut run = Run::start(SAGA, json!({}));
    assert!(matches!(run.step(Command::Compensate { terminate: false }), Err(CommandError::Nothing(_))));
}

const NESTED: &str = "
name: nested
nodes:
  - { id: start, type: start }
  - id: each
    type: foreach
    config: { items: '${[1, 2]}', mode: sequential }
    body: { nodes: [{ id: take, type: echo, compensate: { type: echo, config: { item: '${item}' } } }], edges: [] }
  - id: g
    type: group
    body:
      nodes:
        - { id: s, type: start }
        - { id: inner, type: echo, compensate: { type: echo } }
        - { id: choose, type: decision }
        - { id: back, type: end, config: { kind: cancel } }
        - { id: fine, type: end }
      edges:
        - { from: s, to: inner }
        - { from: inner, to: choose }
        - { from: choose, to: back, condition: '${cancel}' }
        - { from: choose, to: fine, default: true }
  - { id: cancelled, type: boundary, attached_to: g, config: { error: { codes: [CANCELLED] } } }
  - { id: other, type: echo }
  - { id: undo, type: end, config: { kind: compensate } }
edges:
  - { from: start, to: each }
  - { from: each, to: g }
  - { from: g, to: undo }
  - { from: cancelled, to: other }
";

#[test]
fn the_records_of_ended_scopes_are_undone_by_the_scope_around_once_per_item() {
    let mut run = Run::start(NESTED, json!({ "cancel": false }));
    for node in ["take", "take", "inner"] {
        run.finish(node, json!(null));
    }
    assert_eq!(run.live(), ["undo", "inner"]);
    run.finish("inner", json!(null));
    for item in [2, 1] {
        assert_eq!(*run.effects.dispatches.last().unwrap().input.0, json!({ "item": item }), "the last item first");
        run.finish("take", json!(null));
    }
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn a_cancelled_transaction_undoes_its_own_scope_only() {
    let mut run = Run::start(NESTED, json!({ "cancel": true }));
    for node in ["take", "take", "inner"] {
        run.finish(node, json!(null));
    }
    assert_eq!(run.live(), ["g", "back", "inner"]);
    run.finish("inner", json!(null));
    assert_eq!(run.live(), ["other"]);
    run.finish("other", json!(null));
    assert_eq!(run.state.status, InstanceStatus::Completed);
}
