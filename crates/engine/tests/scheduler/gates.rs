//! What may run at all: slots, rates, pauses. What may not blocks nobody else.

use super::support::{Work, about, limited, line, queue, rate, serve, workspace};
use heddle_engine::scheduler::{Limits, LimitsError, Scheduler, TypeLimits, WorkspaceLimits};
use heddle_model::ids::WorkflowId;

const SECOND: u64 = 1_000_000;

#[test]
fn no_more_run_than_there_are_slots_in_total_and_of_a_type() {
    let mut queue = limited(3, "slow", TypeLimits { slots: Some(1), ..TypeLimits::default() });
    let (slow, echo) = (line(&mut queue, "slow"), line(&mut queue, "echo"));
    (0..10).for_each(|number| queue.push(0, slow, about(1, 9), Work(number)));
    (10..20).for_each(|number| queue.push(0, echo, about(1, 5), Work(number)));
    let running: Vec<_> = std::iter::from_fn(|| queue.pop(0)).collect();
    assert_eq!(running.iter().map(|one| one.what.0).collect::<Vec<_>>(), [0, 10, 11], "the full type blocks nobody");
    assert_eq!(queue.running(), 3);
    queue.leave(0, running[1].ticket, 0);
    assert_eq!(queue.pop(0).unwrap().what, Work(12), "the slot of the slow one is still taken");
    queue.leave(0, running[0].ticket, 0);
    assert_eq!(queue.pop(0).unwrap().what, Work(1), "and the highest priority has it as soon as it is free");
}

#[test]
fn a_type_begins_no_more_often_than_its_rate() {
    let mut queue = limited(100, "http", TypeLimits { rate: rate(10.0, 2), ..TypeLimits::default() });
    let (http, echo) = (line(&mut queue, "http"), line(&mut queue, "echo"));
    (0..30).for_each(|number| queue.push(0, http, about(1, 9), Work(number)));
    queue.push(0, echo, about(1, 0), Work(100));
    assert_eq!(serve(&mut queue, 0, 100), [0, 1, 100]);
    let mut now = 0;
    let mut times = Vec::new();
    while let Some(at) = queue.wake_at(now) {
        assert!(at > now, "it wakes only when something may begin");
        now = at;
        let started = serve(&mut queue, now, 100);
        assert_eq!(started.len(), 1, "at {now}");
        times.push(now);
    }
    assert_eq!(times.len(), 28);
    assert_eq!((times[0], times[27]), (SECOND / 10, 28 * SECOND / 10));
}

#[test]
fn a_workspaces_rate_holds_back_nobody_elses_of_the_type() {
    let own =
        WorkspaceLimits { rates: [("http".to_owned(), rate(1.0, 1).unwrap())].into(), ..WorkspaceLimits::default() };
    let mut queue = Scheduler::new(Limits { workspaces: [(workspace(1), own)].into(), ..Limits::default() });
    let http = line(&mut queue, "http");
    (0..5).for_each(|number| queue.push(0, http, about(1, 9), Work(number)));
    (10..15).for_each(|number| queue.push(0, http, about(2, 0), Work(number)));
    assert_eq!(serve(&mut queue, 0, 100), [0, 10, 11, 12, 13, 14]);
    assert_eq!(queue.wake_at(0), Some(SECOND));
    assert_eq!(serve(&mut queue, SECOND, 100), [1]);
    assert_eq!(serve(&mut queue, 3 * SECOND, 100), [2], "a quiet time saves up no more than the burst");
    assert_eq!(serve(&mut queue, 4 * SECOND, 100), [3]);
}

#[test]
fn limits_change_while_it_runs() {
    let mut queue = limited(100, "http", TypeLimits { workspace_rate: rate(0.001, 1), ..TypeLimits::default() });
    let http = line(&mut queue, "http");
    (0..5).for_each(|number| queue.push(0, http, about(1, 5), Work(number)));
    assert_eq!(serve(&mut queue, 0, 100), [0]);
    queue.set_limits(0, Limits { slots: 2, ..Limits::default() }).unwrap();
    let running: Vec<_> = std::iter::from_fn(|| queue.pop(0)).collect();
    assert_eq!(running.iter().map(|one| one.what.0).collect::<Vec<_>>(), [1, 2]);
    assert!(matches!(queue.set_limits(0, Limits { slots: 0, ..Limits::default() }), Err(LimitsError::NoSlots(_))));
    assert_eq!(queue.limits().slots, 2, "what makes no sense changes nothing");
}

#[test]
fn a_paused_workflow_keeps_its_attempts_and_gets_them_back_in_order() {
    let mut queue = queue(1);
    let echo = line(&mut queue, "echo");
    let workflow = WorkflowId::from_u128(1);
    queue.pause_workflow(0, workflow, true);
    for number in 0..4 {
        queue.push(0, echo, about(1, 9), Work(number));
        queue.push(0, echo, about(2, 0), Work(10 + number));
    }
    assert_eq!(serve(&mut queue, 0, 100), [10, 11, 12, 13]);
    assert_eq!(queue.len(), 4);
    queue.pause_workflow(0, workflow, false);
    assert_eq!(serve(&mut queue, 0, 100), [0, 1, 2, 3]);
}

#[test]
fn a_pause_of_everything_or_of_a_type_keeps_what_is_ready() {
    let mut queue = queue(10);
    let (echo, http) = (line(&mut queue, "echo"), line(&mut queue, "http"));
    queue.push(0, echo, about(1, 5), Work(1));
    queue.push(0, http, about(1, 5), Work(2));
    queue.pause_all(true);
    assert!(queue.pop(0).is_none() && queue.wake_at(0).is_none());
    queue.pause_all(false);
    queue.pause_type("echo", true);
    assert_eq!(serve(&mut queue, 0, 10), [2]);
    queue.pause_type("echo", false);
    assert_eq!(serve(&mut queue, 0, 10), [1]);
    queue.pause_type("late", true);
    let late = line(&mut queue, "late");
    queue.push(0, late, about(1, 5), Work(3));
    assert!(queue.pop(0).is_none(), "a type that is first seen while it is paused is paused");
}
