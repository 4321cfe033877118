//! WCP-26: withdraw all instances of a task; nothing goes on.

use super::support::{flow, in_every_order, people};
use heddle_engine::kernel::Command;
use heddle_model::value::json;

const MANY: &str = "
    id: many, type: foreach, config: { count: 5 }, body: { nodes: [{ id: work, type: echo }], edges: [] }
    id: next, type: echo";

#[test]
fn by_command() {
    let nodes = people("a") + MANY;
    in_every_order(&flow(&nodes, "start>a start>many many>next next>done a>done"), json!({}), |run| {
        run.finish_all("work work");
        run.step(Command::Cancel { node: "many".into() }).unwrap();
        assert_eq!(run.live(), ["a"]);
        assert!(run.is_cancelled("many") && run.is_skipped("next"));
        assert_eq!(run.count("work"), 2);
        run.finish_all("a");
        assert!(run.is_completed());
    });
}

#[test]
fn by_an_action() {
    let nodes = people("a") + MANY + "\nid: stop, type: task, cancel: { nodes: [many] }";
    in_every_order(&flow(&nodes, "start>a start>many many>next next>done a>stop stop>done"), json!({}), |run| {
        run.finish_all("work work a");
        assert!(run.is_cancelled("many") && run.is_skipped("next"));
        assert!(run.is_completed() && run.state.scopes.is_empty());
    });
}
