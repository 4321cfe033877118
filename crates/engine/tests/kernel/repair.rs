//! What people do: pause, resume, terminate, retry, skip, complete, fail, write; and what they are refused.

use super::harness::Run;
use heddle_engine::kernel::{Command, CommandError};
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::{Map, json};

const TWO: &str = "
name: two
nodes:
  - { id: start, type: start }
  - { id: left, type: echo }
  - { id: right, type: task, action: pack }
  - { id: last, type: echo }
  - { id: done, type: end }
edges:
  - { from: start, to: left }
  - { from: start, to: right }
  - { from: left, to: last }
  - { from: right, to: last }
  - { from: last, to: done }
";

fn retry() -> Command {
    Command::Retry { node: None, variables: Map::new() }
}

#[test]
fn results_that_come_while_paused_are_held_and_applied_in_order() {
    let mut run = Run::start(TWO, json!({}));
    run.step(Command::Pause { freeze: true }).unwrap();
    run.finish("right", json!(1));
    run.finish("left", json!(2));
    assert_eq!(run.live(), ["left", "right"]);
    assert!(run.answer("left", Ok(Default::default())).is_err(), "a second answer is stale");
    run.step(Command::Resume).unwrap();
    assert_eq!(run.live(), ["last"]);
    run.finish("last", json!(3));
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn pausing_around_every_step_changes_nothing_in_the_end() {
    let plain = {
        let mut run = Run::start(TWO, json!({}));
        ["left", "right", "last"].into_iter().for_each(|node| run.finish(node, json!(node)));
        run.completions()
    };
    let mut run = Run::start(TWO, json!({}));
    for node in ["left", "right", "last"] {
        run.step(Command::Pause { freeze: false }).unwrap();
        run.finish(node, json!(node));
        run.step(Command::Resume).unwrap();
    }
    assert_eq!(run.completions(), plain);
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn terminate_withdraws_everything_and_is_final() {
    let mut run = Run::start(TWO, json!({}));
    run.step(Command::Terminate { reason: "enough".into() }).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Terminated);
    assert_eq!(run.status("left"), NodeStatus::Cancelled);
    assert_eq!(run.effects.jobs.len(), 0);
    assert_eq!(run.effects.jobs_gone.len(), 1);
    for command in [
        retry(),
        Command::Resume,
        Command::Pause { freeze: true },
        Command::Terminate { reason: String::new() },
        Command::Skip { node: "left".into(), output: json!(null) },
        Command::SetVariables { patch: Map::new() },
    ] {
        let name = command.name();
        assert!(matches!(run.step(command), Err(CommandError::Illegal(_))), "{name}");
    }
}

#[test]
fn a_failed_instance_goes_on_where_it_failed() {
    let mut run = Run::start(TWO, json!({}));
    run.fail("left", ErrorClass::System, "IO");
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.status("right"), NodeStatus::Cancelled);
    run.step(retry()).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Running);
    let left = run.effects.dispatches.last().unwrap();
    assert_eq!((left.iteration, left.attempt), (0, 2), "same key, next attempt");
    assert_eq!(run.effects.jobs.last().unwrap().iteration, 0);
    run.finish("left", json!(1));
    run.finish("right", json!(1));
    run.finish("last", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert!(run.completions().values().all(|&count| count == 1));
}

#[test]
fn skip_and_complete_repair_a_failed_instance_too() {
    for skip in [true, false] {
        let mut run = Run::start(TWO, json!({}));
        run.fail("left", ErrorClass::System, "IO");
        let (node, output) = ("left".to_owned(), json!({ "by": "hand" }));
        run.step(if skip { Command::Skip { node, output } } else { Command::Complete { node, output } }).unwrap();
        assert_eq!(run.state.status, InstanceStatus::Running);
        assert_eq!(run.status("left"), if skip { NodeStatus::Skipped } else { NodeStatus::Completed });
        run.finish("right", json!(1));
        run.finish("last", json!(1));
        assert_eq!(run.state.status, InstanceStatus::Completed);
    }
}

#[test]
fn an_incident_is_repaired_by_retry_and_its_attempts_are_allowed_anew() {
    let yaml = TWO.replace(
        "id: left, type: echo",
        "id: left, type: echo, on_error: incident, retry: { max_attempts: 2, base_delay: 1s }",
    );
    let mut run = Run::start(&yaml, json!({}));
    run.fail("left", ErrorClass::System, "IO");
    run.advance(60_000);
    run.fail("left", ErrorClass::System, "IO");
    assert_eq!(run.incidents(), ["error"]);
    run.step(retry()).unwrap();
    assert!(run.incidents().is_empty());
    run.fail("left", ErrorClass::System, "IO");
    assert_eq!(run.status("left"), NodeStatus::Pending, "it may fail once more before a person is asked again");
    run.step(Command::Skip { node: "left".into(), output: json!(null) }).unwrap();
    assert!(run.state.timers.is_empty());
}

#[test]
fn completing_by_hand_makes_the_late_answer_stale() {
    let mut run = Run::start(TWO, json!({}));
    let ni = run.state.id.node_instance(*run.state.live.keys().next().unwrap()).to_string();
    let attempt = run.state.live.values().next().unwrap().attempt;
    run.step(Command::Complete { node: ni, output: json!(1) }).unwrap();
    assert_eq!(run.status("left"), NodeStatus::Completed);
    let late = Command::TaskEnded { number: 1, attempt, result: Ok(Default::default()) };
    assert!(matches!(run.step(late), Err(CommandError::Stale)));
}

#[test]
fn refusals_say_why() {
    let mut run = Run::start(TWO, json!({}));
    assert!(matches!(run.step(retry()), Err(CommandError::Nothing(_))));
    assert!(matches!(run.step(Command::Resume), Err(CommandError::Illegal(_))));
    let unknown = Command::Skip { node: "nobody".into(), output: json!(null) };
    assert!(matches!(run.step(unknown), Err(CommandError::NoSuchNode(_))));
    let never = Command::Complete { node: "last".into(), output: json!(null) };
    assert!(matches!(run.step(never), Err(CommandError::Illegal(_))));
    let fail = Command::Fail { node: "left".into(), error: TaskError::new(ErrorClass::Business, "NO", "no") };
    assert!(matches!(run.step(fail), Err(CommandError::Nothing(_))), "a running built-in task is not failed by hand");
}

#[test]
fn variables_are_merged_as_rfc_7396_says() {
    let mut run = Run::start(TWO, json!({ "a": { "x": 1, "y": 2 }, "b": 1 }));
    run.step(Command::SetVariables {
        patch: json!({ "a": { "x": null, "z": 3 }, "b": null, "c": [1] }).as_object().unwrap().clone(),
    })
    .unwrap();
    assert_eq!(run.variable("a"), json!({ "y": 2, "z": 3 }));
    assert!(!run.state.variables.contains_key("b"));
    assert_eq!(run.variable("c"), json!([1]));
}

#[test]
fn g10_lost_attempts_begin_again_until_they_are_poison() {
    let mut run = Run::start(TWO, json!({}));
    for attempt in 2..=5 {
        run.step(Command::Recover).unwrap();
        assert_eq!(run.effects.dispatches.last().unwrap().attempt, attempt);
    }
    run.step(Command::Recover).unwrap();
    assert_eq!(run.incidents(), ["poisoned"]);
    assert_eq!(run.state.status, InstanceStatus::Running);
}

#[test]
fn g10_a_job_that_nobody_answers_is_poison() {
    let mut run = Run::start(&TWO.replace("id: left, type: echo", "id: left, type: task, action: desk"), json!({}));
    let number = run.effects.jobs.last().unwrap().number;
    assert!(run.step(Command::JobLost { number, lost: 4 }).is_err(), "it may still be answered");
    run.step(Command::JobLost { number, lost: 5 }).unwrap();
    assert_eq!(run.incidents(), ["poisoned"]);
    assert!(run.step(Command::JobLost { number, lost: 5 }).is_err(), "it waits for a person");
}

#[test]
fn at_most_once_is_never_tried_twice() {
    let yaml =
        TWO.replace("id: left, type: echo", "id: left, type: echo, at_most_once: true, retry: { max_attempts: 9 }");
    let mut run = Run::start(&yaml, json!({}));
    run.step(Command::Recover).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.state.error.as_ref().unwrap().code, "ATTEMPT_LOST");
}

#[test]
fn an_attempt_lost_while_paused_begins_again_at_resume() {
    let mut run = Run::start(TWO, json!({}));
    run.step(Command::Pause { freeze: true }).unwrap();
    let before = run.effects.dispatches.len();
    run.step(Command::Recover).unwrap();
    run.step(Command::Recover).unwrap();
    assert_eq!(run.effects.dispatches.len(), before);
    run.step(Command::Resume).unwrap();
    assert_eq!(run.effects.dispatches.len(), before + 1);
}
