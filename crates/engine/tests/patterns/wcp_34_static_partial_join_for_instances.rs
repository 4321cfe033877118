//! WCP-34: n of m instances, then go on; the rest finish.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

#[test]
fn the_next_runs_after_two_and_the_others_still_complete() {
    let nodes = "
        id: many, type: foreach, config: { count: 4, complete_when: '${completed >= 2}', rest: leave }, body: { nodes: [{ id: work, type: echo }], edges: [] }
        id: next, type: echo";
    in_every_order(&flow(nodes, "start>many many>next next>done"), json!({}), |run| {
        run.finish_all("work work");
        assert_eq!(run.at_work(), ["many", "next", "work", "work"]);
        run.finish_all("next");
        assert!(!run.is_completed(), "the scope waits for the others");
        run.finish_all("work work");
        assert_eq!((run.count("work"), run.count("next")), (4, 1));
        assert!(run.is_completed());
    });
}
