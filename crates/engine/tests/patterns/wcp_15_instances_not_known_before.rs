//! WCP-15: instances are added while others run.

use super::support::{flow, in_every_order};
use heddle_engine::kernel::{Command, CommandError};
use heddle_model::value::json;

#[test]
fn one_is_added_late_and_none_after_close() {
    let nodes = "
        id: many, type: foreach, config: { items: '${list}', open: true, collect: '${item}' }, body: { nodes: [{ id: work, type: echo }], edges: [] }, output: { results: '${output}' }";
    in_every_order(&flow(nodes, "start>many many>done"), json!({ "list": ["a", "b"] }), |run| {
        run.finish_all("work work");
        assert_eq!(run.live(), ["many"], "open: it waits for more");
        run.step(Command::AddItems { node: "many".into(), items: vec![json!("c")] }).unwrap();
        assert_eq!(run.at_work(), ["many", "work"]);
        run.step(Command::CloseItems { node: "many".into() }).unwrap();
        let late = Command::AddItems { node: "many".into(), items: vec![json!("d")] };
        assert!(matches!(run.step(late), Err(CommandError::Nothing(_))));
        run.finish_all("work");
        assert!(run.is_completed());
        assert_eq!(run.variable("results"), json!(["a", "b", "c"]));
    });
}
