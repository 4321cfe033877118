//! WCP-3: go on when all branches have completed.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn the_join_waits_for_the_last() {
    for join in ["join: all", "join: inclusive", "name: default"] {
        let nodes = people("b c") + &format!("id: d, type: echo, {join}");
        let yaml = flow(&nodes, "start>b start>c b>d c>d d>done");
        for order in ["b c", "c b"] {
            in_every_order(&yaml, json!({}), |run| {
                let (first, second) = order.split_once(' ').unwrap();
                run.finish(first, json!(null));
                assert_eq!(run.live(), [second], "{join}");
                run.finish_all(&format!("{second} d"));
                assert_eq!(run.count("d"), 1);
                assert!(run.is_completed());
            });
        }
    }
}
