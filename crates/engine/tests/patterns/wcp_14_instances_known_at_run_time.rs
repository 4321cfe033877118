//! WCP-14: the number is fixed by data before they start.

use super::support::{flow, in_every_order};
use heddle_engine::kernel::Command;
use heddle_model::value::{Value, json};

const NODES: &str = "
    id: many, type: foreach, config: { items: '${list}', as: one, collect: '${one * 10 + index}' }, body: { nodes: [{ id: work, type: echo }], edges: [] }, output: { results: '${output}' }";

#[test]
fn none_one_and_five_items() {
    for list in [json!([]), json!([7]), json!([1, 2, 3, 4, 5])] {
        let expected: Vec<Value> = list
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
            .map(|(i, n)| json!(n.as_i64().unwrap() * 10 + i as i64))
            .collect();
        in_every_order(&flow(NODES, "start>many many>done"), json!({ "list": list }), |run| {
            let count = list.as_array().unwrap().len();
            assert_eq!(run.live().iter().filter(|node| **node == "work").count(), count);
            (0..count).for_each(|_| run.finish("work", json!(null)));
            assert!(run.is_completed());
            assert_eq!(run.variable("results"), json!(expected));
        });
    }
}

#[test]
fn a_list_that_changes_meanwhile_has_no_effect() {
    in_every_order(&flow(NODES, "start>many many>done"), json!({ "list": [1, 2] }), |run| {
        run.step(Command::SetVariables { patch: json!({ "list": [1, 2, 3] }).as_object().unwrap().clone() }).unwrap();
        run.finish_all("work work");
        assert!(run.is_completed());
        assert_eq!(run.count("work"), 2);
    });
}
