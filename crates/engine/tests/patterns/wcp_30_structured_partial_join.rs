//! WCP-30: n of m branches fire once, the rest is swallowed.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn two_of_four() {
    for n in ["2", "'${quorum}'"] {
        let nodes = people("a b c d") + &format!("id: e, type: echo, join: {{ n: {n} }}");
        in_every_order(
            &flow(&nodes, "start>a start>b start>c start>d a>e b>e c>e d>e e>done"),
            json!({ "quorum": 2 }),
            |run| {
                run.finish("d", json!(null));
                assert!(!run.live().contains(&"e"));
                run.finish("b", json!(null));
                assert!(run.live().contains(&"e"));
                run.finish_all("a e c");
                assert_eq!(run.count("e"), 1);
                assert!(run.is_completed());
            },
        );
    }
}

#[test]
fn more_than_can_come_is_a_deadlock() {
    let nodes = people("a b") + "id: e, type: echo, join: { n: 2 }";
    in_every_order(&flow(&nodes, "start>a start>b?false a>e b>e e>done"), json!({}), |run| {
        run.finish("a", json!(null));
        assert_eq!(run.incidents(), ["deadlock"]);
    });
}
