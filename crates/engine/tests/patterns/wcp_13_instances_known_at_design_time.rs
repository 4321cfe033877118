//! WCP-13: a fixed number of instances, and wait for all.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

#[test]
fn three_times_then_the_next_once() {
    let nodes = "
        id: many, type: foreach, config: { count: 3 }, body: { nodes: [{ id: work, type: echo }], edges: [] }
        id: next, type: echo";
    in_every_order(&flow(nodes, "start>many many>next next>done"), json!({}), |run| {
        run.finish_all("work work");
        assert_eq!(run.count("next"), 0);
        assert_eq!(run.at_work(), ["many", "work"]);
        run.finish_all("work next");
        assert_eq!((run.count("work"), run.count("many"), run.count("next")), (3, 1, 1));
        assert!(run.is_completed());
    });
}
