//! WCP-16: the environment chooses; the other options vanish.

use super::support::{flow, in_every_order};
use heddle_engine::kernel::Command;
use heddle_model::value::json;

const NODES: &str = "
    id: choose, type: event_gateway
    id: paid, type: message, config: { name: payment }
    id: late, type: timer, config: { duration: 1h }
    id: ship, type: echo
    id: remind, type: echo";

fn yaml() -> String {
    flow(NODES, "start>choose choose>paid choose>late paid>ship late>remind ship>done remind>done")
}

fn payment() -> Command {
    Command::Message { name: "payment".into(), key: None, payload: json!({ "amount": 5 }), expires: None }
}

#[test]
fn the_message_wins_and_the_timer_is_gone_in_the_same_step() {
    in_every_order(&yaml(), json!({}), |run| {
        assert_eq!(run.state.subscriptions.len(), 2);
        run.step(payment()).unwrap();
        assert!(run.state.timers.is_empty() && run.state.subscriptions.is_empty());
        assert_eq!(run.live(), ["ship"]);
        assert!(run.is_skipped("remind") && run.is_skipped("late"));
        run.finish_all("ship");
        assert!(run.is_completed());
    });
}

#[test]
fn the_timer_wins_and_a_late_message_is_not_taken() {
    in_every_order(&yaml(), json!({}), |run| {
        run.advance(3_600_000);
        assert_eq!(run.live(), ["remind"]);
        run.step(payment()).unwrap();
        assert_eq!(run.live(), ["remind"]);
        assert!(run.is_skipped("ship"));
    });
}

#[test]
fn both_in_the_same_moment_are_exactly_one() {
    in_every_order(&yaml(), json!({}), |run| {
        let timer = *run.state.timers.keys().next().unwrap();
        run.now += 3_600_000;
        run.step(payment()).unwrap();
        assert!(run.step(Command::TimerDue(timer)).is_err(), "the timer lost");
        assert_eq!(run.live(), ["ship"]);
    });
}
