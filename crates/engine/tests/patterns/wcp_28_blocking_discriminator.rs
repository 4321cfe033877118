//! WCP-28: as WCP-9, and safe in loops: the next round waits.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn a_fast_branch_twice_does_not_fire_twice_before_the_reset() {
    // Two sources feed each way into e, so that a second token can come over one way before the first over the others.
    let nodes = people("b1 b2 c1 c2")
        + "
        id: b, type: gateway, join: any
        id: c, type: gateway, join: any
        id: e, type: echo, join: { n: 1 }";
    in_every_order(
        &flow(&nodes, "start>b1 start>b2 start>c1 start>c2 b1>b b2>b c1>c c2>c b>e c>e e>done"),
        json!({}),
        |run| {
            run.finish_all("b1 e");
            run.finish("b2", json!(null));
            assert_eq!(run.count("e"), 1);
            assert!(!run.live().contains(&"e"), "the second token of b waits for the next round");
            run.finish("c1", json!(null));
            assert!(run.live().contains(&"e"), "c closed the first round; the waiting token opened the second");
            run.finish_all("e c2");
            assert_eq!(run.count("e"), 2);
            assert!(run.is_completed());
        },
    );
}
