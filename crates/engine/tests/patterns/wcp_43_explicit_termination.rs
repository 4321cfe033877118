//! WCP-43: reaching a given end stops the rest.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn the_other_branch_is_cancelled_and_the_instance_completed() {
    let nodes = people("a b") + "id: stop, type: end, config: { kind: terminate }";
    in_every_order(&flow(&nodes, "start>a start>b a>stop b>done"), json!({}), |run| {
        run.finish("a", json!(null));
        assert!(run.is_completed());
        assert!(run.is_cancelled("b"));
    });
}

fn in_a_group(all: &str) -> String {
    let body = format!(
        "body: {{ nodes: [{{ id: s, type: start }}, {{ id: x, type: echo }}, {{ id: y, type: echo }}, {{ id: stop, type: end, config: {{ kind: terminate{all} }} }}, {{ id: e, type: end }}], edges: [{{ from: s, to: x }}, {{ from: s, to: y }}, {{ from: x, to: stop }}, {{ from: y, to: e }}] }}"
    );
    let nodes = people("a next") + &format!("id: group, type: group, {body}");
    flow(&nodes, "start>a start>group group>next next>done a>done")
}

#[test]
fn inside_a_scope_it_completes_the_scope() {
    in_every_order(&in_a_group(""), json!({}), |run| {
        run.finish("x", json!(null));
        assert_eq!(run.at_work(), ["a", "next"]);
        assert!(run.is_cancelled("y"));
        run.finish_all("a next");
        assert!(run.is_completed());
    });
}

#[test]
fn all_reaches_up_to_the_root() {
    in_every_order(&in_a_group(", all: true"), json!({}), |run| {
        run.finish("x", json!(null));
        assert!(run.is_completed());
        assert!(run.is_cancelled("a") && run.is_cancelled("group"));
    });
}
