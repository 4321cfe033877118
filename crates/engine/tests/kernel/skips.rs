//! SKIPPED is exact at every moment, in graphs with cycles too: what never ran and no position reaches, and nothing else (docs/semantics, A.6).

use super::harness::{Run, plan};
use heddle_engine::kernel::{Command, Order};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::{EdgeIx, NodeIx};
use heddle_model::value::json;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Every node that the flow can still come to, by the plainest search there is.
fn reached(run: &Run) -> BTreeSet<NodeIx> {
    let mut work: Vec<EdgeIx> = run.state.root.tokens.clone();
    for number in &run.state.root.live {
        let node = run.plan.node(run.state.live[number].node);
        work.extend(node.outgoing.iter().chain(&node.events));
    }
    let mut seen = BTreeSet::new();
    while let Some(edge) = work.pop() {
        let to = run.plan.edge(edge).to;
        if seen.insert(to) {
            let node = run.plan.node(to);
            work.extend(node.outgoing.iter().chain(&node.events));
        }
    }
    seen
}

fn check(run: &Run) {
    let reached = reached(run);
    for (ix, node) in run.plan.nodes() {
        match run.state.nodes.get(&ix) {
            None => assert!(reached.contains(&ix), "{} can never be reached any more, and is not SKIPPED", node.id),
            Some(record) if record.status == NodeStatus::Skipped && record.number.is_none() => {
                assert!(!reached.contains(&ix), "{} is SKIPPED, and may still be reached", node.id);
            }
            Some(_) => {}
        }
    }
}

/// From, to, and the variable that decides it.
type Ways = Vec<(usize, usize, usize)>;

/// A graph of tasks in which every way is conditional, some lead back, and each node has a default way to the next.
fn yaml(nodes: usize, ways: &Ways) -> String {
    let mut text = "\nname: skips\nnodes:\n  - { id: n0, type: start }\n".to_owned();
    for node in 1..nodes {
        let join = if node % 2 == 0 { "any" } else { "inclusive" };
        let split = if node % 3 == 0 { "all" } else { "one" };
        writeln!(text, "  - {{ id: n{node}, type: echo, split: {split}, join: {join} }}").unwrap();
    }
    writeln!(text, "  - {{ id: n{nodes}, type: end }}\nedges:").unwrap();
    for &(from, to, variable) in ways {
        writeln!(text, "  - {{ from: n{from}, to: n{to}, condition: '${{v{variable}}}' }}").unwrap();
    }
    for node in 0..nodes {
        let how = if ways.iter().any(|&(from, ..)| from == node) { ", default: true" } else { "" };
        writeln!(text, "  - {{ from: n{node}, to: n{}{how} }}", node + 1).unwrap();
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_skipped_is_what_no_position_reaches(
        (nodes, ways) in (3..14usize).prop_flat_map(|nodes| {
            let way = (1..nodes, 1..nodes + 1, 0..3usize);
            (Just(nodes), prop::collection::vec(way, 1..nodes * 2))
        }),
        picks in prop::collection::vec((any::<u16>(), any::<[bool; 3]>()), 1..30),
    ) {
        let mut ways = ways;
        ways.sort_unstable();
        ways.dedup_by_key(|way| (way.0, way.1));
        ways.retain(|&(from, to, _)| from != to && from + 1 != to);
        let input = json!({ "v0": true, "v1": false, "v2": true });
        let mut run = Run::start_plan(plan(&yaml(nodes, &ways)), input, Order::Fifo, 1);
        check(&run);
        for (pick, [v0, v1, v2]) in picks {
            if run.state.status != InstanceStatus::Running {
                break;
            }
            let live: Vec<String> = run.live().into_iter().map(str::to_owned).collect();
            // Two joins that wait for each other end here.
            let Some(node) = live.get(usize::from(pick) % live.len().max(1)) else { break };
            let patch = json!({ "v0": v0, "v1": v1, "v2": v2 });
            run.step(Command::SetVariables { patch: patch.as_object().unwrap().clone() }).unwrap();
            run.finish(node, json!(1));
            if run.state.status == InstanceStatus::Running {
                check(&run);
            }
        }
    }
}
