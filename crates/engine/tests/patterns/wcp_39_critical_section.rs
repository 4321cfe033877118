//! WCP-39: two sub-graphs never at the same time.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn the_scopes_do_not_overlap_and_the_first_that_came_goes_first() {
    let group = |id: &str| {
        format!(
            "id: {id}, type: group, mutex: desk, body: {{ nodes: [{{ id: {id}1, type: echo }}, {{ id: {id}2, type: echo }}], edges: [{{ from: {id}1, to: {id}2 }}] }}\n"
        )
    };
    let nodes = people("a b") + &group("p") + &group("q") + &group("r");
    in_every_order(&flow(&nodes, "start>a start>b a>p a>q b>r p>done q>done r>done"), json!({}), |run| {
        run.finish("b", json!(null));
        assert_eq!(run.at_work(), ["a", "r", "r1"]);
        run.finish_all("a r1");
        assert_eq!(run.at_work(), ["r", "r2"], "held from its start to its end");
        run.finish("r2", json!(null));
        for _ in 0..2 {
            let live = run.live();
            let inner: Vec<String> = live.iter().filter(|id| id.len() == 2).map(|id| (*id).to_owned()).collect();
            assert_eq!((live.len(), inner.len()), (2, 1), "{live:?}");
            run.finish(&inner[0], json!(null));
            let second = inner[0].replace('1', "2");
            run.finish(&second, json!(null));
        }
        assert!(run.is_completed());
        assert!(run.state.mutexes.is_empty());
    });
}

#[test]
fn permits_let_so_many_in() {
    let tasks: String =
        (0..5).map(|n| format!("id: t{n}, type: echo, mutex: {{ name: seats, permits: 2 }}\n")).collect();
    let edges: String = (0..5).map(|n| format!("start>t{n} t{n}>done ")).collect();
    in_every_order(&flow(&tasks, &edges), json!({}), |run| {
        for left in (1..=5).rev() {
            assert_eq!(run.live().len(), left.min(2));
            let next = run.live()[0].to_owned();
            run.finish(&next, json!(null));
        }
        assert!(run.is_completed());
    });
}
