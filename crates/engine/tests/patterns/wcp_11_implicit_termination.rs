//! WCP-11: the instance ends when nothing is left to do.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn it_ends_after_the_last_of_two_open_ends() {
    let nodes = people("a b") + "id: other, type: end";
    in_every_order(&flow(&nodes, "start>a start>b a>done b>other"), json!({}), |run| {
        run.finish("a", json!(null));
        assert!(!run.is_completed());
        run.finish("b", json!(null));
        assert!(run.is_completed());
    });
}
