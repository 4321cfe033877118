//! Sequence, parallel, decision, variables, outputs.

use super::harness::Run;
use heddle_engine::kernel::Order;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;

pub(crate) const SHORT: &str = include_str!("../../../model/tests/fixtures/valid/short-form.yaml");

#[test]
fn the_short_form_example_takes_branch_a_and_skips_b() {
    for (variable, taken, other) in [(12, "任务A", "任务B"), (5, "任务B", "任务A")] {
        let mut run = Run::start(SHORT, json!({ "variable": variable }));
        assert_eq!(run.live(), [taken]);
        assert_eq!(run.effects.jobs.len(), 1);
        assert_eq!(run.status(other), NodeStatus::Skipped);
        run.finish(taken, json!({}));
        assert_eq!(run.state.status, InstanceStatus::Completed);
        assert_eq!(run.status("结束任务"), NodeStatus::Completed);
        assert_eq!(run.status(other), NodeStatus::Skipped);
        assert!((run.state.progress(run.plan.nodes().len()) - 1.0).abs() < f64::EPSILON);
    }
}

#[test]
fn a_chinese_decision_reads_a_chinese_variable() {
    let yaml = "
name: 审批
nodes:
  - { id: 开始, type: start }
  - { id: 判断金额, type: decision }
  - { id: 主管审批, type: task, action: 审批 }
  - { id: 自动通过, type: set, config: { 结果: 通过 } }
  - { id: 结束, type: end }
edges:
  - { from: 开始, to: 判断金额 }
  - { from: 判断金额, to: 主管审批, condition: '${金额 > 1000}' }
  - { from: 判断金额, to: 自动通过, default: true }
  - { from: 主管审批, to: 结束 }
  - { from: 自动通过, to: 结束 }
";
    let run = Run::start(yaml, json!({ "金额": 1500 }));
    assert_eq!(run.live(), ["主管审批"]);
    let run = Run::start(yaml, json!({ "金额": 800 }));
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.variable("结果"), "通过");
}

#[test]
fn both_branches_run_before_either_completes_and_the_join_waits() {
    let mut run = Run::start(
        "
name: parallel
nodes:
  - { id: start, type: start }
  - { id: b, type: echo }
  - { id: c, type: echo }
  - { id: d, type: echo }
  - { id: done, type: end }
edges:
  - { from: start, to: b }
  - { from: start, to: c }
  - { from: b, to: d }
  - { from: c, to: d }
  - { from: d, to: done }
",
        json!({}),
    );
    assert_eq!(run.live(), ["b", "c"]);
    run.finish("c", json!(1));
    assert_eq!(run.live(), ["b"]);
    run.finish("b", json!(2));
    assert_eq!(run.live(), ["d"]);
    run.finish("d", json!(3));
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn outputs_flow_by_mapping_variables_and_instance_output() {
    let mut run = Run::start(
        "
name: data
variables: { shipping: 5, doubled: '${amount * 2}' }
outputs: { total: '${amount + shipping}', receipt: '${nodes.pay.output.id}', text: 'Paid ${amount}' }
nodes:
  - { id: start, type: start }
  - { id: pay, type: echo, config: { value: '${amount}' }, output: { paid: '${output.id}' } }
  - { id: done, type: end }
edges:
  - { from: start, to: pay }
  - { from: pay, to: done }
",
        json!({ "amount": 10 }),
    );
    assert_eq!(*run.effects.dispatches[0].input.0, json!({ "value": 10 }));
    run.finish("pay", json!({ "id": "r-1" }));
    assert_eq!(run.variable("paid"), "r-1");
    assert_eq!(run.variable("doubled"), 20);
    assert_eq!(*run.state.output.as_ref().unwrap().0, json!({ "total": 15, "receipt": "r-1", "text": "Paid 10" }));
}

#[test]
fn a_pure_chain_runs_within_one_step() {
    let run = Run::start(
        "
name: pure
nodes:
  - { id: start, type: start }
  - { id: one, type: set, config: { x: 1 } }
  - { id: two, type: set, config: { x: '${x + 1}' } }
  - { id: off, type: echo, disabled: true }
  - { id: done, type: end }
edges:
  - { from: start, to: one }
  - { from: one, to: two }
  - { from: two, to: off }
  - { from: off, to: done }
",
        json!({}),
    );
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.variable("x"), 2);
    assert_eq!(run.effects.logs.len(), 2);
    assert!(run.effects.dispatches.is_empty());
}

#[test]
fn no_true_condition_and_no_default_is_an_incident_that_a_retry_repairs() {
    let mut run = Run::start(
        "
name: nowhere
nodes:
  - { id: start, type: start }
  - { id: work, type: echo }
  - { id: choose, type: decision }
  - { id: a, type: end }
  - { id: b, type: end }
edges:
  - { from: start, to: work }
  - { from: work, to: choose }
  - { from: choose, to: a, condition: '${x > 10}' }
  - { from: choose, to: b, condition: '${x < 0}' }
",
        json!({ "x": 5 }),
    );
    run.finish("work", json!(null));
    assert_eq!(run.incidents(), ["no_path"]);
    assert_eq!(run.status("choose"), NodeStatus::Failed);
    let mut patch = heddle_model::value::Map::new();
    patch.insert("x".into(), json!(11));
    run.step(heddle_engine::kernel::Command::Retry { node: None, variables: patch }).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.completions()["work"], 1, "the task is not run again");
    assert_eq!(run.status("b"), NodeStatus::Skipped);
}

#[test]
fn terminate_end_cancels_the_other_branch() {
    let run = Run::start(
        "
name: explicit
nodes:
  - { id: start, type: start }
  - { id: slow, type: echo }
  - { id: stop, type: end, config: { kind: terminate } }
  - { id: done, type: end }
edges:
  - { from: start, to: slow }
  - { from: start, to: stop }
  - { from: slow, to: done }
",
        json!({}),
    );
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.status("slow"), NodeStatus::Cancelled);
    assert_eq!(run.status("done"), NodeStatus::Skipped);
    assert!(run.effects.dispatches.is_empty(), "what was cancelled before the commit is never dispatched");
}

#[test]
fn multi_choice_takes_every_true_edge_and_the_default_only_when_none_is() {
    let yaml = "
name: multi
nodes:
  - { id: start, type: start }
  - { id: a, type: set, config: { a: 1 } }
  - { id: b, type: set, config: { b: 1 } }
  - { id: c, type: set, config: { c: 1 } }
  - { id: none, type: set, config: { none: 1 } }
  - { id: done, type: end }
edges:
  - { from: start, to: a, condition: '${x}' }
  - { from: start, to: b, condition: '${y}' }
  - { from: start, to: c, condition: '${z}' }
  - { from: start, to: none, default: true }
  - { from: a, to: done }
  - { from: b, to: done }
  - { from: c, to: done }
  - { from: none, to: done }
";
    for row in 0..8 {
        let bits = [row & 4 != 0, row & 2 != 0, row & 1 != 0];
        for order in [Order::Fifo, Order::Lifo, Order::Seeded] {
            let run = Run::start_plan(
                super::harness::plan(yaml),
                json!({ "x": bits[0], "y": bits[1], "z": bits[2] }),
                order,
                row,
            );
            let done = run.completions();
            assert_eq!(["a", "b", "c"].map(|node| done.contains_key(node)), bits);
            assert_eq!(done.contains_key("none"), row == 0);
            assert_eq!(done["done"], 1, "the join fires once");
            assert_eq!(run.state.status, InstanceStatus::Completed);
        }
    }
}
