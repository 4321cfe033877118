//! WCP-10: loops with several entries and exits.

use super::support::{flow, in_every_order};
use heddle_model::value::json;

#[test]
fn two_overlapping_loops_run_as_often_as_their_counters_say() {
    // a → b → c, back from b to a (outer counter) and from c to b (inner counter); the loops overlap in b.
    let nodes = "
        id: a, type: set, join: any, config: { a: '${a + 1}' }
        id: b, type: set, join: any, config: { b: '${b + 1}' }
        id: x, type: decision
        id: c, type: set, config: { c: '${c + 1}' }
        id: y, type: decision";
    let yaml = flow(nodes, "start>a a>b b>x x>a?a<3 x>c?else c>y y>b?c<4 y>done?else");
    in_every_order(&yaml, json!({ "a": 0, "b": 0, "c": 0 }), |run| {
        assert!(run.is_completed());
        assert_eq!((run.count("a"), run.count("b"), run.count("c")), (3, 6, 4));
    });
}

#[test]
fn a_loop_entered_in_the_middle() {
    let nodes = "
        id: enter, type: decision
        id: a, type: set, join: any, config: { n: '${n + 1}' }
        id: b, type: set, join: any, config: { m: '${m + 1}' }
        id: more, type: decision";
    let yaml = flow(nodes, "start>enter enter>a?top enter>b?else a>b b>more more>a?m<3 more>done?else");
    for (top, expected) in [(true, (3, 3)), (false, (2, 3))] {
        in_every_order(&yaml, json!({ "top": top, "n": 0, "m": 0 }), |run| {
            assert_eq!((run.count("a"), run.count("b")), expected);
            assert!(run.is_completed());
        });
    }
}
