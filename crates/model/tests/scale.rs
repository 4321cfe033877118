//! Ten thousand nodes are read, validated and written in time that grows with their number, not with its square.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_model::diagnostic::has_errors;
use heddle_model::format::{Format, parse, to_json, to_yaml};
use heddle_model::plan::Plan;
use heddle_model::validate::{TaskTypes, examine, validate};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// A chain of forks that meet again, each with a decision, and a way back every hundred.
fn large(nodes: usize) -> String {
    let mut text = String::from("name: large\nvariables: { n: 0 }\nnodes:\n  - { id: start, type: start }\n");
    let mut edges = String::from("edges:\n");
    let mut last = "start".to_owned();
    for block in 0..nodes / 5 {
        writeln!(text, "  - {{ id: choose-{block}, type: decision, join: any }}").unwrap();
        writeln!(text, "  - {{ id: a-{block}, type: echo, config: {{ value: \"${{n + {}}}\" }} }}", block % 50)
            .unwrap();
        writeln!(text, "  - {{ id: b-{block}, type: log, config: {{ message: block {block} }} }}").unwrap();
        writeln!(text, "  - {{ id: c-{block}, type: delay, config: {{ duration: 5s }} }}").unwrap();
        writeln!(text, "  - {{ id: meet-{block}, type: gateway, join: all }}").unwrap();
        writeln!(edges, "  - {{ from: {last}, to: choose-{block} }}").unwrap();
        writeln!(edges, "  - {{ from: choose-{block}, to: a-{block}, condition: \"${{n > {}}}\" }}", block % 50)
            .unwrap();
        writeln!(edges, "  - {{ from: choose-{block}, to: c-{block}, default: true }}").unwrap();
        writeln!(edges, "  - {{ from: c-{block}, to: a-{block} }}").unwrap();
        writeln!(edges, "  - {{ from: a-{block}, to: b-{block} }}").unwrap();
        writeln!(edges, "  - {{ from: a-{block}, to: meet-{block} }}").unwrap();
        writeln!(edges, "  - {{ from: b-{block}, to: meet-{block} }}").unwrap();
        last = format!("meet-{block}");
    }
    writeln!(text, "  - {{ id: end, type: end }}").unwrap();
    writeln!(edges, "  - {{ from: {last}, to: end }}").unwrap();
    text + &edges
}

fn times(nodes: usize) -> [Duration; 4] {
    let text = large(nodes);
    let types = TaskTypes::builtin();
    let begun = Instant::now();
    let parsed = parse(&text, Format::Yaml);
    let read = begun.elapsed();
    let definition = parsed.definition.clone().unwrap();
    let begun = Instant::now();
    let found = validate(&definition, Some(&parsed.source), &types);
    let validated = begun.elapsed();
    assert!(!has_errors(&found), "{:?}", found.first());
    assert!(!has_errors(&examine(parsed, &types).1));
    let begun = Instant::now();
    assert_eq!(parse(to_yaml(&definition), Format::Yaml).definition.as_ref(), Some(&definition));
    let round = begun.elapsed();
    assert_eq!(parse(to_json(&definition).to_string(), Format::Json).definition.as_ref(), Some(&definition));
    let begun = Instant::now();
    Plan::compile(&definition).unwrap();
    [read, validated, round, begun.elapsed()]
}

#[test]
fn ten_thousand_nodes() {
    let best = |nodes| {
        let (first, second) = (times(nodes), times(nodes));
        std::array::from_fn::<Duration, 4, _>(|step| first[step].min(second[step]))
    };
    let (small, large) = (best(1_000), best(10_000));
    println!("read, validate, round trip, plan: {small:?} for 1,000; {large:?} for 10,000");
    for (small, large) in small.into_iter().zip(large) {
        // Ten times the nodes: a hundred times the time would be a square. The rest is room for a busy machine.
        assert!(large < small.max(Duration::from_millis(5)) * 60, "{small:?} for 1,000 nodes, {large:?} for 10,000");
    }
}
