//! Groups, event sub-scopes and boundary events: what happens inside stays inside, and what leaves it leaves whole.

use super::harness::Run;
use heddle_engine::kernel::{Command, Event};
use heddle_engine::tasks::ErrorClass;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;

/// A group of two tasks one after the other, beside a task; `more` stands in the group, `nodes` and `edges` beside it.
fn group(more: &str, nodes: &str, edges: &str) -> String {
    format!(
        "
name: group
nodes:
  - {{ id: start, type: start }}
  - id: g
    type: group
{more}
    body:
      nodes:
        - {{ id: x, type: echo }}
        - {{ id: y, type: echo }}
      edges:
        - {{ from: x, to: y }}
  - {{ id: after, type: echo }}
{nodes}
  - {{ id: done, type: end }}
edges:
  - {{ from: start, to: g }}
  - {{ from: g, to: after }}
  - {{ from: after, to: done }}
{edges}
"
    )
}

#[test]
fn a_group_runs_its_body_and_goes_on_when_nothing_is_left_in_it() {
    let mut run = Run::start(&group("    output: { last: '${nodes.y.output}' }", "", ""), json!({}));
    assert_eq!(run.live(), ["g", "x"]);
    run.finish("x", json!(1));
    run.finish("y", json!(2));
    assert_eq!(run.live(), ["after"]);
    assert_eq!(run.variable("last"), 2);
    run.finish("after", json!(null));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.state.completed, 6);
}

#[test]
fn an_error_inside_is_caught_on_the_group_and_everything_in_it_is_withdrawn() {
    let nodes = "  - { id: repair, type: echo }";
    let edges = "  - { from: g, to: repair, on: error, codes: [BROKEN] }\n  - { from: repair, to: done }";
    let mut run = Run::start(&group("", nodes, edges), json!({}));
    run.fail("x", ErrorClass::Business, "BROKEN");
    assert_eq!(run.live(), ["repair"]);
    assert_eq!((run.status("g"), run.status("x")), (NodeStatus::Failed, NodeStatus::Failed));
    assert!(run.state.scopes.is_empty());
    assert_eq!(run.status("after"), NodeStatus::Skipped);
    let mut run = Run::start(&group("", nodes, edges), json!({}));
    run.fail("x", ErrorClass::Business, "OTHER");
    assert_eq!(run.state.status, InstanceStatus::Failed, "another code is not caught");
}

#[test]
fn a_failed_instance_keeps_what_stands_in_its_scopes_and_goes_on_there() {
    let mut run = Run::start(&group("", "", ""), json!({}));
    run.finish("x", json!(1));
    run.fail("y", ErrorClass::System, "IO");
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.state.scopes.len(), 1);
    run.step(Command::Retry { node: None, variables: Default::default() }).unwrap();
    assert_eq!(run.live(), ["y", "g"]);
    run.finish("y", json!(1));
    run.finish("after", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.completions()["x"], 1);
}

#[test]
fn a_group_can_be_tried_again_as_a_whole() {
    let more = "    retry: { max_attempts: 2, base_delay: 1s, jitter: none }";
    let mut run = Run::start(&group(more, "", ""), json!({}));
    run.finish("x", json!(1));
    run.fail("y", ErrorClass::System, "IO");
    assert_eq!(run.live(), ["g"]);
    assert_eq!(run.status("g"), NodeStatus::Pending);
    run.advance(1_000);
    assert_eq!(run.live(), ["g", "x"], "from its beginning");
    run.finish("x", json!(1));
    run.fail("y", ErrorClass::System, "IO");
    assert_eq!(run.state.status, InstanceStatus::Failed);
}

#[test]
fn a_group_has_a_timeout() {
    let edges = "  - { from: g, to: late, on: timeout }\n  - { from: late, to: done }";
    let yaml = group("    timeout: 1m", "  - { id: late, type: echo }", edges);
    let mut run = Run::start(&yaml, json!({}));
    run.advance(60_000);
    assert_eq!(run.live(), ["late"]);
    assert_eq!(run.status("x"), NodeStatus::Cancelled);
    let mut run = Run::start(&yaml, json!({}));
    run.finish("x", json!(1));
    run.finish("y", json!(1));
    assert!(run.state.timers.is_empty(), "it goes with its group");
}

#[test]
fn tokens_inside_do_not_hold_joins_outside_and_a_stuck_scope_says_so() {
    let yaml = "
name: stuck
nodes:
  - { id: start, type: start }
  - id: g
    type: group
    body:
      nodes:
        - { id: s, type: start }
        - { id: a, type: echo }
        - { id: b, type: echo }
        - { id: m, type: echo, join: all }
      edges:
        - { from: s, to: a }
        - { from: s, to: b, condition: '${false}' }
        - { from: a, to: m }
        - { from: b, to: m }
  - { id: done, type: end }
edges:
  - { from: start, to: g }
  - { from: g, to: done }
";
    let mut run = Run::start(yaml, json!({}));
    run.finish("a", json!(1));
    assert_eq!(run.incidents(), ["deadlock"]);
    assert!(run.state.incidents.values().next().unwrap().message.contains("`m` waits for b->m"));
    run.step(Command::Skip { node: "m".into(), output: json!(null) }).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn a_boundary_timer_that_does_not_interrupt_repeats_beside_its_host() {
    let nodes = "
  - { id: nudge, type: boundary, attached_to: g, interrupting: false, config: { timer: { cycle: R3/PT10S } } }
  - { id: mail, type: set, config: { mails: '${mails + 1}' } }
  - { id: off, type: end }";
    let edges = "  - { from: nudge, to: mail }\n  - { from: mail, to: off }";
    let mut run = Run::start(&group("", nodes, edges), json!({ "mails": 0 }));
    run.advance(25_000);
    assert_eq!(run.variable("mails"), 2);
    run.advance(60_000);
    assert_eq!(run.variable("mails"), 3, "three times and no more");
    assert_eq!(run.live(), ["g", "x"]);
    run.finish("x", json!(1));
    run.finish("y", json!(1));
    run.finish("after", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert!(run.state.timers.is_empty());
}

#[test]
fn a_message_edge_ends_its_node_and_a_condition_waits_for_data() {
    let nodes = "
  - { id: stopped, type: echo }
  - { id: full, type: boundary, attached_to: after, config: { condition: '${size(list) > 2}' } }
  - { id: empty, type: echo }";
    let edges = "
  - { from: g, to: stopped, on: message, name: stop }
  - { from: stopped, to: done }
  - { from: full, to: empty }
  - { from: empty, to: done }";
    let mut run = Run::start(&group("", nodes, edges), json!({ "list": [] }));
    run.step(Command::Message { name: "stop".into(), key: None, payload: json!(1), expires: None }).unwrap();
    assert_eq!(run.live(), ["stopped"]);
    assert_eq!((run.status("g"), run.status("after")), (NodeStatus::Cancelled, NodeStatus::Skipped));
    let mut run = Run::start(&group("", nodes, edges), json!({ "list": [] }));
    run.finish("x", json!(1));
    run.finish("y", json!(1));
    run.step(Command::SetVariables { patch: json!({ "list": [1] }).as_object().unwrap().clone() }).unwrap();
    assert_eq!(run.live(), ["after"]);
    run.step(Command::SetVariables { patch: json!({ "list": [1, 2, 3] }).as_object().unwrap().clone() }).unwrap();
    assert_eq!(run.live(), ["empty"]);
}

#[test]
fn messages_and_signals_that_come_while_paused_are_held() {
    let edges = "  - { from: g, to: stopped, on: signal, name: stop }\n  - { from: stopped, to: done }";
    let mut run = Run::start(&group("", "  - { id: stopped, type: echo }", edges), json!({}));
    run.step(Command::Pause { freeze: true }).unwrap();
    run.step(Command::Signal { name: "stop".into(), payload: json!(null) }).unwrap();
    assert_eq!(run.live(), ["g", "x"]);
    run.step(Command::Resume).unwrap();
    assert_eq!(run.live(), ["stopped"]);
}

const HANDLERS: &str = "
  - id: on-error
    type: group
    trigger: { error: { codes: [BAD] } }
    body: { nodes: [{ id: clean, type: echo, config: { what: '${event.code}' } }], edges: [] }
  - id: on-news
    type: group
    trigger: { message: { name: news }, interrupting: false }
    body: { nodes: [{ id: read, type: echo }], edges: [] }";

#[test]
fn an_event_sub_scope_takes_the_error_of_its_scope() {
    let mut run = Run::start(&group("", HANDLERS, ""), json!({}));
    run.fail("x", ErrorClass::Business, "BAD");
    assert_eq!(run.live(), ["on-error", "clean"]);
    assert_eq!(*run.effects.dispatches.last().unwrap().input.0, json!({ "what": "BAD" }));
    run.finish("clean", json!(null));
    assert_eq!(run.state.status, InstanceStatus::Completed, "its scope ends with it");
}

#[test]
fn an_event_sub_scope_that_does_not_interrupt_runs_beside_as_often_as_it_is_begun() {
    let mut run = Run::start(&group("", HANDLERS, ""), json!({}));
    for _ in 0..2 {
        run.step(Command::Message { name: "news".into(), key: None, payload: json!(1), expires: None }).unwrap();
    }
    assert_eq!(run.live().len(), 6, "{:?}", run.live());
    for node in ["read", "read", "x", "y", "after"] {
        run.finish(node, json!(null));
    }
    assert_eq!(run.state.status, InstanceStatus::Completed, "what only waits does not keep the scope open");
    assert!(run.state.subscriptions.is_empty());
}

#[test]
fn an_escalation_is_heard_outside_while_the_thrower_goes_on() {
    for (interrupting, live) in [(false, vec!["after", "boss"]), (true, vec!["boss"])] {
        let yaml = format!(
            "
name: escalate
nodes:
  - {{ id: start, type: start }}
  - id: g
    type: group
    body:
      nodes:
        - {{ id: s, type: start }}
        - {{ id: up, type: end, config: {{ kind: escalation, code: LATE }} }}
      edges:
        - {{ from: s, to: up }}
  - {{ id: heard, type: boundary, attached_to: g, interrupting: {interrupting}, config: {{ escalation: {{ code: LATE }} }} }}
  - {{ id: boss, type: echo }}
  - {{ id: after, type: echo }}
  - {{ id: done, type: end }}
edges:
  - {{ from: start, to: g }}
  - {{ from: g, to: after }}
  - {{ from: heard, to: boss }}
  - {{ from: boss, to: done }}
  - {{ from: after, to: done }}
"
        );
        let mut run = Run::start(&yaml, json!({}));
        let mut now = run.live();
        now.sort_unstable();
        assert_eq!(now, live, "interrupting: {interrupting}");
        live.iter().for_each(|node| run.finish(node, json!(null)));
        assert_eq!(run.state.status, InstanceStatus::Completed);
    }
}

#[test]
fn every_step_of_a_scope_has_its_row() {
    let mut run =
        Run::start(&group("    loop: { while: '${n < 2}' }\n    output: { n: '${n + 1}' }", "", ""), json!({ "n": 0 }));
    for node in ["x", "y", "x", "y", "after"] {
        run.finish(node, json!(null));
    }
    let rows = &run.effects.nodes;
    assert!(rows.iter().all(|row| row.status == "COMPLETED"), "{rows:#?}");
    assert_eq!(rows.iter().filter(|row| &*row.node == "x").map(|row| row.iteration).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(rows.iter().filter(|row| &*row.node == "g").count(), 2);
    let opened = run.events.iter().filter(|(_, event)| matches!(event, Event::ScopeOpened { .. })).count();
    assert_eq!(opened, 2);
}
