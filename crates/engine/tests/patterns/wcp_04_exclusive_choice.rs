//! WCP-4: exactly one branch, by data.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

const NODES: &str = "
    id: choose, type: decision
    id: a, type: task
    id: b, type: task
    id: c, type: task";

#[test]
fn the_first_true_way_wins_and_the_default_comes_last() {
    let yaml = flow(NODES, "start>choose choose>a?x>10 choose>b?x>5 choose>c?else a>done b>done c>done");
    for (x, taken) in [(20, "a"), (7, "b"), (1, "c")] {
        in_every_order(&yaml, json!({ "x": x }), |run| {
            assert!(run.is_completed());
            for node in ["a", "b", "c"] {
                assert_eq!(run.count(node), usize::from(node == taken), "x = {x}: {node}");
                assert_eq!(run.is_skipped(node), node != taken);
            }
        });
    }
}

#[test]
fn no_true_way_and_no_default_is_an_incident() {
    let yaml = flow(NODES, "start>choose choose>a?x>10 choose>b?x>5 choose>c?x>3 a>done b>done c>done");
    in_every_order(&yaml, json!({ "x": 1 }), |run| assert_eq!(run.incidents(), ["no_path"]));
}
