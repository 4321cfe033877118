//! WCP-40: a set of tasks in any order, never two at once.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

#[test]
fn all_run_once_and_none_overlap() {
    let tasks: String = ["a", "b", "c", "d"].map(|id| format!("id: {id}, type: echo, mutex: m\n")).concat();
    let yaml = flow(&tasks, "start>a start>b start>c start>d a>done b>done c>done d>done");
    in_every_order(&yaml, json!({}), |run| {
        for _ in 0..4 {
            assert_eq!(run.live().len(), 1);
            let only = run.live()[0].to_owned();
            run.finish(&only, json!(null));
        }
        assert!(["a", "b", "c", "d"].iter().all(|node| run.count(node) == 1));
        assert!(run.is_completed());
    });
}
