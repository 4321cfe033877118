//! WCP-23: an event that is lost if nobody waits for it.

use super::support::{flow, in_every_order, people};
use heddle_engine::kernel::{Command, Event};
use heddle_model::value::json;

#[test]
fn a_message_that_is_not_kept_is_dropped_and_the_journal_says_so() {
    let nodes = people("a") + "id: wait, type: message, config: { name: go, keep: none }";
    in_every_order(&flow(&nodes, "start>a a>wait wait>done"), json!({}), |run| {
        let go = || Command::Message { name: "go".into(), key: None, payload: json!(1), expires: None };
        run.step(go()).unwrap();
        assert!(run.events.iter().any(|(_, event)| matches!(event, Event::MessageDropped(_))));
        run.finish("a", json!(null));
        assert_eq!(run.live(), ["wait"], "it was lost");
        run.step(go()).unwrap();
        assert!(run.is_completed());
    });
}

#[test]
fn a_signal_reaches_only_those_who_wait_now() {
    let nodes =
        people("a") + "id: wait, type: signal, config: { name: go }\nid: other, type: signal, config: { name: go }";
    in_every_order(&flow(&nodes, "start>a start>other a>wait wait>done other>done"), json!({}), |run| {
        let go = || Command::Signal { name: "go".into(), payload: json!(null) };
        run.step(go()).unwrap();
        assert_eq!(run.count("other"), 1);
        run.finish("a", json!(null));
        assert_eq!(run.live(), ["wait"]);
        run.step(go()).unwrap();
        assert!(run.is_completed());
    });
}
