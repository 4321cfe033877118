//! WCP-17: a partial order, and never two at once.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

#[test]
fn none_overlap_and_the_order_within_a_branch_is_kept() {
    // a before b; c free of both; one mutex.
    let nodes = "
        id: a, type: echo, mutex: m
        id: b, type: echo, mutex: m
        id: c, type: echo, mutex: m";
    in_every_order(&flow(nodes, "start>a start>c a>b b>done c>done"), json!({}), |run| {
        while run.live().len() == 1 {
            let only = run.live()[0].to_owned();
            run.finish(&only, json!(null));
        }
        assert!(run.is_completed(), "{:?}", run.live());
        let trace = run.trace();
        let place = |node: &str| trace.iter().position(|done| done == node).unwrap();
        assert!(place("a") < place("b"));
        assert!(["a", "b", "c"].iter().all(|node| run.count(node) == 1));
    });
}
