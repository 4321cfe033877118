//! Who goes first.

use super::support::{Work, about, line, queue, serve, workspace};
use heddle_engine::scheduler::{About, Limits, Scheduler, WorkspaceLimits};
use heddle_model::ids::InstanceId;
use heddle_model::limits::{AGEING_TURN, FEEDBACK_INSTANCE, FEEDBACK_WORKFLOW};

const TURN: usize = AGEING_TURN as usize;

#[test]
fn nine_goes_before_zero_and_equals_in_the_order_in_which_they_came() {
    let mut queue = queue(1);
    let echo = line(&mut queue, "echo");
    for (number, priority) in [0, 5, 9, 5, 9].into_iter().enumerate() {
        queue.push(0, echo, about(1, priority), Work(number as u64));
    }
    assert_eq!(serve(&mut queue, 0, 10), [2, 4, 1, 3, 0]);
    assert!(queue.is_empty());
}

#[test]
fn a_flood_of_one_workspace_delays_anothers_few_by_one_start_each() {
    let mut queue = queue(1);
    let echo = line(&mut queue, "echo");
    for number in 0..100_000 {
        queue.push(0, echo, About { instance: InstanceId::from_u128(u128::from(number)), ..about(1, 5) }, Work(number));
    }
    // Some of the flood have been served when the others come.
    serve(&mut queue, 0, 1_000);
    // The few are of the same heavy workflow: nothing but fairness helps them.
    let heavy = About { workspace: workspace(2), ..about(1, 5) };
    (0..5).for_each(|number| queue.push(0, echo, heavy, Work(200_000 + number)));
    let started = serve(&mut queue, 0, 5 * 2);
    assert_eq!(started.iter().filter(|number| **number >= 200_000).count(), 5, "{started:?}");
}

#[test]
fn even_a_flood_of_the_highest_priority_delays_anothers_lowest_by_a_bound() {
    let mut queue = queue(1);
    let echo = line(&mut queue, "echo");
    (0..100_000).for_each(|number| queue.push(0, echo, about(1, 9), Work(number)));
    (0..5).for_each(|number| queue.push(0, echo, about(2, 0), Work(200_000 + number)));
    let started = serve(&mut queue, 0, 5 * TURN);
    assert_eq!(started.iter().filter(|number| **number >= 200_000).count(), 5);
}

#[test]
fn twice_the_weight_gets_twice_the_starts() {
    let heavy = WorkspaceLimits { weight: 3, ..WorkspaceLimits::default() };
    let workspaces = [(workspace(1), heavy)].into();
    let mut queue = Scheduler::new(Limits { slots: 1, workspaces, ..Limits::default() });
    let echo = line(&mut queue, "echo");
    for number in 0..1_000 {
        queue.push(0, echo, about(1, 5), Work(number));
        queue.push(0, echo, about(2, 5), Work(10_000 + number));
    }
    let started = serve(&mut queue, 0, 400);
    let of_heavy = started.iter().filter(|number| **number < 10_000).count();
    assert!((295..=305).contains(&of_heavy), "{of_heavy} of 400");
}

#[test]
fn an_instance_that_pushes_much_sinks_below_one_that_pushes_little() {
    let mut queue = queue(1);
    let echo = line(&mut queue, "echo");
    let instance = |n| About { instance: InstanceId::from_u128(n), ..about(1, 5) };
    (0..10_000).for_each(|number| queue.push(0, echo, instance(1), Work(number)));
    queue.push(0, echo, instance(2), Work(20_000));
    let place = serve(&mut queue, 0, 10_001).iter().position(|number| *number == 20_000).unwrap();
    // Only what the first one pushed while it was light goes before, and the turns of the heavy.
    assert!(place < FEEDBACK_INSTANCE[0] as usize + FEEDBACK_INSTANCE[0] as usize / 4, "{place}");
}

#[test]
fn a_workflow_that_holds_slots_long_sinks_below_a_short_one() {
    let mut queue = queue(1);
    let echo = line(&mut queue, "echo");
    queue.push(0, echo, about(1, 5), Work(0));
    let long = queue.pop(0).unwrap();
    queue.leave(0, long.ticket, FEEDBACK_WORKFLOW[0]);
    queue.push(0, echo, About { instance: InstanceId::from_u128(77), ..about(1, 5) }, Work(1));
    queue.push(0, echo, about(2, 5), Work(2));
    assert_eq!(serve(&mut queue, 0, 2), [2, 1]);
}

#[test]
fn a_type_that_was_closed_has_no_claim_to_what_others_used_meanwhile() {
    let mut queue = queue(1);
    let (slow, echo) = (line(&mut queue, "slow"), line(&mut queue, "echo"));
    queue.pause_type("slow", true);
    (0..1_000).for_each(|number| queue.push(0, slow, about(1, 5), Work(number)));
    (0..5_000).for_each(|number| queue.push(0, echo, about(2, 5), Work(10_000 + number)));
    serve(&mut queue, 0, 4_000);
    queue.pause_type("slow", false);
    let started = serve(&mut queue, 0, 200);
    let of_echo = started.iter().filter(|number| **number >= 10_000).count();
    assert!((80..=120).contains(&of_echo), "{of_echo} of 200");
}

#[test]
fn what_nobody_wants_any_more_takes_no_slot() {
    let mut queue = queue(1);
    let echo = line(&mut queue, "echo");
    queue.push(0, echo, about(1, 9), Work(1_000_000));
    queue.push(0, echo, about(1, 5), Work(1));
    assert_eq!(queue.pop(0).unwrap().what, Work(1));
    assert!(queue.is_empty());
}
