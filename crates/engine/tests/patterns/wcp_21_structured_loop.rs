//! WCP-21: while and repeat, with one entry and one exit.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

fn yaml(body: &str) -> String {
    flow(&format!("id: work, type: set, config: {{ n: '${{n + 1}}' }}, loop: {{ {body} }}"), "start>work work>done")
}

#[test]
fn while_repeat_and_max() {
    for (body, n, times) in [
        ("while: '${n < 3}'", 0, 3),
        ("while: '${n < 3}'", 5, 0),
        ("while: '${n < 3}', test: after", 5, 1),
        ("while: '${n < 3}', test: after", 0, 3),
        ("while: '${true}', max: 4", 0, 4),
        ("while: '${true}', test: after, max: 2", 0, 2),
    ] {
        in_every_order(&yaml(body), json!({ "n": n }), |run| {
            assert_eq!(run.count("work"), times, "{body}");
            assert!(run.is_completed());
            assert_eq!(run.is_skipped("work"), times == 0);
        });
    }
}

#[test]
fn a_scope_repeats_as_a_whole() {
    let nodes = "id: group, type: group, loop: { while: '${n < 2}' }, output: { n: '${n + 1}' }, body: { nodes: [{ id: inner, type: echo }], edges: [] }";
    in_every_order(&flow(nodes, "start>group group>done"), json!({ "n": 0 }), |run| {
        run.finish_all("inner inner");
        assert!(run.is_completed());
        assert_eq!((run.count("group"), run.count("inner")), (2, 2));
    });
}

#[test]
fn each_round_has_a_key_of_its_own() {
    let nodes = "id: work, type: echo, loop: { while: '${true}', max: 3 }";
    in_every_order(&flow(nodes, "start>work work>done"), json!({}), |run| {
        run.finish_all("work work work");
        let iterations: Vec<u32> = run.effects.dispatches.iter().map(|it| it.iteration).collect();
        assert_eq!(iterations, [0, 1, 2]);
        assert!(run.is_completed());
    });
}
