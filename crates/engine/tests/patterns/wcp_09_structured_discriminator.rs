//! WCP-9: the first branch goes on, the others are swallowed, and the join is reset after all.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn the_first_of_three_fires_and_the_others_are_swallowed() {
    let nodes = people("b c d") + "id: e, type: task, join: { n: 1 }";
    let yaml = flow(&nodes, "start>b start>c start>d b>e c>e d>e e>done");
    for order in ["b c d", "d b c", "c d b"] {
        in_every_order(&yaml, json!({}), |run| {
            let (first, rest) = order.split_once(' ').unwrap();
            run.finish(first, json!(null));
            assert_eq!(run.count("e"), 1);
            run.finish_all(rest);
            assert_eq!(run.count("e"), 1, "the others have no effect");
            assert!(run.is_completed());
        });
    }
}

#[test]
fn in_a_loop_it_fires_once_per_round() {
    let nodes = people("b c d")
        + "
        id: head, type: gateway, join: any
        id: e, type: echo, join: { n: 1 }, output: { round: '${round + 1}' }
        id: again, type: decision";
    let yaml = flow(&nodes, "start>head head>b head>c head>d b>e c>e d>e e>again again>head?round<2 again>done?else");
    in_every_order(&yaml, json!({ "round": 0 }), |run| {
        for round in 1..=2 {
            run.finish_all("c b d e");
            assert_eq!(run.count("e"), round);
        }
        assert!(run.is_completed());
    });
}
