//! WCP-6: one or more branches, by data.

use super::support::{flow, in_every_order, people};
use heddle_model::value::json;

#[test]
fn every_row_of_the_truth_table() {
    let yaml = flow(&people("a b c d"), "start>a?x start>b?y start>c?z start>d?else a>done b>done c>done d>done");
    for row in 0..8 {
        let [x, y, z] = [row & 4 != 0, row & 2 != 0, row & 1 != 0];
        in_every_order(&yaml, json!({ "x": x, "y": y, "z": z }), |run| {
            let expected: Vec<&str> = [("a", x), ("b", y), ("c", z), ("d", row == 0)]
                .into_iter()
                .filter(|(_, taken)| *taken)
                .map(|(node, _)| node)
                .collect();
            assert_eq!(run.at_work(), expected, "row {row:03b}");
        });
    }
}
