//! WCP-18: a task may run only while the instance is in a given state.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

fn yaml() -> String {
    let nodes = people("a open close b") + "id: offer, type: echo, guard: '${active(\"open\")}'";
    flow(&nodes, "start>a start>b a>open open>close close>done b>offer offer>done")
}

#[test]
fn before_the_milestone_it_waits_and_inside_it_runs() {
    in_every_order(&yaml(), json!({}), |run| {
        run.finish("b", json!(null));
        assert_eq!(run.live(), ["a"], "the milestone is not reached");
        run.finish("a", json!(null));
        assert_eq!(run.at_work(), ["offer", "open"]);
        run.finish("open", json!(null));
        run.finish_all("offer close");
        assert!(run.is_completed(), "once started it goes on");
    });
}

#[test]
fn after_the_milestone_it_never_starts() {
    in_every_order(&yaml(), json!({}), |run| {
        run.finish_all("a open b close");
        assert_eq!(run.count("offer"), 0);
        assert!(!run.is_completed());
        assert_eq!(run.incidents(), ["deadlock"]);
    });
}
