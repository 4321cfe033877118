//! WCP-29: the first branch fires, the rest is cancelled.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn the_others_get_notice_and_the_join_is_reset_at_once() {
    let nodes = people("b c d other") + "id: e, type: echo, join: { n: 1, rest: cancel }";
    in_every_order(
        &flow(&nodes, "start>b start>c start>d start>other b>e c>e d>e e>done other>done"),
        json!({}),
        |run| {
            run.finish("c", json!(null));
            assert_eq!(run.at_work(), ["e", "other"], "what cannot reach the join goes on");
            assert!(run.is_cancelled("b") && run.is_cancelled("d"));
            assert_eq!(run.effects.cancelled.len(), 2);
            assert!(run.state.root.rounds.is_empty());
            run.finish_all("e other");
            assert!(run.is_completed());
        },
    );
}
