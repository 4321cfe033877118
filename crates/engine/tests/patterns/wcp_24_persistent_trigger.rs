//! WCP-24: an event that is kept until it is used.

use super::support::{flow, in_every_order, people};
use heddle_engine::kernel::Command;
use heddle_model::value::json;

fn go(n: u32) -> Command {
    Command::Message { name: "go".into(), key: None, payload: json!(n), expires: None }
}

#[test]
fn what_was_sent_before_is_taken_at_once() {
    let nodes = people("a") + "id: wait, type: message, config: { name: go }, output: { got: '${output}' }";
    in_every_order(&flow(&nodes, "start>a a>wait wait>done"), json!({}), |run| {
        run.step(go(7)).unwrap();
        run.finish("a", json!(null));
        assert!(run.is_completed());
        assert_eq!(run.variable("got"), 7);
    });
}

#[test]
fn two_messages_serve_two_receivers() {
    let nodes = people("a b")
        + "id: first, type: message, config: { name: go }\nid: second, type: message, config: { name: go, keep: persistent }";
    in_every_order(&flow(&nodes, "start>a start>b a>first b>second first>done second>done"), json!({}), |run| {
        run.step(go(1)).unwrap();
        run.step(go(2)).unwrap();
        run.finish("a", json!(null));
        assert_eq!((run.count("first"), run.count("second")), (1, 0));
        run.finish("b", json!(null));
        assert!(run.is_completed());
        assert!(run.state.mailbox.is_empty());
    });
}

#[test]
fn the_key_decides_who_takes_it_and_time_takes_what_nobody_wants() {
    let nodes = people("a") + "id: wait, type: message, config: { name: go, key: '${order}', keep: 10s }";
    in_every_order(&flow(&nodes, "start>a a>wait wait>done"), json!({ "order": 5 }), |run| {
        let keyed = |key: &str| Command::Message {
            name: "go".into(),
            key: Some(key.into()),
            payload: json!(null),
            expires: None,
        };
        run.step(keyed("5")).unwrap();
        run.advance(11_000);
        run.finish("a", json!(null));
        assert_eq!(run.live(), ["wait"], "it had expired");
        run.step(keyed("6")).unwrap();
        assert_eq!(run.live(), ["wait"], "another order's");
        run.step(keyed("5")).unwrap();
        assert!(run.is_completed());
    });
}
