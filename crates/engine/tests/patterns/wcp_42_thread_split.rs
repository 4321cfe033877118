//! WCP-42: one thread becomes k in the same branch.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

#[test]
fn the_next_node_runs_k_times() {
    let nodes = "id: fan, type: task, split: { count: 4 }\nid: work, type: echo";
    in_every_order(&flow(nodes, "start>fan fan>work work>done"), json!({}), |run| {
        assert_eq!(run.live(), ["work"; 4]);
        run.finish_all("work work work work");
        assert_eq!((run.count("work"), run.count("done")), (4, 4));
        assert!(run.is_completed());
        let keys: std::collections::BTreeSet<u32> = run.effects.dispatches.iter().map(|it| it.iteration).collect();
        assert_eq!(keys.len(), 4, "each has a key of its own");
    });
}
