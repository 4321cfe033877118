//! WCP-32: n of m, and the rest is cancelled.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn two_of_four_cancel_the_other_two() {
    let nodes = people("a b c d") + "id: e, type: echo, join: { n: 2, rest: cancel }";
    in_every_order(&flow(&nodes, "start>a start>b start>c start>d a>e b>e c>e d>e e>done"), json!({}), |run| {
        run.finish_all("a c");
        assert_eq!(run.live(), ["e"]);
        assert!(run.is_cancelled("b") && run.is_cancelled("d"));
        run.finish_all("e");
        assert!(run.is_completed());
    });
}

#[test]
fn a_named_region_is_all_that_goes() {
    let nodes = people("a b c") + "id: e, type: echo, join: { n: 1, rest: cancel, region: { nodes: [b] } }";
    in_every_order(&flow(&nodes, "start>a start>b start>c a>e b>e c>e e>done"), json!({}), |run| {
        run.finish("a", json!(null));
        assert_eq!(run.at_work(), ["c", "e"]);
    });
}
