//! WCP-8: each arriving thread goes on by itself.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn two_of_three_branches_run_the_merge_twice() {
    let nodes = people("a b c") + "id: d, type: echo, join: any";
    let yaml = flow(&nodes, "start>a?true start>b?true start>c?false a>d b>d c>d d>done");
    in_every_order(&yaml, json!({}), |run| {
        run.finish_all("a b");
        assert_eq!(run.live(), ["d", "d"], "both at once, each by itself");
        run.finish_all("d d");
        assert_eq!((run.count("d"), run.count("done")), (2, 2));
        assert!(run.is_completed());
    });
}
