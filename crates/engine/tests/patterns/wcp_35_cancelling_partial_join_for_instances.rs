//! WCP-35: n of m instances, and the rest is cancelled.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

#[test]
fn the_rest_is_cancelled() {
    let nodes = "
        id: many, type: foreach, config: { count: 4, complete_when: '${completed >= 2}' }, body: { nodes: [{ id: work, type: echo }], edges: [] }
        id: next, type: echo";
    in_every_order(&flow(nodes, "start>many many>next next>done"), json!({}), |run| {
        run.finish_all("work work");
        assert_eq!(run.live(), ["next"]);
        assert_eq!(run.effects.cancelled.len(), 2);
        run.finish_all("next");
        assert!(run.is_completed());
    });
}
