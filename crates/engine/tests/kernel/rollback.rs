//! Going back: to every end of a step and on again; what stays, what is undone, what is made anew; and what is refused.

use super::harness::Run;
use heddle_engine::kernel::{Caller, Command, CommandError, Event, Past, Phase, Point, Rollback};
use heddle_engine::tasks::ErrorClass;
use heddle_model::ids::InstanceId;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::{Map, Value, json};
use std::collections::BTreeMap;

/// Groups, items, a message, a timer, a loop, a join of every kind; everything that a test answers can be undone.
pub(crate) const SAMPLE: &str = "
name: sample
variables: { total: 0 }
outputs: { total: '${total}', seen: '${nodes.last.output}' }
nodes:
  - { id: start, type: start }
  - { id: a, type: echo, output: { total: '${total + 1}' }, compensate: { type: echo } }
  - { id: g, type: group, body: {
      nodes: [{ id: gs, type: start }, { id: x, type: echo, output: { total: '${total + 10}' }, compensate: { type: echo } }, { id: y, type: echo, compensate: { type: echo } }],
      edges: [{ from: gs, to: x }, { from: x, to: y }] } }
  - { id: each, type: foreach, config: { items: '${[1, 2, 3]}', max_parallel: 2, collect: '${nodes.take.output}' },
      body: { nodes: [{ id: take, type: echo, compensate: { type: echo } }], edges: [] } }
  - { id: paid, type: message, config: { name: paid } }
  - { id: nap, type: wait, config: { ms: 1000 } }
  - { id: twice, type: echo, loop: { while: '${index < 2}', max: 2 }, compensate: { type: echo } }
  - { id: two, type: gateway, join: { n: 2 } }
  - { id: last, type: echo, join: all, compensate: { type: echo } }
  - { id: never, type: echo }
  - { id: done, type: end }
edges:
  - { from: start, to: a }
  - { from: start, to: paid }
  - { from: a, to: g }
  - { from: a, to: each }
  - { from: a, to: nap }
  - { from: a, to: never, condition: '${1 > 2}' }
  - { from: paid, to: two }
  - { from: nap, to: two }
  - { from: each, to: two }
  - { from: g, to: twice }
  - { from: twice, to: last }
  - { from: two, to: last }
  - { from: never, to: last2 }
  - { from: last, to: done }
  - { from: last2, to: done }
";

pub(crate) fn sample() -> String {
    SAMPLE.replace("  - { id: done, type: end }", "  - { id: last2, type: echo }\n  - { id: done, type: end }")
}

/// Answers whatever waits, once; whether anything did.
pub(crate) fn one(run: &mut Run) -> bool {
    if matches!(run.state.status, InstanceStatus::Completed | InstanceStatus::Failed | InstanceStatus::Terminated) {
        return false;
    }
    let waiting: Vec<(u32, String)> =
        run.state.live.iter().map(|(&number, it)| (number, run.plan.node(it.node).id.to_string())).collect();
    for (number, node) in waiting {
        if node == "paid" && run.state.undoing.is_none() {
            let held = run.state.held.len();
            run.step(Command::Message { name: "paid".into(), key: None, payload: json!(1), expires: None }).unwrap();
            if run.state.held.len() > held {
                continue;
            }
            return true;
        }
        let attempt = run.state.live[&number].attempt;
        let done = run.step(Command::TaskEnded { number, attempt, result: Ok(Default::default()) });
        if done.is_ok() {
            return true;
        }
    }
    let before = run.events.len();
    run.advance(1_000);
    run.events.len() > before
}

fn to_the_end(run: &mut Run) {
    while one(run) {}
    assert_eq!(run.state.status, InstanceStatus::Completed, "{:?} {:?}", run.live(), run.incidents());
}

/// A node's status, and how often it has fired.
type Stands = (NodeStatus, u32);

/// What an instance comes to: variables, output, and where each node stands with how many rounds.
fn result(run: &Run) -> (Value, BTreeMap<String, Stands>, Map<String, Value>) {
    let nodes = run.state.nodes.iter().map(|(&ix, it)| (run.plan.node(ix).id.to_string(), (it.status, it.rounds)));
    let variables = run.state.variables.iter().map(|(name, value)| (name.to_string(), (*value.0).clone()));
    ((*run.state.output.as_ref().unwrap().0).clone(), nodes.collect(), variables.collect())
}

pub(crate) fn fresh() -> Run {
    Run::start(&sample(), json!({}))
}

fn after(steps: usize) -> Run {
    let mut run = fresh();
    (0..steps).for_each(|_| assert!(one(&mut run)));
    run
}

#[test]
fn back_to_every_step_and_on_again_is_as_if_it_had_never_gone_further() {
    let mut plain = fresh();
    let mut count = 0;
    while one(&mut plain) {
        count += 1;
    }
    let expected = result(&plain);
    let steps = plain.steps();
    assert!(steps.len() > 20, "{steps:?}");
    for &to in &steps {
        let mut run = after(count);
        run.roll_back(to, &[]).unwrap_or_else(|why| panic!("{to}: {why}"));
        assert!(run.state.status == InstanceStatus::Running || to == *steps.last().unwrap());
        to_the_end(&mut run);
        assert_eq!(result(&run), expected, "from the end back to {to}");
    }
    for made in 1..count {
        let known = after(made);
        let steps = known.steps();
        for &to in steps.iter().rev().step_by(3) {
            let mut run = after(made);
            run.roll_back(to, &[]).unwrap_or_else(|why| panic!("{to}: {why}"));
            to_the_end(&mut run);
            assert_eq!(result(&run), expected, "after {made} steps back to {to}");
        }
    }
}

#[test]
fn keys_are_never_given_twice() {
    let mut run = after(6);
    let to = run.steps()[1];
    run.roll_back(to, &[]).unwrap();
    to_the_end(&mut run);
    run.roll_back(to, &[]).unwrap();
    to_the_end(&mut run);
    let mut keys = std::collections::BTreeSet::new();
    for dispatch in &run.effects.dispatches {
        if dispatch.attempt == 1 {
            assert!(keys.insert(dispatch.key(run.state.id)), "{} twice", dispatch.key(run.state.id));
        }
    }
}

const SAGA: &str = "
name: saga
nodes:
  - { id: start, type: start }
  - { id: book, type: echo, output: { room: '${output}' }, compensate: { type: echo, config: { cancel: '${output}' } } }
  - { id: pay, type: echo, compensate: { type: echo, config: { back: '${output}' } } }
  - { id: note, type: echo }
  - { id: ship, type: task, action: ship }
  - { id: done, type: end }
edges:
  - { from: start, to: book }
  - { from: book, to: pay }
  - { from: pay, to: note }
  - { from: note, to: ship }
  - { from: ship, to: done }
";

fn saga(yaml: &str) -> (Run, u64) {
    let mut run = Run::start(yaml, json!({ "room": 0 }));
    let start = run.state.seq;
    for node in ["book", "pay", "note"] {
        run.finish(node, json!(node));
    }
    (run, start)
}

#[test]
fn what_was_done_since_is_undone_the_last_first_and_then_the_moment_stands_again() {
    let (mut run, start) = saga(SAGA);
    run.roll_back(start, &[]).unwrap();
    assert_eq!((run.state.status, run.state.phase), (InstanceStatus::Running, Phase::Compensating));
    assert_eq!(run.live(), ["pay"]);
    assert_eq!(*run.effects.dispatches.last().unwrap().input.0, json!({ "back": "pay" }));
    assert!(run.effects.jobs.is_empty(), "the job of `ship` is withdrawn");
    run.finish("pay", json!(null));
    run.finish("book", json!(null));
    assert_eq!((run.state.phase, run.live()), (Phase::Forward, vec!["book"]));
    assert_eq!(run.variable("room"), json!(0), "variables are those of then");
    assert!(run.state.root.done.is_empty());
    let anew = run.effects.dispatches.last().unwrap();
    assert_eq!((anew.iteration, anew.attempt), (1, 1), "a new node instance with a new key");
    assert_eq!(run.status("pay"), NodeStatus::Pending);
    for node in ["book", "pay", "note", "ship"] {
        run.finish(node, json!(node));
    }
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.state.progress(run.plan.nodes().len()), 1.0);
}

#[test]
fn what_is_kept_stands_and_can_still_be_undone_later() {
    let (mut run, start) = saga(SAGA);
    run.roll_back(start, &["pay"]).unwrap();
    assert_eq!(run.live(), ["book"]);
    run.finish("book", json!(null));
    assert_eq!((run.state.phase, run.state.root.done.len()), (Phase::Forward, 1));
    run.finish("book", json!("again"));
    run.step(Command::Compensate { terminate: false }).unwrap();
    run.finish("book", json!(null));
    assert_eq!(*run.effects.dispatches.last().unwrap().input.0, json!({ "back": "pay" }));
    run.finish("pay", json!(null));
    assert_eq!(run.state.status, InstanceStatus::Failed);
}

#[test]
fn what_was_live_then_and_still_is_goes_on_untouched() {
    let mut run = after(0);
    let a = *run.state.live.iter().find(|(_, it)| it.node == run.plan.find("a").unwrap()).unwrap().0;
    let to = run.state.seq;
    run.step(Command::Message { name: "paid".into(), key: None, payload: json!(1), expires: None }).unwrap();
    let dispatched = run.effects.dispatches.len();
    run.roll_back(to, &[]).unwrap();
    assert!(run.state.live.contains_key(&a) && run.effects.dispatches.len() == dispatched);
    assert_eq!(run.live(), ["a", "paid"]);
    to_the_end(&mut run);
}

#[test]
fn a_group_that_stands_is_not_ended_by_what_is_withdrawn_inside_it() {
    let mut run = Run::start(
        "
name: group
nodes:
  - { id: start, type: start }
  - id: g
    type: group
    body:
      nodes: [{ id: s, type: start }, { id: x, type: echo, compensate: { type: echo } }, { id: y, type: echo }]
      edges: [{ from: s, to: x }, { from: x, to: y }]
  - { id: done, type: end }
edges: [{ from: start, to: g }, { from: g, to: done }]
",
        json!({}),
    );
    let (to, host) = (run.state.seq, *run.state.live.keys().next().unwrap());
    run.finish("x", json!(1));
    run.roll_back(to, &[]).unwrap();
    assert_eq!((run.state.phase, run.live()), (Phase::Compensating, vec!["g", "x"]));
    run.finish("x", json!(null));
    assert!(run.state.live.contains_key(&host), "it is the same execution");
    assert_eq!((run.state.phase, run.live()), (Phase::Forward, vec!["g", "x"]));
}

#[test]
fn results_that_come_while_things_are_undone_wait_until_the_moment_stands() {
    let yaml = SAGA
        .replace("  - { from: start, to: book }", "  - { from: start, to: book }\n  - { from: start, to: slow }")
        .replace("  - { id: done, type: end }", "  - { id: slow, type: echo }\n  - { id: done, type: end, join: any }")
        + "  - { from: slow, to: done }\n";
    let (mut run, start) = saga(&yaml);
    run.roll_back(start, &[]).unwrap();
    run.finish("slow", json!(1));
    assert_eq!(run.status("slow"), NodeStatus::Running);
    run.step(Command::Recover).unwrap();
    run.finish("pay", json!(null));
    run.finish("book", json!(null));
    assert_eq!(run.status("slow"), NodeStatus::Completed);
    assert_eq!(run.live(), ["book"]);
}

#[test]
fn a_paused_instance_undoes_and_stays_paused() {
    let (mut run, start) = saga(SAGA);
    run.step(Command::Pause { freeze: true }).unwrap();
    run.roll_back(start, &[]).unwrap();
    assert!(run.state.holds_job(3) && !run.state.holds_job(*run.state.live.keys().next().unwrap()));
    run.finish("pay", json!(null));
    run.finish("book", json!(null));
    assert_eq!((run.state.status, run.state.phase), (InstanceStatus::Paused, Phase::Forward));
    let dispatched = run.effects.dispatches.len();
    assert_eq!(run.live(), ["book"]);
    run.step(Command::Resume).unwrap();
    assert_eq!(run.effects.dispatches.len(), dispatched + 1, "it begins at resume");
}

#[test]
fn an_undoing_that_fails_waits_for_a_person_and_goes_on_after_it() {
    let (mut run, start) = saga(SAGA);
    run.roll_back(start, &[]).unwrap();
    run.fail("pay", ErrorClass::System, "IO");
    assert_eq!(run.incidents(), ["compensation"]);
    assert!(matches!(run.roll_back(start, &[]), Err(CommandError::Nothing(_))), "one at a time");
    run.step(Command::Skip { node: "pay".into(), output: json!(null) }).unwrap();
    run.finish("book", json!(null));
    assert_eq!((run.state.phase, run.live()), (Phase::Forward, vec!["book"]));
}

#[test]
fn a_failed_instance_goes_back_and_is_running() {
    let (mut run, start) = saga(&SAGA.replace("type: task, action: ship", "type: echo"));
    run.fail("ship", ErrorClass::Business, "NO");
    let failed_at = run.state.seq;
    run.roll_back(failed_at, &[]).unwrap();
    assert_eq!((run.state.status, run.live()), (InstanceStatus::Running, vec!["ship"]), "made anew");
    run.finish("ship", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert!(run.state.error.is_none());
    run.roll_back(start, &["book", "pay"]).unwrap();
    assert_eq!(run.live(), ["book"]);
}

const TIMED: &str = "
name: timed
nodes:
  - { id: start, type: start }
  - { id: wait, type: echo }
  - { id: late, type: boundary, attached_to: wait, interrupting: false, config: { timer: { duration: 10s } } }
  - { id: day, type: boundary, attached_to: wait, interrupting: false, config: { timer: { until: '2025-11-22T08:27:00Z' } } }
  - { id: nap, type: timer, config: { duration: 5s } }
  - { id: on, type: timer, config: { until: '2025-11-22T08:27:00Z' } }
  - { id: done, type: end, join: any }
edges:
  - { from: start, to: wait }
  - { from: start, to: nap }
  - { from: start, to: on }
  - { from: wait, to: done }
  - { from: nap, to: done }
  - { from: on, to: done }
  - { from: late, to: done }
  - { from: day, to: done }
";

#[test]
fn durations_count_anew_and_dates_stay() {
    let mut run = Run::start(TIMED, json!({}));
    let (start, began) = (run.state.seq, run.now);
    let date = run.state.timers.values().map(|timer| timer.due - began).max().unwrap();
    assert!(date > 10_000, "{date}");
    run.advance(12_000);
    assert_eq!(run.state.timers.len(), 2, "the dates are left");
    run.roll_back(start, &[]).unwrap();
    let mut dues: Vec<i64> = run.state.timers.values().map(|timer| timer.due - began).collect();
    dues.sort_unstable();
    assert_eq!(dues, [17_000, date, date, 22_000]);
}

const KEPT: &str = "
name: kept
nodes:
  - { id: start, type: start }
  - { id: first, type: echo }
  - { id: paid, type: message, config: { name: paid } }
  - { id: last, type: echo }
  - { id: done, type: end }
edges:
  - { from: start, to: first }
  - { from: first, to: paid }
  - { from: paid, to: last }
  - { from: last, to: done }
";

#[test]
fn consumed_messages_stay_consumed_and_others_stay_kept() {
    let mut run = Run::start(KEPT, json!({}));
    let start = run.state.seq;
    for name in ["paid", "other"] {
        run.step(Command::Message { name: name.into(), key: None, payload: json!(1), expires: None }).unwrap();
    }
    run.finish("first", json!(1));
    run.finish("last", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    run.roll_back(start, &[]).unwrap();
    assert_eq!(run.state.mailbox.iter().map(|letter| &*letter.name).collect::<Vec<_>>(), ["other"]);
    run.finish("first", json!(1));
    assert_eq!(run.live(), ["paid"], "it waits for another one");
}

#[test]
fn back_over_a_rollback_and_over_an_incident() {
    let yaml = SAGA.replace("id: note, type: echo", "id: note, type: echo, on_error: incident");
    let mut run = Run::start(&yaml, json!({ "room": 0 }));
    let start = run.state.seq;
    run.finish("book", json!(1));
    run.finish("pay", json!(1));
    run.fail("note", ErrorClass::System, "IO");
    let stuck = run.state.seq;
    run.step(Command::Skip { node: "note".into(), output: json!(null) }).unwrap();
    run.roll_back(stuck, &[]).unwrap();
    assert!(run.incidents().is_empty() && run.live() == ["note"], "what had failed begins anew");
    run.roll_back(start, &["book", "pay"]).unwrap();
    run.roll_back(stuck, &["book", "pay"]).unwrap();
    assert_eq!(run.live(), ["note"]);
    run.finish("note", json!(1));
    run.finish("ship", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn what_cannot_be_is_refused_before_anything_happens() {
    let (mut run, start) = saga(&SAGA.replace("id: note, type: echo", "id: note, type: echo, at_most_once: true"));
    let nothing = |result: Result<(), CommandError>| {
        assert!(matches!(result, Err(CommandError::Nothing(_))), "{result:?}");
    };
    nothing(run.roll_back(1, &[]));
    nothing(run.roll_back(start - 1, &[]));
    nothing(run.roll_back(run.state.seq + 1, &[]));
    nothing(run.roll_back(start, &[]));
    assert!(matches!(run.roll_back(start, &["nobody"]), Err(CommandError::NoSuchNode(_))));
    let past = Past::read(
        &heddle_engine::kernel::History {
            workspace: run.state.workspace,
            instance: run.state.id,
            plans: &run.plans,
            rows: &run.rows,
        },
        &Point::After(start),
    );
    let wish = |past| Command::Rollback(Box::new(Rollback { to_seq: start, keep: vec!["note".into()], past }));
    let past = Some(std::sync::Arc::new(past.unwrap()));
    nothing(run.step(wish(None)));
    run.step(wish(past)).unwrap();
    run.step(Command::Terminate { reason: String::new() }).unwrap();
    assert!(matches!(run.roll_back(start, &["note"]), Err(CommandError::Illegal(_))));
    let later = Run::start_at(SAGA);
    let mut later = later;
    nothing(later.roll_back(later.state.seq, &[]));
}

#[test]
fn who_called_it_and_has_used_its_result_must_be_rolled_back_instead() {
    for (wait, refused) in [(true, true), (false, false)] {
        let caller = Caller { instance: InstanceId::from_u128(9), number: 3, wait, depth: 1 };
        let mut run = Run::called(KEPT, json!({}), caller);
        let start = run.state.seq;
        run.finish("first", json!(1));
        run.roll_back(start, &[]).expect("it has not ended yet");
        run.finish("first", json!(1));
        run.step(Command::Message { name: "paid".into(), key: None, payload: json!(1), expires: None }).unwrap();
        run.finish("last", json!(1));
        assert_eq!(run.roll_back(start, &[]).is_err(), refused);
    }
}

#[test]
fn the_event_alone_is_enough_for_replay() {
    let (mut run, start) = saga(SAGA);
    run.roll_back(start, &["book", "pay"]).unwrap();
    assert!(run.events.iter().any(|(_, event)| matches!(event, Event::RolledBack { .. })));
    run.finish("book", json!(1));
}
