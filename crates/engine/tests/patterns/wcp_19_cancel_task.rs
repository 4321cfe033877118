//! WCP-19: withdraw one task that is enabled or at work.

use super::support::{flow, in_every_order, people};
use heddle_engine::kernel::{Command, CommandError};
use heddle_model::value::json;

#[test]
fn a_cancel_action_withdraws_it_and_its_late_answer_is_stale() {
    let nodes = people("a b c") + "id: stop, type: task, cancel: { nodes: [b] }";
    in_every_order(&flow(&nodes, "start>a start>b a>stop stop>done b>c c>done"), json!({}), |run| {
        let ix = run.plan.find("b").unwrap();
        let (&number, attempt) =
            run.state.live.iter().find(|(_, it)| it.node == ix).map(|(n, it)| (n, it.attempt)).unwrap();
        run.finish("a", json!(null));
        assert!(run.is_cancelled("b") && run.is_skipped("c"));
        assert!(run.effects.cancelled.contains(&number), "the running attempt gets a notice");
        assert!(run.is_completed());
        let late = Command::TaskEnded { number, attempt, result: Ok(Default::default()) };
        assert!(matches!(run.step(late), Err(CommandError::Stale)));
    });
}

#[test]
fn an_interrupting_boundary_event_withdraws_it_and_the_flow_goes_on_elsewhere() {
    let nodes = people("a b") + "
        id: changed, type: boundary, attached_to: a, config: { signal: { name: stop } }, output: { why: '${output.why}' }
        id: after, type: echo";
    in_every_order(&flow(&nodes, "start>a a>b b>done changed>after after>done"), json!({}), |run| {
        run.step(Command::Signal { name: "stop".into(), payload: json!({ "why": "late" }) }).unwrap();
        assert!(run.is_cancelled("a") && run.is_skipped("b"));
        assert_eq!(run.live(), ["after"]);
        assert_eq!(run.variable("why"), "late");
        run.finish_all("after");
        assert!(run.is_completed());
    });
}
