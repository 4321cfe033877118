//! WCP-37: join by what can still arrive, in an unstructured graph without loops.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn a_branch_that_ends_elsewhere_releases_the_join() {
    let nodes = people("a b c") + "id: fork, type: decision\nid: m, type: echo\nid: off, type: end";
    let yaml = flow(&nodes, "start>a start>b a>m b>fork fork>c?stay fork>off?else c>m m>done");
    for stay in [true, false] {
        in_every_order(&yaml, json!({ "stay": stay }), |run| {
            run.finish("a", json!(null));
            assert_eq!(run.live(), ["b"]);
            run.finish("b", json!(null));
            if stay {
                assert_eq!(run.live(), ["c"], "it can still come");
                run.finish("c", json!(null));
            }
            run.finish_all("m");
            assert_eq!(run.count("m"), 1);
            assert!(run.is_completed());
        });
    }
}
