//! Random graphs and random commands. The harness checks after every step that replay equals live, tokens are conserved and no
//! transition is illegal; here it is checked where runs end.

use super::harness::{Run, plan};
use heddle_engine::kernel::{Command, Order};
use heddle_engine::tasks::{ErrorClass, TaskError, TaskOutput};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::ScopeIx;
use heddle_model::value::{Map, json};
use proptest::prelude::*;
use std::fmt::Write;

#[derive(Debug, Clone)]
struct Dag {
    nodes: usize,
    /// From, to (from < to), and what decides it: always, a variable, or a variable's opposite.
    edges: Vec<(usize, usize, u8)>,
    variables: [bool; 3],
}

fn dag(max: usize) -> impl Strategy<Value = Dag> {
    (2..max, any::<[bool; 3]>()).prop_flat_map(|(nodes, variables)| {
        let edge =
            (0..nodes, 1..4usize, 0..7u8).prop_map(move |(from, span, kind)| (from, (from + span).min(nodes), kind));
        prop::collection::vec(edge, nodes..nodes * 2).prop_map(move |edges| Dag { nodes, edges, variables })
    })
}

impl Dag {
    /// Node 0 is the start; node `nodes` the end. Each node gets a way in and a way out, conditions get a default.
    fn yaml(&self) -> String {
        let mut edges = self.edges.clone();
        for node in 1..=self.nodes {
            if !edges.iter().any(|&(from, to, _)| to == node && from < node) {
                edges.push((node - 1, node, 0));
            }
        }
        for node in 0..self.nodes {
            if !edges.iter().any(|&(from, to, _)| from == node && to > node) {
                edges.push((node, self.nodes, 0));
            }
        }
        edges.retain(|&(from, to, _)| from < to);
        edges.sort_unstable();
        edges.dedup_by_key(|edge| (edge.0, edge.1));
        let mut text = "\nname: dag\nnodes:\n  - { id: n0, type: start }\n".to_owned();
        for node in 1..self.nodes {
            let kind = if node % 3 == 0 { "gateway" } else { "echo" };
            writeln!(text, "  - {{ id: n{node}, type: {kind} }}").unwrap();
        }
        writeln!(text, "  - {{ id: n{}, type: end }}\nedges:", self.nodes).unwrap();
        for (ix, &(from, to, kind)) in edges.iter().enumerate() {
            let last = edges.get(ix + 1).is_none_or(|next| next.0 != from);
            let alone = last && (ix == 0 || edges[ix - 1].0 != from);
            let how = match kind {
                _ if last && !alone => ", default: true".to_owned(),
                0 => String::new(),
                _ if alone => String::new(),
                1..=3 => format!(", condition: '${{v{}}}'", kind - 1),
                _ => format!(", condition: '${{!v{}}}'", kind - 4),
            };
            writeln!(text, "  - {{ from: n{from}, to: n{to}{how} }}").unwrap();
        }
        text
    }

    fn run(&self, exact: bool, order: Order, seed: u64) -> Run {
        self.run_with(exact, order, seed, true)
    }

    fn run_with(&self, exact: bool, order: Order, seed: u64, careful: bool) -> Run {
        let mut plan = plan(&self.yaml());
        assert!(plan.scope(ScopeIx::ROOT).counted);
        if exact {
            plan = plan.without_counting();
        }
        let [v0, v1, v2] = self.variables;
        let mut run = Run::start_plan(plan, json!({ "v0": v0, "v1": v1, "v2": v2 }), order, seed);
        run.careful = careful;
        let mut pick = seed;
        while run.state.status == InstanceStatus::Running {
            let live: Vec<String> = run.live().into_iter().map(str::to_owned).collect();
            assert!(!live.is_empty(), "stuck: {:?}", run.incidents());
            pick = pick.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            run.finish(&live[(pick >> 33) as usize % live.len()], json!(1));
        }
        run
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// docs/semantics A.13, 3 and 7: never stuck, never twice, the same nodes in every order; and counting dead edges is exact.
    #[test]
    fn acyclic_graphs_never_deadlock_and_counting_equals_the_exact_rule(dag in dag(24), seed in any::<u64>()) {
        let reference = dag.run(false, Order::Fifo, seed);
        prop_assert_eq!(reference.state.status, InstanceStatus::Completed);
        prop_assert!(reference.completions().values().all(|&count| count == 1));
        for (ix, _) in reference.plan.nodes() {
            prop_assert!(matches!(reference.state.node_status(ix), NodeStatus::Completed | NodeStatus::Skipped));
        }
        for (exact, order) in [(true, Order::Fifo), (false, Order::Lifo), (true, Order::Seeded), (false, Order::Seeded)] {
            let other = dag.run(exact, order, seed.wrapping_add(1));
            prop_assert_eq!(other.state.status, InstanceStatus::Completed);
            prop_assert_eq!(other.completions(), reference.completions());
            prop_assert_eq!(other.state.skipped, reference.state.skipped);
        }
    }

    /// Any command at any time: refused whole, or applied whole; and a terminate at the end always ends it.
    #[test]
    fn random_commands_keep_every_invariant(dag in dag(12), wishes in prop::collection::vec((0..12u8, any::<u16>()), 1..40), exact in any::<bool>()) {
        let mut plan = plan(&dag.yaml().replace("type: echo", "type: echo, retry: { max_attempts: 2, base_delay: 1s }"));
        if exact {
            plan = plan.without_counting();
        }
        let [v0, v1, v2] = dag.variables;
        let mut run = Run::start_plan(plan, json!({ "v0": v0, "v1": v1, "v2": v2 }), Order::Seeded, 1);
        for (wish, pick) in wishes {
            let (number, attempt, node) = match run.state.live.iter().chain(&run.state.suspended).nth(usize::from(pick) % (run.state.live.len() + run.state.suspended.len()).max(1)) {
                Some((&number, execution)) => (number, execution.attempt, run.plan.node(execution.node).id.to_string()),
                None => (0, 0, format!("n{}", usize::from(pick) % dag.nodes)),
            };
            let command = match wish {
                0..=3 => Command::TaskEnded { number, attempt, result: Ok(TaskOutput::value(json!(pick))) },
                4 => Command::TaskEnded { number, attempt, result: Err(TaskError::new(ErrorClass::System, "IO", "io")) },
                5 => Command::Pause { freeze: pick % 2 == 0 },
                6 => Command::Resume,
                7 => Command::Retry { node: None, variables: Map::new() },
                8 => Command::Skip { node, output: json!(null) },
                9 => Command::Complete { node, output: json!(1) },
                10 => Command::Recover,
                _ => {
                    run.advance(i64::from(pick));
                    continue;
                }
            };
            // Refusals are checked by the harness to have changed nothing.
            let _ = run.step(command);
        }
        if matches!(run.state.status, InstanceStatus::Running | InstanceStatus::Paused) {
            run.step(Command::Terminate { reason: String::new() }).unwrap();
            prop_assert!(run.state.root.tokens.is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// docs/semantics A.13, 3, at the size that it names.
    #[test]
    fn large_acyclic_graphs_run_every_node_at_most_once(dag in dag(200), seed in any::<u64>()) {
        let reference = dag.run_with(false, Order::Fifo, seed, false);
        reference.check();
        prop_assert_eq!(reference.state.status, InstanceStatus::Completed);
        prop_assert!(reference.completions().values().all(|&count| count == 1));
        for (exact, order) in [(true, Order::Lifo), (true, Order::Seeded)] {
            let other = dag.run_with(exact, order, seed.wrapping_add(1), false);
            prop_assert_eq!(other.completions(), reference.completions());
        }
    }
}
