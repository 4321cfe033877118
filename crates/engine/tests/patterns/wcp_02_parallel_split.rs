//! WCP-2: one thread becomes several that run at once.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn both_are_active_before_either_completes() {
    in_every_order(&flow(&people("a b c"), "start>a a>b a>c b>done c>done"), json!({}), |run| {
        run.finish("a", json!(null));
        assert_eq!(run.at_work(), ["b", "c"]);
    });
}
