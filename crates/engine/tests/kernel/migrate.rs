//! To another version: what stands takes its places, what works finishes as it began, what follows is the new plan; and what is refused.

use super::harness::Run;
use heddle_engine::kernel::{Command, CommandError, Event};
use heddle_engine::tasks::ErrorClass;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;

const ONE: &str = "
name: one
nodes:
  - { id: start, type: start }
  - { id: book, type: echo, compensate: { type: echo, config: { cancel: 'v1 ${output}' } } }
  - { id: a, type: echo, output: { left: '${output}' } }
  - { id: wait, type: message, config: { name: paid } }
  - { id: late, type: boundary, attached_to: wait, config: { timer: { duration: 60s } } }
  - { id: g, type: group, mutex: dock, body: { nodes: [{ id: s, type: start }, { id: x, type: task, action: pack, timeout: 1h }], edges: [{ from: s, to: x }] } }
  - { id: two, type: gateway, join: { n: 2 } }
  - { id: m, type: echo, join: all }
  - { id: done, type: end }
edges:
  - { from: start, to: book }
  - { from: book, to: a }
  - { from: book, to: wait }
  - { from: book, to: g }
  - { from: a, to: two }
  - { from: wait, to: two }
  - { from: late, to: two }
  - { from: g, to: m }
  - { from: two, to: m }
  - { from: m, to: done }
";

/// The same with other names, another order, more before and behind; `book` is gone.
const TWO: &str = "
name: one
nodes:
  - { id: extra, type: echo }
  - { id: done, type: end }
  - { id: m2, type: echo, join: all, config: { left: '${left}' } }
  - { id: g, type: group, mutex: quay, body: { nodes: [{ id: x, type: task, action: pack }, { id: s, type: start }, { id: more, type: echo }], edges: [{ from: x, to: more }, { from: s, to: x }] } }
  - { id: two, type: gateway, join: { n: 2 } }
  - { id: late, type: boundary, attached_to: wait, config: { timer: { duration: 1s } } }
  - { id: soon, type: boundary, attached_to: wait, interrupting: false, config: { timer: { duration: 30s } } }
  - { id: wait, type: message, config: { name: payment } }
  - { id: a, type: echo, output: { left: '${output + 1}' } }
  - { id: start, type: start }
edges:
  - { from: two, to: extra }
  - { from: extra, to: m2 }
  - { from: g, to: m2 }
  - { from: m2, to: done }
  - { from: soon, to: done }
  - { from: late, to: two }
  - { from: wait, to: two }
  - { from: a, to: two }
  - { from: start, to: a }
  - { from: start, to: wait }
  - { from: start, to: g }
";

fn begun() -> Run {
    let mut run = Run::start(ONE, json!({ "left": 0 }));
    run.finish("book", json!("r7"));
    run
}

fn paid() -> Command {
    Command::Message { name: "paid".into(), key: None, payload: json!(1), expires: None }
}

fn nothing(result: Result<(), CommandError>) {
    assert!(matches!(result, Err(CommandError::Nothing(_))), "{result:?}");
}

#[test]
fn what_stands_goes_on_in_the_places_of_the_other_version() {
    let mut run = begun();
    let late = run.state.timers.values().map(|timer| timer.due).min().unwrap();
    run.finish("a", json!(1));
    run.migrate(TWO, &[("m", "m2")]).unwrap();
    assert_eq!((run.state.version_number, run.state.versions.len()), (2, 1));
    assert_eq!(run.live(), ["wait", "g", "x"]);
    assert!(run.state.timers.values().any(|timer| timer.due == late), "timers keep their due time");
    assert_eq!(run.state.subscriptions.len(), 3, "a new event that hangs on what lives is awaited");
    run.step(paid()).unwrap();
    assert_eq!(run.live(), ["g", "x", "extra"], "the delivery before counts, what was awaited is what it was");
    run.finish("extra", json!(1));
    run.finish("x", json!(1));
    assert_eq!(run.live(), ["g", "more"], "what follows is the new plan");
    run.finish("more", json!(1));
    assert_eq!(run.live(), ["m2"]);
    assert_eq!(*run.effects.dispatches.last().unwrap().input.0, json!({ "left": 1 }), "outputs were written by then");
    run.finish("m2", json!(1));
    assert_eq!((run.state.status, run.state.mutexes.len()), (InstanceStatus::Completed, 0));
}

#[test]
fn live_tasks_finish_as_they_began_and_write_as_the_new_plan_says() {
    let mut run = begun();
    let dispatched = run.effects.dispatches.len();
    run.migrate(TWO, &[("m", "m2")]).unwrap();
    assert_eq!(run.effects.dispatches.len(), dispatched);
    run.finish("a", json!(1));
    assert_eq!(run.variable("left"), json!(2));
}

#[test]
fn what_an_earlier_version_did_is_undone_as_that_version_says() {
    let mut run = begun();
    run.migrate(TWO, &[("m", "m2")]).unwrap();
    run.step(Command::Compensate { terminate: false }).unwrap();
    let undo = run.effects.dispatches.last().unwrap();
    assert_eq!((&*undo.name, &*undo.input.0), ("book", &json!({ "cancel": "v1 r7" })));
    let number = undo.number;
    assert!(undo.key(run.state.id).contains("/book/0/undo/"));
    run.step(Command::TaskEnded { number, attempt: 1, result: Ok(Default::default()) }).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Failed);
    let row = run.effects.nodes.iter().find(|row| row.number == number).unwrap();
    assert_eq!((&*row.node, row.status), ("book", "COMPLETED"));
}

#[test]
fn back_over_a_migration_stands_in_the_version_that_runs_now() {
    let mut run = begun();
    let before = run.state.seq;
    run.finish("a", json!(1));
    run.migrate(TWO, &[("m", "m2")]).unwrap();
    run.roll_back(before, &[]).unwrap();
    assert_eq!((run.state.version_number, run.live()), (2, vec!["wait", "g", "x", "a"]));
    let start = run.steps()[1];
    nothing(run.roll_back(start, &[]));
    run.finish("a", json!(5));
    assert_eq!(run.variable("left"), json!(6));
    run.rerun(Some("a"), None, json!({})).expect_err("the edge before it has no counterpart");
}

#[test]
fn joins_are_tested_again() {
    let mut run = begun();
    run.finish("x", json!(1));
    run.finish("a", json!(1));
    let next = ONE.replace("join: { n: 2 }", "join: any");
    run.migrate(&next, &[]).unwrap();
    assert_eq!(run.live(), ["wait", "m"], "a delivery is a token again where the join keeps none");
    run.finish("m", json!(1));
    run.step(paid()).unwrap();
    assert_eq!(run.incidents(), ["deadlock"], "the second token waits for a partner");
    run.migrate(&next.replace("id: m, type: echo, join: all", "id: m, type: echo, join: any"), &[]).unwrap();
    assert_eq!((run.live(), run.incidents().len()), (vec!["m"], 0));
}

#[test]
fn what_was_counted_before_a_join_is_found_by_the_exact_rule_afterwards() {
    let yaml = "
name: diamond
nodes:
  - { id: start, type: start }
  - { id: a, type: echo }
  - { id: b, type: echo }
  - { id: m, type: echo }
  - { id: done, type: end }
edges: [{ from: start, to: a }, { from: start, to: b }, { from: a, to: m }, { from: b, to: m }, { from: m, to: done }]
";
    let mut run = Run::start(yaml, json!({}));
    run.finish("a", json!(1));
    run.migrate(&yaml.replace("  - { id: b, type: echo }", "  - { id: b, type: echo, config: { v: 2 } }"), &[])
        .unwrap();
    assert_eq!(run.live(), ["b"], "the other way in is still open");
    run.finish("b", json!(1));
    assert_eq!(run.live(), ["m"]);
}

#[test]
fn while_paused_the_places_change_and_nothing_fires() {
    let mut run = begun();
    run.step(Command::Pause { freeze: true }).unwrap();
    run.finish("a", json!(1));
    let left: Vec<i64> = run.state.timers.values().map(|timer| timer.due).collect();
    run.migrate(TWO, &[("m", "m2")]).unwrap();
    assert!(left.iter().all(|due| run.state.timers.values().any(|timer| timer.due == *due)));
    assert!(run.effects.timers.is_empty() || run.state.timers.keys().any(|&timer| !run.state.is_frozen(timer)));
    run.step(Command::Resume).unwrap();
    assert_eq!(run.variable("left"), json!(2));
}

#[test]
fn a_paused_node_stays_paused_under_its_new_name() {
    let mut run = begun();
    run.step(Command::PauseNode { node: "m".into(), freeze: false }).unwrap();
    run.migrate(TWO, &[("m", "m2")]).unwrap();
    run.step(Command::ResumeNode { node: "m2".into() }).unwrap();
}

#[test]
fn there_and_back_and_twice() {
    let mut run = begun();
    run.migrate(TWO, &[("m", "m2")]).unwrap();
    run.migrate(
        &TWO.replace("id: extra", "id: other").replace("to: extra", "to: other").replace("from: extra", "from: other"),
        &[],
    )
    .unwrap();
    run.finish("a", json!(1));
    assert_eq!((run.state.version_number, run.state.versions.len()), (3, 2));
    assert_eq!(run.state.version_at(1), Some(run.state.versions[0].1));
    assert_eq!(run.state.version_at(run.state.seq), None);
    let migrations = run.events.iter().filter(|(_, event)| matches!(event, Event::InstanceMigrated(_))).count();
    assert_eq!(migrations, 2);
    run.step(Command::Compensate { terminate: true }).unwrap();
    assert_eq!(&*run.effects.dispatches.last().unwrap().name, "book");
}

#[test]
fn what_has_no_place_there_is_refused_before_anything_happens() {
    let mut run = begun();
    nothing(run.migrate(&TWO.replace("id: x, type: task, action: pack", "id: x, type: task, action: other"), &[]));
    nothing(run.migrate(
        &TWO.replace("id: a,", "id: aa,").replace("from: a,", "from: aa,").replace("to: a }", "to: aa }"),
        &[],
    ));
    let moved = TWO
        .replace("{ id: x, type: task, action: pack }, ", "")
        .replace("{ from: x, to: more }, { from: s, to: x }", "{ from: s, to: more }")
        + "  - { from: start, to: x }\n  - { from: x, to: done }\n";
    nothing(run.migrate(
        &moved.replace(
            "  - { id: start, type: start }",
            "  - { id: start, type: start }\n  - { id: x, type: task, action: pack }",
        ),
        &[],
    ));
    assert!(matches!(run.migrate(TWO, &[("nobody", "m2")]), Err(CommandError::NoSuchNode(_))));
    run.finish("x", json!(1));
    nothing(run.migrate(TWO, &[]));
    run.migrate(TWO, &[("m", "m2")]).unwrap();
    let mut same = run.to_version(TWO, &[]);
    same.version = run.state.version;
    nothing(run.step(Command::Migrate(Box::new(same))));
    let mut unread = run.to_version(TWO, &[]);
    unread.target = None;
    nothing(run.step(Command::Migrate(Box::new(unread))));
    run.fail("a", ErrorClass::Business, "NO");
    assert_eq!(run.status("a"), NodeStatus::Failed);
    assert!(
        matches!(run.migrate(TWO, &[]), Err(CommandError::Illegal(_))),
        "a FAILED one is retried on the other version"
    );
}
