//! The examples of the language's own pages, and the reading rules of the short form.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_model::definition::{Definition, EdgeEvent, Join, NodeType, Rest, Split};
use heddle_model::diagnostic::{Code, Lang, has_errors};
use heddle_model::format::{Format, parse, to_executable, to_json, to_yaml};
use heddle_model::validate::{TaskTypes, ValidWorkflow, examine};
use heddle_model::value::{Value, json};
use std::fs;
use std::path::PathBuf;

fn own() -> PathBuf {
    // Asked while it runs: checkouts may share a target directory, and so this test.
    std::env::var_os("CARGO_MANIFEST_DIR").unwrap().into()
}

fn fixture(name: &str) -> String {
    fs::read_to_string(own().join("tests/fixtures").join(name)).unwrap()
}

/// The n-th YAML block of the language's page.
fn documented(n: usize) -> String {
    let page = fs::read_to_string(own().join("../../docs/language/README.md")).unwrap();
    page.split("```yaml\n").nth(n + 1).unwrap().split("```").next().unwrap().to_owned()
}

fn read(text: &str) -> Definition {
    let parsed = parse(text, Format::Auto);
    assert_eq!(parsed.diagnostics, [], "{text}");
    parsed.definition.unwrap()
}

fn ways(definition: &Definition) -> Vec<(&str, &str, Option<&str>, bool)> {
    definition
        .edges
        .iter()
        .map(|edge| (edge.from.as_str(), edge.to.as_str(), edge.condition.as_deref(), edge.default))
        .collect()
}

#[test]
fn the_short_form_reads_as_documented_byte_for_byte() {
    let text = fixture("valid/short-form.yaml");
    assert_eq!(text, documented(0));
    let definition = read(&text);
    assert_eq!(definition.name, "示例流程");
    assert_eq!(definition.version.as_ref().unwrap().to_string(), "1.0");
    let nodes: Vec<_> = definition
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node.name.as_deref(), node.node_type.as_str(), node.action.as_deref()))
        .collect();
    assert_eq!(
        nodes,
        [
            ("start", None, "start", None),
            ("开始任务", None, "task", None),
            ("判断条件", None, "decision", None),
            ("任务A", None, "task", Some("doTaskA")),
            ("任务B", None, "task", Some("doTaskB")),
            ("结束任务", None, "end", None),
        ]
    );
    assert_eq!(
        ways(&definition),
        [
            ("start", "开始任务", None, false),
            ("开始任务", "判断条件", None, false),
            ("判断条件", "任务A", Some("${variable > 10}"), false),
            ("判断条件", "任务B", None, true),
            ("任务A", "结束任务", None, false),
            ("任务B", "结束任务", None, false),
        ]
    );
    let parsed = parse(&text, Format::Yaml);
    let (proof, remarks) = ValidWorkflow::from_parsed(parsed, &TaskTypes::builtin()).unwrap();
    assert_eq!(proof.definition(), &definition);
    assert!(!has_errors(&remarks));
    assert!(to_yaml(&definition).contains("\nversion: 1.0\n"));
}

#[test]
fn the_full_form_says_only_what_an_external_worker_does() {
    let (definition, found) = examine(parse(fixture("full-form.yaml"), Format::Auto), &TaskTypes::builtin());
    let codes: Vec<Code> = found.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [Code::ExternalType], "{found:?}");
    let definition = definition.unwrap();
    assert_eq!(definition.outputs["total"], json!("${amount + shipping}"));
    assert_eq!(definition.settings.concurrency.as_ref().unwrap().key, "${order_id}");
    assert_eq!(definition.settings.timeout, Some(7_200_000));
    let reserve = &definition.nodes[1];
    assert_eq!((reserve.timeout, reserve.retry.as_ref().unwrap().max_delay), (Some(20_000), 30_000));
    assert_eq!(reserve.config["url"], json!("https://stock/reserve"));
    let caught = definition.edges.iter().find(|edge| edge.on == Some(EdgeEvent::Error)).unwrap();
    assert_eq!(caught.codes, ["OUT_OF_STOCK"]);
}

#[test]
fn the_documented_full_form_reads_but_for_what_it_leaves_out() {
    // The page shortens a graph and a schema to `…`, and leaves a node out.
    let text = documented(1);
    assert_eq!(text, fixture("full-form-as-documented.yaml"));
    let parsed = parse(&text, Format::Yaml);
    let places: Vec<_> = parsed.diagnostics.iter().map(|problem| (problem.code, problem.pointer.as_str())).collect();
    assert_eq!(places, [(Code::WrongKind, "/nodes/4/body/nodes/0"), (Code::WrongKind, "/nodes/4/body/edges/0")]);
}

#[test]
fn labels_are_written_back_as_they_were_read() {
    for label in ["1.0", "\"1.0\"", "3", "1.10", "v2", "1e3", "0.1", "'2026-11-22'", "0x10", "1.20.3", "\"on\""] {
        let text = format!("name: x\nversion: {label}\nstart: e\ntasks: [{{ name: e, type: end }}]\n");
        let definition = read(&text);
        let written = to_yaml(&definition);
        assert!(written.contains(&format!("version: {}\n", label.replace('\'', "\""))), "{label}: {written}");
        assert_eq!(read(&written), definition);
        assert_eq!(read(&to_json(&definition).to_string()), definition);
    }
    assert_eq!(read("{\"name\": \"x\", \"version\": 1.0, \"nodes\": []}").version.unwrap().to_string(), "1.0");
}

#[test]
fn a_start_may_be_a_name_a_task_or_the_event_itself() {
    let end = "tasks: [{ name: e, type: end }]\n";
    let by_name = read(&format!("name: x\nstart: e\n{end}"));
    assert_eq!(ways(&by_name), [("start", "e", None, false)]);
    let event = read(&format!("name: x\nstart: {{ name: go, type: start, next: e }}\n{end}"));
    assert_eq!(ways(&event), [("go", "e", None, false)]);
    assert_eq!(event.nodes.len(), 2);
    let task = read(&format!("name: x\nstart: {{ id: t, name: First, action: work, next: e }}\n{end}"));
    assert_eq!(ways(&task), [("start", "t", None, false), ("t", "e", None, false)]);
    assert_eq!((task.nodes[1].node_type.clone(), task.nodes[1].name.as_deref()), (NodeType::Task, Some("First")));
    let among = read("name: x\ntasks: [{ name: s, type: start, next: e }, { name: e, type: end }]\n");
    assert_eq!(ways(&among), [("s", "e", None, false)]);
}

#[test]
fn the_start_event_never_takes_a_name_that_is_used() {
    let text = "name: x\nstart: start\ntasks: [{ name: start, action: a, next: start-1 }, { id: start-1, type: end }, { id: other, name: start-2, type: end }]\n";
    let definition = read(text);
    assert_eq!(definition.nodes[0].id, "start-3");
    assert_eq!(ways(&definition), [("start-3", "start", None, false), ("start", "start-1", None, false)]);
}

#[test]
fn names_stand_for_ids_where_they_are_clear() {
    let text = "name: x\nstart: First\ntasks:\n  - { id: a, name: First, next: [b, Third] }\n  - { id: b, name: a, type: end }\n  - { id: c, name: Third, type: end }\n";
    assert_eq!(ways(&read(text)), [("start", "a", None, false), ("a", "b", None, false), ("a", "c", None, false)]);
    // `a` is an id before it is a name; a name that two nodes have is none.
    let unclear = "name: x\nstart: a\ntasks:\n  - { id: a, next: Same }\n  - { id: b, name: Same, type: end }\n  - { id: c, name: Same, type: end }\n";
    let (_, found) = examine(parse(unclear, Format::Yaml), &TaskTypes::builtin());
    assert!(
        found.iter().any(|problem| problem.code == Code::DanglingEdge && problem.message(Lang::En).contains("`Same`"))
    );
}

#[test]
fn next_takes_names_lists_and_whole_edges() {
    let text = "name: x\nstart: a\ntasks:\n  - name: a\n    type: decision\n    next:\n      - { to: 1, condition: \"${n > 1}\", label: big, priority: 2, id: first }\n      - { id: on, default: true }\n  - { name: 1, type: end }\n  - { name: on, type: end }\n";
    let definition = read(text);
    assert_eq!(
        ways(&definition),
        [("start", "a", None, false), ("a", "1", Some("${n > 1}"), false), ("a", "on", None, true)]
    );
    let edge = &definition.edges[1];
    assert_eq!((edge.label.as_deref(), edge.priority, edge.id.as_deref()), (Some("big"), Some(2), Some("first")));
}

#[test]
fn true_and_false_are_read_as_booleans_and_as_texts() {
    for (yes, no) in [("true", "false"), ("True", "FALSE"), ("\"true\"", "'false'")] {
        let text = format!(
            "name: x\nstart: d\ntasks:\n  - {{ name: d, type: decision, condition: true, {yes}: a, {no}: b }}\n  - {{ name: a, type: end }}\n  - {{ name: b, type: end }}\n"
        );
        assert_eq!(ways(&read(&text))[1..], [("d", "a", Some("${true}"), false), ("d", "b", None, true)], "{text}");
    }
    let json = json!({ "name": "x", "start": "d", "tasks": [{ "name": "d", "type": "decision", "condition": "${n}", "true": "a", "false": "b" }, { "name": "a", "type": "end" }, { "name": "b", "type": "end" }] });
    assert_eq!(read(&json.to_string()).edges.len(), 3);
}

#[test]
fn every_field_of_the_full_form_is_read() {
    let text = "name: x\nnodes:\n  - id: a\n    type: echo\n    join: { n: \"${k}\", rest: cancel, region: { nodes: [b] } }\n    split: { count: 3 }\n    mutex: one\n    loop: { while: \"${true}\", test: after, max: 0 }\n    retry: {}\n    sample: null\n  - { id: b, type: boundary, attached_to: a, interrupting: false, config: { timer: 5m } }\n  - { id: c, type: gateway, join: { count: 2 }, split: one }\nedges:\n  - { from: a, to: b, on: message, name: m, interrupting: false }\n";
    let definition = read(text);
    let [a, b, c] = definition.nodes.as_slice() else { panic!("three nodes") };
    assert_eq!(
        a.join,
        Some(Join::NOfM { n: json!("${k}"), rest: Rest::Cancel, region: Some(json!({ "nodes": ["b"] })) })
    );
    assert_eq!((a.split, c.split), (Some(Split::Count(3)), Some(Split::One)));
    assert_eq!(
        (a.mutex.as_ref().unwrap().permits, a.retry.as_ref().unwrap().max_attempts, a.sample.clone()),
        (1, 3, Some(Value::Null))
    );
    assert_eq!((a.loop_.as_ref().unwrap().test_after, a.loop_.as_ref().unwrap().max), (true, Some(0)));
    assert_eq!(
        (
            b.boundary.as_ref().unwrap().interrupting,
            b.boundary.as_ref().unwrap().event["timer"].clone(),
            b.config.is_empty()
        ),
        (false, json!("5m"), true)
    );
    assert_eq!(c.join, Some(Join::Count(2)));
    assert_eq!(definition.edges[0].event_name.as_deref(), Some("m"));
}

#[test]
fn the_executable_form_is_the_flat_graph() {
    let definition = read(
        "name: x\nversion: 2\nstart: a\ntasks:\n  - { name: a, type: http, config: { url: \"https://x/\" }, timeout: 5s, next: [{ to: e, condition: \"${true}\" }] }\n  - { name: e, type: end }\nedges:\n  - { from: a, to: e, on: error, codes: [X] }\n  - { from: a, to: e, on: timeout }\n",
    );
    let expected = json!({ "id": "x", "name": "x", "version": 2, "tasks": [
        { "id": "start", "type": "start", "next": [{ "id": "a" }] },
        { "id": "a", "type": "http", "properties": { "config": { "url": "https://x/" }, "timeout": "5s" }, "next": [{ "id": "e", "condition": "${true}" }] },
        { "id": "a@error", "type": "boundary", "properties": { "attached_to": "a", "config": { "error": { "codes": ["X"] } } }, "next": [{ "id": "e" }] },
        { "id": "a@timeout", "type": "boundary", "properties": { "attached_to": "a", "config": { "timer": {} } }, "next": [{ "id": "e" }] },
        { "id": "e", "type": "end" },
    ] });
    assert_eq!(to_executable(&definition), expected);
}

#[test]
fn the_canonical_layout_is_one_a_person_would_write() {
    let text = "apiVersion: heddle/v1\nname: layout\nversion: 1.0\ninputs:\n  type: object\n  required: [a, b]\nsettings:\n  timeout: 90s\nnodes:\n  - id: start\n    type: start\n  - id: work\n    name: \"yes\"\n    type: log\n    config:\n      message: |\n        line ${a}\n\n        more\n    retry:\n      max_attempts: 3\n    timeout: 1500ms\n  - id: 结束\n    type: end\nedges:\n  - { from: start, to: work, condition: \"${a > 1}\", label: 大于一 }\n  - { from: work, to: 结束, on: error, codes: [A, \"1\"] }\nlayout:\n  work: { x: 240, y: 80.5 }\n";
    assert_eq!(to_yaml(&read(text)), text);
}
