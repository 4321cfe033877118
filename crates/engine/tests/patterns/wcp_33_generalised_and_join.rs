//! WCP-33: an AND-join in places that are not safe: it remembers what is too many.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn two_over_each_way_fire_it_twice_in_any_order() {
    let nodes = people("a1 a2 b1 b2")
        + "
        id: a, type: gateway, join: any
        id: b, type: gateway, join: any
        id: d, type: task, join: all";
    let yaml = flow(&nodes, "start>a1 start>a2 start>b1 start>b2 a1>a a2>a b1>b b2>b a>d b>d d>done");
    for order in ["a1 a2 b1 b2", "a1 b1 a2 b2", "b1 b2 a2 a1"] {
        in_every_order(&yaml, json!({}), |run| {
            run.finish_all(order);
            assert_eq!(run.count("d"), 2);
            assert!(run.is_completed());
        });
    }
}
