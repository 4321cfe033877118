//! Each command at every journal index of a sample instance: taken whole or refused whole, and wherever it was taken the instance still
//! goes on to its end; and pauses around every step.

use super::harness::Run;
use super::rollback::{fresh, one};
use heddle_engine::kernel::{Change, Command, CommandError};
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::{Map, json};

fn after(steps: usize) -> Run {
    let mut run = fresh();
    (0..steps).for_each(|_| assert!(one(&mut run)));
    run
}

fn steps() -> usize {
    let mut run = fresh();
    let mut count = 0;
    while one(&mut run) {
        count += 1;
    }
    count
}

/// Every command about the nodes of the sample; those that reach beyond the moment are in `reach`.
fn commands() -> Vec<Command> {
    let mut all = vec![
        Command::Recover,
        Command::Pause { freeze: true },
        Command::Resume,
        Command::Retry { node: None, variables: Map::new() },
        Command::SetVariables { patch: json!({ "total": 5 }).as_object().unwrap().clone() },
        Command::Message { name: "paid".into(), key: None, payload: json!(1), expires: None },
        Command::Signal { name: "s".into(), payload: json!(1) },
        Command::Compensate { terminate: false },
        Command::AddItems { node: "each".into(), items: vec![json!(9)] },
        Command::CloseItems { node: "each".into() },
        Command::CompleteForeach { node: "each".into() },
        Command::TimerDue(0),
        Command::Terminate { reason: String::new() },
    ];
    for node in ["a", "g", "x", "each", "take", "paid", "nap", "twice", "last"] {
        let node = node.to_owned();
        all.extend([
            Command::Skip { node: node.clone(), output: json!(null) },
            Command::Complete { node: node.clone(), output: json!(1) },
            Command::Cancel { node: node.clone() },
            Command::Fail { node: node.clone(), error: TaskError::new(ErrorClass::Business, "NO", "no") },
            Command::Modify { changes: vec![Change::Start { node: node.clone() }], variables: Map::new() },
            Command::PauseNode { node: node.clone(), freeze: true },
            Command::ResumeNode { node },
        ]);
    }
    all
}

/// Goes on: what is paused is resumed, what waits is answered; ended, failed, or waiting for a person.
fn go_on(run: &mut Run, what: &str) {
    if run.state.status == InstanceStatus::Paused {
        run.step(Command::Resume).unwrap();
    }
    let paused: Vec<String> = run.state.paused.keys().map(|&node| run.plan.node(node).id.to_string()).collect();
    for node in paused {
        run.step(Command::ResumeNode { node }).unwrap();
    }
    while one(run) {}
    let named = run.state.status.is_ended() || !run.state.incidents.is_empty();
    assert!(named, "{what}: it waits for nothing that has a name: {:?}", run.live());
}

#[test]
fn each_command_at_every_step_is_taken_or_refused_whole_and_the_instance_goes_on() {
    for made in 0..=steps() {
        for command in commands() {
            let mut run = after(made);
            let (before, what) = (run.state.status, format!("{command:?} after {made} steps"));
            let name = command.name();
            let result = run.step(command);
            let legal = match name {
                "terminate" => {
                    matches!(before, InstanceStatus::Created | InstanceStatus::Running | InstanceStatus::Paused)
                }
                "pause" => before == InstanceStatus::Running,
                "resume" => before == InstanceStatus::Paused,
                "set_variables" => !before.is_ended(),
                "signal" => true,
                _ => result.is_ok(),
            };
            assert_eq!(result.is_ok(), legal, "{what}: {result:?}");
            assert!(!matches!(result, Err(CommandError::Damaged(_))), "{what}: {result:?}");
            go_on(&mut run, &what);
        }
    }
}

#[test]
fn going_back_and_running_again_at_every_step() {
    for made in 0..=steps() {
        for reach in 0..4 {
            let mut run = after(made);
            let what = format!("{reach} after {made} steps");
            let result = match reach {
                0 => run.rerun(Some("g"), None, json!({})),
                1 => run.rerun(Some("start"), None, json!({})),
                2 => run.rerun(Some("take"), None, json!({})),
                _ => run.migrate(&super::rollback::sample(), &[]),
            };
            let ended = after(made).state.status == InstanceStatus::Completed;
            if reach == 1 || reach == 3 {
                assert_eq!(result.is_ok(), !ended, "{what}: {result:?}");
            }
            go_on(&mut run, &what);
            assert_eq!(run.state.status, InstanceStatus::Completed, "{what}");
        }
    }
}

#[test]
fn pausing_around_every_step_gives_the_same_completions() {
    let mut plain = fresh();
    while one(&mut plain) {}
    for freeze in [true, false] {
        let mut run = fresh();
        let mut goes_on = true;
        while goes_on {
            run.step(Command::Pause { freeze }).unwrap();
            let moved = one(&mut run);
            run.step(Command::Resume).unwrap();
            // A frozen timer waits for the time after the pause.
            goes_on = moved || one(&mut run);
            if run.state.status.is_ended() {
                break;
            }
        }
        assert_eq!(run.completions(), plain.completions());
        assert_eq!(run.state.output, plain.state.output);
    }
}
