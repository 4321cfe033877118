//! WCP-20: stop the whole instance.

use super::support::{flow, in_every_order, people};
use heddle_engine::kernel::Command;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::json;

const INNER: &str = "
    id: group, type: group, body: { nodes: [{ id: inner, type: echo }, { id: nap, type: wait, config: { ms: 9000 } }], edges: [] }
    id: letter, type: message, config: { name: never }";

#[test]
fn terminate_leaves_nothing_behind() {
    let nodes = people("a") + INNER;
    in_every_order(&flow(&nodes, "start>a start>group start>letter a>done group>done letter>done"), json!({}), |run| {
        assert_eq!(run.at_work(), ["a", "group", "inner", "letter", "nap"]);
        run.step(Command::Terminate { reason: "enough".into() }).unwrap();
        assert_eq!(run.state.status, InstanceStatus::Terminated);
        assert!(run.state.live.is_empty() && run.state.timers.is_empty() && run.state.subscriptions.is_empty());
        assert!(run.state.scopes.is_empty() && run.is_cancelled("inner") && run.is_cancelled("group"));
    });
}

#[test]
fn a_node_can_do_it_too() {
    let nodes = people("a") + INNER + "\nid: stop, type: task, cancel: { instance: true }";
    let edges = "start>a start>group start>letter a>stop stop>done group>done letter>done";
    in_every_order(&flow(&nodes, edges), json!({}), |run| {
        run.finish("a", json!(null));
        assert_eq!(run.state.status, InstanceStatus::Terminated);
        assert!(run.state.live.is_empty() && run.state.timers.is_empty() && run.state.scopes.is_empty());
    });
}
