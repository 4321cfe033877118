//! Validating and compiling a workflow of 10,000 nodes, in this process: reading its text is measured beside them, not with them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use heddle_model::format::{Format, parse};
use heddle_model::plan;
use heddle_model::validate::{TaskTypes, ValidWorkflow};
use serde_json::{Value, json};

use super::NAME;
use super::graphs::{Shape, echo};
use crate::finding::{Finding, Target};
use crate::plan::Plan;
use crate::stage::workflow;

/// The target, in milliseconds.
const LIMIT_MS: f64 = 200.0;
/// Takes; the best one counts, as a machine is never faster than it is.
const TAKES: usize = 5;

pub(super) fn run(plan: &Plan, show: &mut dyn FnMut(Finding)) -> Result<()> {
    let size = if plan.small { 500 } else { 10_000 };
    let mut all: Vec<(String, Value)> =
        Shape::ALL.into_iter().map(|shape| (shape.name().to_owned(), shape.definition(size))).collect();
    all.push(("fan-out".to_owned(), fan_out(size)));
    all.push(("layers".to_owned(), layers(size)));
    all.push(("nested decisions".to_owned(), nested(size)));
    all.push(("groups".to_owned(), groups(size)));
    for (name, definition) in all {
        show(measure(&name, &definition, size).with_context(|| name.clone())?);
    }
    Ok(())
}

fn measure(name: &str, definition: &Value, size: u64) -> Result<Finding> {
    let text = definition.to_string();
    let types = TaskTypes::builtin();
    let mut best: Option<[Duration; 3]> = None;
    for _ in 0..TAKES {
        let begun = Instant::now();
        let parsed = parse(&text, Format::Json);
        let read = begun.elapsed();
        let definition = parsed.definition.context("the text cannot be read")?;
        let begun = Instant::now();
        let proven = ValidWorkflow::new(definition, Some(&parsed.source), &types);
        let validated = begun.elapsed();
        let (valid, _) = proven.map_err(|found| anyhow::anyhow!("not valid: {:?}", found.first()))?;
        let begun = Instant::now();
        let compiled = plan::Plan::compile(valid.definition())?;
        let took = begun.elapsed();
        ensure!(compiled.nodes().len() > 0, "an empty plan");
        let take = [read, validated, took];
        let total = |take: &[Duration; 3]| take[1] + take[2];
        if best.as_ref().is_none_or(|best| total(&take) < total(best)) {
            best = Some(take);
        }
    }
    let [read, validated, compiled] = best.unwrap_or_default().map(|took| took.as_secs_f64() * 1e3);
    Ok(Finding::new(NAME, "", format!("validate and compile {size} nodes: {name}"))
        .figure("read_ms", read)
        .figure("validate_ms", validated)
        .figure("compile_ms", compiled)
        .verdict("both", (validated + compiled, "ms"), Target::AtMost(LIMIT_MS)))
}

fn ends() -> (Vec<Value>, Vec<Value>) {
    (vec![json!({ "id": "start", "type": "start" }), json!({ "id": "done", "type": "end" })], Vec::new())
}

/// All at once, then a join.
fn fan_out(size: u64) -> Value {
    let (mut nodes, mut edges) = ends();
    for number in 2..size {
        let id = format!("s{number}");
        edges.push(json!({ "from": "start", "to": id }));
        edges.push(json!({ "from": id, "to": "done" }));
        nodes.push(echo(&id));
    }
    workflow("fan-out", nodes, edges)
}

/// Layers of a hundred, each node behind one to three of the layer before: joins by the default rule everywhere.
fn layers(size: u64) -> Value {
    const WIDTH: u64 = 100;
    let (mut nodes, mut edges) = ends();
    let count = (size / WIDTH).max(2);
    // A fixed sequence (Knuth's MMIX): the same graph in every run.
    let mut seed = 7_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for layer in 0..count {
        for place in 0..WIDTH {
            let id = format!("s{layer}_{place}");
            nodes.push(echo(&id));
            if layer == 0 {
                edges.push(json!({ "from": "start", "to": id }));
                continue;
            }
            let mut before = vec![place];
            before.extend((0..next(3)).map(|_| next(WIDTH)));
            before.sort_unstable();
            before.dedup();
            edges.extend(before.iter().map(|from| json!({ "from": format!("s{}_{from}", layer - 1), "to": id })));
        }
    }
    edges.extend((0..WIDTH).map(|place| json!({ "from": format!("s{}_{place}", count - 1), "to": "done" })));
    workflow("layers", nodes, edges)
}

/// A binary tree of decisions whose leaves all merge: every one is nested in the one above.
fn nested(size: u64) -> Value {
    let (mut nodes, mut edges) = ends();
    let inner = (size - 2) / 2;
    for number in 1..=(inner * 2 + 1) {
        let id = format!("n{number}");
        if number <= inner {
            nodes.push(json!({ "id": id, "type": "decision" }));
            let (left, right) = (format!("n{}", number * 2), format!("n{}", number * 2 + 1));
            edges.push(json!({ "from": id, "to": left, "condition": "${input.n > 1}" }));
            edges.push(json!({ "from": id, "to": right, "default": true }));
        } else {
            nodes.push(echo(&id));
            edges.push(json!({ "from": id, "to": "done" }));
        }
    }
    edges.push(json!({ "from": "start", "to": "n1" }));
    workflow("nested", nodes, edges)
}

/// Groups of ten steps in a row: a scope for every eleven nodes.
fn groups(size: u64) -> Value {
    let (mut nodes, mut edges) = ends();
    let mut last = "start".to_owned();
    for group in 0..(size / 13).max(1) {
        let id = format!("g{group}");
        let name = |step: u64| format!("g{group}s{step}");
        let inner: Vec<Value> = (0..10).map(|step| echo(&name(step))).collect();
        let between: Vec<Value> = (1..10).map(|step| json!({ "from": name(step - 1), "to": name(step) })).collect();
        nodes.push(json!({ "id": id, "type": "group", "body": { "nodes": inner, "edges": between } }));
        edges.push(json!({ "from": last, "to": id }));
        last = id;
    }
    edges.push(json!({ "from": last, "to": "done" }));
    workflow("groups", nodes, edges)
}
