//! "Why is this waiting?" has an answer for every node that waits.

use super::harness::Run;
use heddle_engine::kernel::{Command, Reason, why};
use heddle_model::value::json;

const MIXED: &str = "
name: mixed
nodes:
  - { id: start, type: start }
  - { id: a, type: echo }
  - { id: job, type: task, action: pack }
  - { id: nap, type: timer, config: { duration: 5s } }
  - { id: m, type: echo }
  - { id: held, type: echo, guard: '${open}' }
  - { id: first, type: echo, mutex: desk }
  - { id: second, type: echo, mutex: desk }
  - { id: letter, type: message, config: { name: paid, key: '${1 + 1}' } }
  - { id: group, type: group, body: { nodes: [{ id: inner, type: echo, on_error: incident }], edges: [] } }
  - { id: done, type: end, join: any }
edges:
  - { from: start, to: a }
  - { from: start, to: job }
  - { from: start, to: nap }
  - { from: start, to: held }
  - { from: start, to: first }
  - { from: start, to: second }
  - { from: start, to: letter }
  - { from: start, to: group }
  - { from: a, to: m }
  - { from: job, to: m }
  - { from: m, to: done }
  - { from: nap, to: done }
  - { from: held, to: done }
  - { from: first, to: done }
  - { from: second, to: done }
  - { from: letter, to: done }
  - { from: group, to: done }
";

fn reasons(run: &Run, node: &str) -> Vec<Reason> {
    let ix = run.plan.find(node).unwrap();
    let all = why(&run.plan, &run.state, run.now);
    all.into_iter().find(|it| it.node == ix).unwrap_or_else(|| panic!("{node} does not wait")).reasons
}

#[test]
fn each_kind_of_waiting_names_what_it_waits_for() {
    let mut run = Run::start(MIXED, json!({ "open": false }));
    let due = run.now + 5_000;
    run.finish("a", json!(1));
    let job = run.plan.find("job").unwrap();
    assert_eq!(reasons(&run, "m"), [Reason::Join { missing: vec!["job->m".into()], by: vec![job] }]);
    assert_eq!(reasons(&run, "job"), [Reason::Job]);
    assert_eq!(reasons(&run, "nap"), [Reason::Timer(Some(due))]);
    assert_eq!(reasons(&run, "held"), [Reason::Guard(None)]);
    assert_eq!(reasons(&run, "first"), [Reason::Task]);
    let holder = run.state.mutexes["desk"].clone();
    assert_eq!(reasons(&run, "second"), [Reason::Mutex { name: "desk".into(), holders: holder }]);
    assert_eq!(reasons(&run, "letter"), [Reason::Message { name: "paid".into(), key: Some("2".into()) }]);
    assert_eq!(reasons(&run, "group"), [Reason::Children(1)]);
    run.fail("inner", heddle_engine::tasks::ErrorClass::Business, "NO");
    assert_eq!(reasons(&run, "inner"), [Reason::Incident(Some(0))]);
    run.step(Command::Pause { freeze: false }).unwrap();
    assert_eq!(reasons(&run, "held")[0], Reason::Paused);
    run.step(Command::Terminate { reason: String::new() }).unwrap();
    assert!(why(&run.plan, &run.state, run.now).is_empty());
}
