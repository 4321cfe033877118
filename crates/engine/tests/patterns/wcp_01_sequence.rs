//! WCP-1: a task is enabled when the one before it has completed.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn each_follows_the_one_before() {
    in_every_order(&flow(&people("a b c"), "start>a a>b b>c c>done"), json!({}), |run| {
        for node in ["a", "b", "c"] {
            assert_eq!(run.live(), [node]);
            run.finish(node, json!(null));
        }
        assert!(run.is_completed());
        assert_eq!(run.trace(), ["start", "a", "b", "c", "done"]);
    });
}
