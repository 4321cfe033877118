//! What an instance has to do with others: callers, permits, messages that were found for it.

use super::harness::Run;
use heddle_engine::kernel::{Active, Caller, Command, CommandError, Letter, Outgoing};
use heddle_engine::storage::Awaits;
use heddle_model::ids::InstanceId;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;

const SHARED: &str = "
name: shared
nodes:
  - { id: start, type: start }
  - { id: both, type: gateway }
  - { id: a, type: task, action: pack, mutex: { name: press, level: workspace } }
  - { id: b, type: task, action: pack, mutex: { name: press, level: workflow, permits: 2 } }
  - { id: done, type: end }
edges: [{ from: start, to: both }, { from: both, to: a }, { from: both, to: b }, { from: a, to: done }, { from: b, to: done }]
";

fn number(run: &Run, node: &str) -> u32 {
    run.state.live_of(run.plan.find(node).unwrap()).unwrap()
}

#[test]
fn a_shared_mutex_is_asked_for_by_its_reach_and_given_back_at_the_end() {
    let mut run = Run::start(SHARED, json!({}));
    let asked: Vec<(String, u32)> = run.effects.permits.iter().map(|row| (row.name.to_string(), row.permits)).collect();
    let workflow = format!("mutex/{}/press", run.state.workflow);
    assert_eq!(asked, [("mutex/press".to_owned(), 1), (workflow, 2)]);
    assert_eq!(run.effects.jobs.len(), 0, "nothing is offered before");
    let a = number(&run, "a");
    assert_eq!(run.state.node_status(run.plan.find("a").unwrap()), NodeStatus::Pending);
    let wrong = Command::Granted { number: a, name: "mutex/other".into() };
    assert_eq!(run.step(wrong), Err(CommandError::Stale));
    run.step(Command::Granted { number: a, name: "mutex/press".into() }).unwrap();
    assert_eq!(run.effects.jobs.len(), 1);
    let again = Command::Granted { number: a, name: "mutex/press".into() };
    assert_eq!(run.step(again), Err(CommandError::Stale), "it is granted once");
    run.step(Command::Complete { node: "a".into(), output: json!(null) }).unwrap();
    assert_eq!(run.effects.permits_gone, [(a, "mutex/press".into())]);
}

#[test]
fn whoever_does_not_wait_any_more_leaves_the_line() {
    let mut run = Run::start(SHARED, json!({}));
    let b = number(&run, "b");
    run.effects.permits.clear();
    run.step(Command::Skip { node: "b".into(), output: json!(null) }).unwrap();
    assert_eq!(run.effects.permits_gone.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [b]);
    run.step(Command::Terminate { reason: String::new() }).unwrap();
    assert_eq!(run.effects.permits_gone.len(), 2);
}

#[test]
fn a_permit_that_comes_during_a_pause_is_used_after_it() {
    let mut run = Run::start(SHARED, json!({}));
    let a = number(&run, "a");
    run.step(Command::Pause { freeze: false }).unwrap();
    run.step(Command::Granted { number: a, name: "mutex/press".into() }).unwrap();
    assert_eq!(run.effects.jobs.len(), 0);
    run.step(Command::Resume).unwrap();
    assert_eq!(run.effects.jobs.len(), 1);
    run.step(Command::Complete { node: "a".into(), output: json!(null) }).unwrap();
    assert_eq!(run.effects.permits_gone.len(), 1);
}

#[test]
fn a_failed_instance_gives_back_what_it_held_and_asks_again() {
    let mut run = Run::start(SHARED, json!({}));
    let a = number(&run, "a");
    run.step(Command::Granted { number: a, name: "mutex/press".into() }).unwrap();
    let error =
        heddle_engine::tasks::TaskError::new(heddle_engine::tasks::ErrorClass::Business, "NO", "no").permanent();
    run.step(Command::JobEnded { number: a, result: Err(error) }).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert!(run.effects.permits_gone.iter().any(|(number, _)| *number == a));
    run.effects.permits.clear();
    run.step(Command::Retry { node: None, variables: serde_json::Map::new() }).unwrap();
    assert_eq!(run.effects.permits.len(), 2, "both are in line again");
    assert!(matches!(run.state.live[&number(&run, "a")].active, Active::Permit(_)));
}

const WAITS: &str = "
name: waits
nodes:
  - { id: start, type: start }
  - { id: paid, type: message, config: { name: paid, key: '${order}' } }
  - { id: done, type: end }
edges: [{ from: start, to: paid }, { from: paid, to: done }]
";

#[test]
fn others_know_of_what_is_waited_for_and_a_message_found_for_it_is_taken_once() {
    let mut run = Run::start(WAITS, json!({ "order": "a" }));
    let row = run.effects.subscribed[0].clone();
    assert_eq!((row.awaits, &*row.name, row.key.as_deref()), (Awaits::Message, "paid", Some("a")));
    let letter = || Letter { name: "paid".into(), key: Some("a".into()), payload: json!(1).into(), expires: None };
    let wrong = Command::Delivered { subscription: row.number + 1, letter: letter() };
    assert_eq!(run.step(wrong), Err(CommandError::Stale));
    run.step(Command::Delivered { subscription: row.number, letter: letter() }).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.effects.subscribed, [], "armed and gone in commits that were put together");
    let late = Command::Delivered { subscription: row.number, letter: letter() };
    assert_eq!(run.step(late), Err(CommandError::Stale), "whoever sent it is told to find another");
}

#[test]
fn an_instance_knows_its_caller_and_tells_it_how_it_ended() {
    let caller = Caller { instance: InstanceId::from_u128(8), number: 3, wait: true, depth: 1 };
    let mut run = Run::called(WAITS, json!({ "order": "a" }), caller);
    assert_eq!(run.effects.ended, None);
    run.step(Command::Terminate { reason: "enough".into() }).unwrap();
    let (told, result) = run.effects.ended.clone().unwrap();
    assert_eq!(told, caller);
    assert_eq!(result.unwrap_err().code, "TERMINATED");
    let quiet = Run::called(WAITS, json!({ "order": "a" }), Caller { wait: false, ..caller });
    assert_eq!(quiet.state.caller.map(|it| it.wait), Some(false));
}

const TELLS: &str = "
name: tells
nodes:
  - { id: start, type: start }
  - { id: tell, type: tell, config: { message: '${message}', key: '${order}', payload: { n: 1 } } }
  - { id: all, type: tell, config: { signal: go } }
  - { id: done, type: end }
edges: [{ from: start, to: tell }, { from: tell, to: all }, { from: all, to: done }]
";

#[test]
fn what_a_task_publishes_goes_out_with_the_step_that_completes_it() {
    let run = Run::start(TELLS, json!({ "order": "a", "message": "paid" }));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!((run.effects.dispatches.len(), run.effects.jobs.len()), (0, 0), "no slot, no worker");
    let [Outgoing::Message { letter, at_once: false }, Outgoing::Signal { name, .. }] = &run.effects.outgoing[..]
    else {
        panic!("{:?}", run.effects.outgoing)
    };
    assert_eq!((&*letter.name, letter.key.as_deref(), &**name), ("paid", Some("a"), "go"));
    assert_eq!(*letter.payload.0, json!({ "n": 1 }));
    let receipts: Vec<&str> = run.effects.nodes.iter().filter_map(|row| row.output.as_deref()).collect();
    assert!(receipts.iter().any(|it| it.contains(r#""message":"paid""#) && it.contains("expires_at")), "{receipts:?}");
    assert!(receipts.contains(&r#"{"signal":"go"}"#), "{receipts:?}");
}

#[test]
fn a_task_that_can_publish_nothing_fails_like_any_other() {
    let run = Run::start(TELLS, json!({ "order": "a", "message": 3 }));
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.state.error.as_ref().unwrap().code, "NO_NAME");
    assert_eq!(run.effects.outgoing, []);
}

const TO_ITSELF: &str = "
name: to-itself
nodes:
  - { id: start, type: start }
  - { id: both, type: gateway }
  - { id: hear, type: message, config: { name: paid, key: a }, output: { heard: '${output.n}' } }
  - { id: tell, type: tell, config: { message: paid, key: a, payload: { n: 1 } } }
  - { id: done, type: end }
edges: [{ from: start, to: both }, { from: both, to: hear }, { from: both, to: tell }, { from: hear, to: done }, { from: tell, to: done }]
";

#[test]
fn a_receiver_in_the_same_instance_is_served_in_the_same_step() {
    let run = Run::start(TO_ITSELF, json!({}));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.effects.outgoing, []);
}
