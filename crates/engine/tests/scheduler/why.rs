//! Why something is queued.

use super::support::{Work, about, limited, line, queue, rate};
use heddle_engine::scheduler::{Ahead, Blocked, TypeLimits};
use heddle_model::ids::WorkflowId;

#[test]
fn it_says_how_many_are_ahead_at_most() {
    let mut queue = queue(1);
    let (echo, http) = (line(&mut queue, "echo"), line(&mut queue, "http"));
    queue.push(0, echo, about(1, 9), Work(0));
    queue.push(0, echo, about(1, 5), Work(1));
    queue.push(0, http, about(2, 5), Work(2));
    queue.push(0, echo, about(1, 5), Work(3));
    queue.push(0, echo, about(1, 0), Work(4));
    let queued = queue.why(0, |work| work.0 == 3).unwrap();
    assert_eq!((queued.task_type.as_str(), queued.priority, queued.level), ("echo", 5, 0));
    assert_eq!(queued.ahead, Ahead { attempts: 3, of_type: 2, of_workspace: 1 });
    assert_eq!(queued.blocked, []);
    assert_eq!(queue.why(0, |work| work.0 == 0).unwrap().ahead, Ahead::default());
    assert_eq!(queue.why(0, |work| work.0 == 4).unwrap().ahead.attempts, 4);
    assert_eq!(queue.why(0, |work| work.0 == 9), None);
}

#[test]
fn it_names_each_thing_that_holds_an_attempt_back() {
    let limits = TypeLimits { slots: Some(1), rate: rate(1.0, 1), workspace_rate: rate(0.5, 1) };
    let mut queue = limited(1, "http", limits);
    let http = line(&mut queue, "http");
    queue.push(0, http, about(1, 5), Work(0));
    queue.push(0, http, about(1, 5), Work(1));
    let running = queue.pop(0).unwrap();
    queue.pause_all(true);
    queue.pause_type("http", true);
    queue.pause_workflow(0, WorkflowId::from_u128(1), true);
    let words = |queue: &super::support::Queue, now| -> Vec<&'static str> {
        let queued = queue.why(now, |work| work.0 == 1).unwrap();
        queued.blocked.iter().map(Blocked::as_str).collect()
    };
    assert_eq!(
        words(&queue, 0),
        ["engine_paused", "type_paused", "workflow_paused", "slots", "type_slots", "rate", "workspace_rate"]
    );
    queue.pause_all(false);
    queue.pause_type("http", false);
    queue.pause_workflow(0, WorkflowId::from_u128(1), false);
    queue.leave(0, running.ticket, 0);
    assert_eq!(words(&queue, 0), ["rate", "workspace_rate"]);
    assert!(queue.pop(1_200_000).is_none(), "the type may begin again, the workspace not yet");
    let parked = queue.why(1_200_000, |work| work.0 == 1).unwrap();
    assert_eq!(parked.blocked, [Blocked::WorkspaceRate { opens_in_ms: 800 }]);
    assert_eq!(queue.pop(2_000_000).unwrap().what, Work(1));
}
