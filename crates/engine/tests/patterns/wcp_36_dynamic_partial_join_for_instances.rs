//! WCP-36: a condition is read after each instance, and instances may be added.

use super::support::{flow, in_every_order};
use heddle_engine::kernel::Command;
use heddle_model::value::json;

#[test]
fn it_stops_when_a_result_says_so() {
    let nodes = "
        id: many, type: foreach, config: { items: '${[1, 2]}', open: true, complete_when: '${results.exists(r, r == \"yes\")}', collect: '${nodes.work.output}' }, body: { nodes: [{ id: work, type: echo }], edges: [] }
        id: next, type: echo";
    in_every_order(&flow(nodes, "start>many many>next next>done"), json!({}), |run| {
        run.finish("work", json!("no"));
        run.step(Command::AddItems { node: "many".into(), items: vec![json!(3)] }).unwrap();
        assert_eq!(run.at_work(), ["many", "work", "work"]);
        run.finish("work", json!("yes"));
        assert_eq!(run.live(), ["next"], "the third is cancelled");
        run.finish_all("next");
        assert!(run.is_completed());
    });
}
