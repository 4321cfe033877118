//! WCP-38: the same with loops: what may still reach the join holds it.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn a_loop_upstream_holds_the_join_until_it_is_left_towards_elsewhere() {
    let nodes = people("a b m")
        + "
        id: head, type: gateway, join: any
        id: again, type: decision
        id: off, type: end";
    let yaml = flow(
        &nodes,
        "start>a start>head head>b b>again again>head?way==\"round\" again>m?way==\"join\" again>off?else a>m m>done",
    );
    for way in ["join", "off"] {
        in_every_order(&yaml, json!({ "way": "round" }), |run| {
            run.finish("a", json!(null));
            for _ in 0..3 {
                run.finish("b", json!(null));
                assert_eq!(run.live(), ["b"], "it may still come");
            }
            let patch = json!({ "way": way }).as_object().unwrap().clone();
            run.step(heddle_engine::kernel::Command::SetVariables { patch }).unwrap();
            run.finish_all("b m");
            assert_eq!(run.count("m"), 1, "{way}");
            assert!(run.is_completed());
        });
    }
}

#[test]
fn joins_that_wait_for_each_other_open_the_deadlock_incident() {
    let nodes = people("a b") + "id: x, type: echo\nid: y, type: echo\nid: p, type: decision\nid: q, type: decision";
    let yaml = flow(&nodes, "start>a start>b a>x b>y x>p p>y?true p>done?else y>q q>x?true q>done?else");
    in_every_order(&yaml, json!({}), |run| {
        run.finish_all("a b");
        assert_eq!(run.incidents(), ["deadlock"]);
    });
}
