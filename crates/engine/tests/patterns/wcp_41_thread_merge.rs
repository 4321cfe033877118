//! WCP-41: k threads in one branch become one.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

fn yaml(threads: u32) -> String {
    let nodes = format!(
        "id: fan, type: task, split: {{ count: {threads} }}\nid: work, type: echo, join: any\nid: merge, type: task, join: {{ count: 3 }}"
    );
    flow(&nodes, "start>fan fan>work work>merge merge>done")
}

#[test]
fn three_become_one() {
    in_every_order(&yaml(3), json!({}), |run| {
        run.finish_all("work work");
        assert_eq!(run.count("merge"), 0);
        run.finish_all("work");
        assert_eq!((run.count("work"), run.count("merge"), run.count("done")), (3, 1, 1));
        assert!(run.is_completed());
    });
}

#[test]
fn of_five_two_stay_and_that_is_a_deadlock() {
    in_every_order(&yaml(5), json!({}), |run| {
        run.finish_all("work work work work work");
        assert_eq!(run.count("merge"), 1);
        assert_eq!(run.state.tokens(0).len(), 2);
        assert_eq!(run.incidents(), ["deadlock"]);
    });
}
