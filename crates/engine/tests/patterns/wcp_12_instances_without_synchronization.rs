//! WCP-12: start many, do not wait for them.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

#[test]
fn the_next_node_runs_before_the_items_end_and_the_instance_ends_after_them() {
    let nodes = "
        id: many, type: foreach, config: { items: '${list}', wait: false }, body: { nodes: [{ id: work, type: echo }], edges: [] }
        id: next, type: echo";
    in_every_order(&flow(nodes, "start>many many>next next>done"), json!({ "list": [1, 2, 3] }), |run| {
        assert_eq!(run.at_work(), ["many", "next", "work", "work", "work"]);
        run.finish_all("next");
        assert_eq!(run.count("done"), 1, "the flow is through");
        assert!(!run.is_completed(), "the items are waited for");
        run.finish_all("work work work");
        assert_eq!((run.count("work"), run.count("next")), (3, 1));
        assert!(run.is_completed());
    });
}
