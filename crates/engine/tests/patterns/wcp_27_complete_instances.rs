//! WCP-27: force a multiple-instance task to complete, and go on.

use super::support::{flow, in_every_order};
use heddle_engine::kernel::Command;
use heddle_model::value::json;

#[test]
fn two_of_five_are_done_and_the_next_runs_once_with_their_results() {
    let nodes = "
        id: many, type: foreach, config: { items: '${[10, 20, 30, 40, 50]}', max_parallel: 3, collect: '${item}' }, body: { nodes: [{ id: work, type: echo }], edges: [] }, output: { results: '${output}' }
        id: next, type: echo";
    in_every_order(&flow(nodes, "start>many many>next next>done"), json!({}), |run| {
        run.finish_all("work work");
        run.step(Command::CompleteForeach { node: "many".into() }).unwrap();
        assert_eq!(run.live(), ["next"]);
        assert_eq!(run.variable("results"), json!([10, 20, null, null, null]));
        run.finish_all("next");
        assert_eq!((run.count("work"), run.count("next")), (2, 1));
        assert!(run.is_completed());
    });
}
