//! WCP-5: alternative branches come together without waiting.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn either_branch_goes_on_once() {
    let nodes = people("a b") + "id: choose, type: decision\nid: d, type: echo, join: any";
    let yaml = flow(&nodes, "start>choose choose>a?left choose>b?else a>d b>d d>done");
    for (left, taken) in [(true, "a"), (false, "b")] {
        in_every_order(&yaml, json!({ "left": left }), |run| {
            run.finish_all(&format!("{taken} d"));
            assert_eq!(run.count("d"), 1);
            assert!(run.is_completed());
        });
    }
}
