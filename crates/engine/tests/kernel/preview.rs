//! What a command would do, told before it is done.

use super::harness::Run;
use heddle_engine::kernel::{Command, Touched};
use heddle_engine::tasks::ErrorClass;
use heddle_model::value::{Map, json};

const FLOW: &str = "
name: flow
nodes:
  - { id: start, type: start }
  - { id: first, type: echo }
  - { id: book, type: echo, compensate: { type: echo } }
  - { id: paid, type: message, config: { name: paid } }
  - { id: pay, type: echo, compensate: { type: echo } }
  - { id: last, type: echo }
  - { id: beside, type: echo }
  - { id: done, type: end, join: any }
edges:
  - { from: start, to: first }
  - { from: first, to: book }
  - { from: book, to: paid }
  - { from: paid, to: pay }
  - { from: pay, to: last }
  - { from: pay, to: beside }
  - { from: last, to: done }
  - { from: beside, to: done }
";

fn names(touched: &[Touched]) -> Vec<&str> {
    touched.iter().map(|touched| &*touched.node).collect()
}

fn to_last() -> (Run, u64) {
    let mut run = Run::start(FLOW, json!({}));
    run.finish("first", json!(1));
    let to = run.state.seq;
    run.finish("book", json!(1));
    run.step(Command::Message { name: "paid".into(), key: None, payload: json!(1), expires: None }).unwrap();
    run.finish("pay", json!(1));
    (run, to)
}

#[test]
fn a_rollback_tells_what_is_undone_kept_withdrawn_and_runs_again() {
    let (run, to) = to_last();
    let seen = run.preview(run.rollback(to, &[]).unwrap());
    assert_eq!(names(&seen.compensated), ["pay", "book"]);
    assert_eq!(names(&seen.cancelled), ["beside", "last"]);
    assert_eq!(names(&seen.starts), ["book"], "what stood then and has ended since");
    assert_eq!(names(&seen.again), ["paid", "pay"]);
    assert_eq!(seen.messages.iter().map(|message| &*message.name).collect::<Vec<_>>(), ["paid"]);
    assert!(seen.kept.is_empty());
    let seen = run.preview(run.rollback(to, &["book", "pay"]).unwrap());
    assert_eq!(
        (names(&seen.kept), names(&seen.starts), seen.compensated.len()),
        (vec!["book", "pay"], vec!["book"], 0)
    );
    let between = run.steps()[5];
    let seen = run.preview(run.rollback(between, &[]).unwrap());
    assert!(!seen.starts.is_empty(), "{between}: {seen:?}");
}

#[test]
fn other_commands_tell_what_they_start_withdraw_and_pass_over() {
    let (mut run, _) = to_last();
    let seen = run.preview(Command::Skip { node: "last".into(), output: json!(null) });
    assert_eq!((names(&seen.skipped), names(&seen.starts)), (vec!["last"], vec!["done"]));
    let seen = run.preview(Command::Terminate { reason: String::new() });
    assert_eq!(names(&seen.cancelled), ["last", "beside"]);
    let seen = run.preview(Command::Compensate { terminate: false });
    assert_eq!((names(&seen.compensated), names(&seen.cancelled)), (vec!["pay", "book"], vec!["beside", "last"]));
    run.fail("last", ErrorClass::Business, "NO");
    let seen = run.preview(Command::Retry { node: None, variables: Map::new() });
    assert_eq!(names(&seen.starts), ["beside", "last"]);
    let next = run.to_version(&FLOW.replace("id: last, type: echo", "id: last, type: echo, config: { v: 2 }"), &[]);
    let past = None;
    let rerun =
        heddle_engine::kernel::Rerun { from: None, migrate: Some(next), keep: vec![], variables: Map::new(), past };
    assert_eq!(names(&run.preview(Command::Rerun(Box::new(rerun))).starts), ["beside", "last"]);
}
