//! WCP-7: join exactly the branches that the multi-choice opened.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn the_merge_runs_once_after_the_last_open_branch() {
    let nodes = people("a b c e") + "id: d, type: task, join: inclusive";
    let yaml = flow(&nodes, "start>a?x start>b?y start>c?z start>e?else a>d b>d c>d e>d d>done");
    for row in 0..8 {
        let [x, y, z] = [row & 4 != 0, row & 2 != 0, row & 1 != 0];
        in_every_order(&yaml, json!({ "x": x, "y": y, "z": z }), |run| {
            let open: Vec<String> = run.at_work().into_iter().map(str::to_owned).collect();
            for node in open {
                assert_eq!(run.count("d"), 0, "row {row:03b}: too early");
                run.finish(&node, json!(null));
            }
            assert_eq!(run.count("d"), 1, "row {row:03b}");
            assert!(run.is_completed());
        });
    }
}
