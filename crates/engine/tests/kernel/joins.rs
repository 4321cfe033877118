//! Join rules, in acyclic graphs and in loops.

use super::harness::{Run, plan};
use heddle_engine::kernel::{Command, Order};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::ScopeIx;
use heddle_model::value::json;

fn graph(nodes: &str, edges: &str) -> String {
    let edges: String = edges
        .split_whitespace()
        .map(|edge| {
            let mut parts = edge.split(['>', '?']);
            let (from, to) = (parts.next().unwrap(), parts.next().unwrap());
            let rest = match parts.next() {
                None => String::new(),
                Some("else") => ", default: true".to_owned(),
                Some(condition) => format!(", condition: '${{{condition}}}'"),
            };
            format!("  - {{ from: {from}, to: {to}{rest} }}\n")
        })
        .collect();
    format!(
        "\nname: graph\nnodes:\n  - {{ id: start, type: start }}\n{nodes}  - {{ id: done, type: end }}\nedges:\n{edges}"
    )
}

fn echo(ids: &str) -> String {
    ids.split_whitespace().map(|id| format!("  - {{ id: {id}, type: echo }}\n")).collect()
}

#[test]
fn any_runs_once_per_token() {
    let nodes = echo("a b") + "  - { id: m, type: set, join: any, config: { x: 1 } }\n";
    let mut run = Run::start(&graph(&nodes, "start>a start>b a>m b>m m>done"), json!({}));
    assert!(!run.plan.scope(ScopeIx::ROOT).counted);
    run.finish("a", json!(1));
    assert_eq!(run.completions()["m"], 1);
    run.finish("b", json!(1));
    assert_eq!(run.completions()["m"], 2);
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn all_with_a_dead_edge_is_a_deadlock_that_names_itself() {
    let nodes = echo("a b") + "  - { id: m, type: set, join: all, config: { x: 1 } }\n";
    let mut run = Run::start(&graph(&nodes, "start>a?go start>b?true a>m b>m m>done"), json!({ "go": false }));
    run.finish("b", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Running);
    assert_eq!(run.incidents(), ["deadlock"]);
    let message = &run.state.incidents.values().next().unwrap().message;
    assert!(message.contains("`m` waits for a->m"), "{message}");
    run.step(Command::Skip { node: "m".into(), output: json!(null) }).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn a_branch_that_ends_elsewhere_releases_the_join() {
    let nodes =
        echo("a b c") + "  - { id: fork, type: decision }\n  - { id: m, type: echo }\n  - { id: off, type: end }\n";
    for exact in [false, true] {
        let mut plan = plan(&graph(&nodes, "start>a start>b a>m b>fork fork>c?stay fork>off?else c>m m>done"));
        if exact {
            plan = plan.without_counting();
        }
        let mut run = Run::start_plan(plan, json!({ "stay": false }), Order::Fifo, 1);
        run.finish("a", json!(1));
        assert_eq!(run.live(), ["b"], "the join waits for what may still come");
        run.finish("b", json!(1));
        assert_eq!(run.live(), ["m"]);
        assert_eq!(run.status("c"), NodeStatus::Skipped);
        run.finish("m", json!(1));
        assert_eq!(run.state.status, InstanceStatus::Completed);
    }
}

#[test]
fn a_loop_runs_as_often_as_its_data_says() {
    let nodes =
        "  - { id: count, type: set, join: any, config: { n: '${n + 1}' } }\n  - { id: again, type: decision }\n";
    let run = Run::start(&graph(nodes, "start>count count>again again>count?n<5 again>done?else"), json!({ "n": 0 }));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.variable("n"), 5);
    assert_eq!(run.completions()["count"], 5);
}

#[test]
fn a_loop_upstream_holds_the_join_until_it_is_left() {
    let nodes = echo("a b m") + "  - { id: again, type: decision }\n  - { id: head, type: gateway, join: any }\n";
    let mut run = Run::start(
        &graph(&nodes, "start>a start>head head>b b>again again>head?more again>m?else a>m m>done"),
        json!({ "more": true }),
    );
    run.finish("a", json!(1));
    for _ in 0..3 {
        run.finish("b", json!(1));
        assert_eq!(run.live(), ["b"], "the loop may still reach the join");
    }
    run.step(Command::SetVariables { patch: json!({ "more": false }).as_object().unwrap().clone() }).unwrap();
    run.finish("b", json!(1));
    assert_eq!(run.live(), ["m"]);
    run.finish("m", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn a_cycle_that_never_waits_opens_an_incident_instead_of_hanging() {
    let nodes = "  - { id: spin, type: gateway, join: any }\n  - { id: again, type: decision }\n";
    let run = Run::start(&graph(nodes, "start>spin spin>again again>spin?true again>done?else"), json!({}));
    assert_eq!(run.state.status, InstanceStatus::Running);
    assert_eq!(run.incidents(), ["limit"]);
}

#[test]
fn dead_paths_skip_whole_regions_once() {
    let nodes = echo("a b c d e f");
    let mut run =
        Run::start(&graph(&nodes, "start>a?x start>b?else a>c a>d c>e d>e e>f b>f f>done"), json!({ "x": false }));
    for node in ["a", "c", "d", "e"] {
        assert_eq!(run.status(node), NodeStatus::Skipped, "{node}");
    }
    assert_eq!(run.state.skipped, 4);
    run.finish("b", json!(1));
    assert_eq!(run.live(), ["f"]);
}
