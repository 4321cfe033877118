//! WCP-25: withdraw a set of tasks anywhere.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn two_nodes_and_one_edge_go_and_the_others_are_untouched() {
    // w waits on its edge for x and y: that edge is part of the region.
    let nodes = people("a b c d x y")
        + "id: stop, type: task, cancel: { nodes: [b, c], edges: [x-w] }\nid: w, type: echo, join: all";
    let edges = "start>a start>b start>c start>d start>x start>y a>stop stop>done b>done c>done d>done x>w y>w w>done";
    in_every_order(&flow(&nodes, edges), json!({}), |run| {
        run.finish("x", json!(null));
        run.finish("a", json!(null));
        assert!(run.is_cancelled("b") && run.is_cancelled("c"));
        assert_eq!(run.at_work(), ["d", "y"]);
        let (edge, _) = run.plan.edges().find(|(_, edge)| &*edge.id == "x-w").unwrap();
        assert!(!run.state.tokens(0).contains(&edge), "the token before the join is gone");
        run.finish_all("d y");
        assert_eq!(run.incidents(), ["deadlock"], "the join misses the token that was withdrawn");
    });
}

#[test]
fn a_token_that_comes_later_runs_what_was_cancelled() {
    let nodes = people("a late") + "id: stop, type: task, cancel: { nodes: [b] }\nid: b, type: echo, join: any";
    in_every_order(&flow(&nodes, "start>a start>b start>late late>b a>stop stop>done b>done"), json!({}), |run| {
        run.finish("a", json!(null));
        assert!(run.is_cancelled("b"));
        run.finish_all("late b");
        assert!(run.is_completed());
    });
}

#[test]
fn everything_else_in_the_scope() {
    let nodes = people("a b")
        + "id: stop, type: task, cancel: { scope: true }\nid: group, type: group, body: { nodes: [{ id: inner, type: echo }], edges: [] }\nid: c, type: echo";
    in_every_order(
        &flow(&nodes, "start>a start>b start>group a>stop stop>c c>done b>done group>done"),
        json!({}),
        |run| {
            run.finish("a", json!(null));
            assert_eq!(run.live(), ["c"], "the split still happens");
            run.finish_all("c");
            assert!(run.is_completed());
        },
    );
}
