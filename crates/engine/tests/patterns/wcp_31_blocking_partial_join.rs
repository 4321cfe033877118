//! WCP-31: as WCP-30, and the next round waits.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn a_second_round_waits_for_the_reset() {
    let nodes = people("a1 a2 b1 b2 c1 c2")
        + "
        id: a, type: gateway, join: any
        id: b, type: gateway, join: any
        id: c, type: gateway, join: any
        id: e, type: echo, join: { n: 2 }";
    let edges =
        "start>a1 start>a2 start>b1 start>b2 start>c1 start>c2 a1>a a2>a b1>b b2>b c1>c c2>c a>e b>e c>e e>done";
    in_every_order(&flow(&nodes, edges), json!({}), |run| {
        run.finish_all("a1 b1 e a2 b2");
        assert_eq!(run.count("e"), 1);
        assert!(!run.live().contains(&"e"));
        run.finish("c1", json!(null));
        assert!(run.live().contains(&"e"), "the round is closed; two tokens of the next were waiting");
        run.finish_all("e c2");
        assert_eq!(run.count("e"), 2);
        assert!(run.is_completed());
    });
}
