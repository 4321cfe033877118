//! What is written reads back as the same definition, in every form, whatever it holds.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use heddle_model::definition::{Definition, Edge};
use heddle_model::format::{Format, parse, to_executable, to_json, to_yaml};
use heddle_model::validate::{TaskTypes, examine, validate};
use proptest::prelude::*;

/// Edges in the order of the executable form: with the node they leave, those of events behind the others.
fn by_node(definition: &Definition) -> Definition {
    let mut sorted = definition.clone();
    let ids: Vec<&str> = definition.nodes.iter().map(|node| node.id.as_str()).collect();
    let place = |edge: &Edge| ids.iter().position(|id| *id == edge.from);
    sorted.edges.sort_by_key(|edge| (place(edge), edge.on.is_some()));
    for node in &mut sorted.nodes {
        if let Some(body) = &mut node.body {
            body.edges.sort_by_key(|edge| edge.on.is_some());
        }
    }
    sorted
}

/// Enough for every run; `PROPTEST_CASES=10000` for a long one.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn yaml(definition in common::definition()) {
        let text = to_yaml(&definition);
        let parsed = parse(&text, Format::Yaml);
        prop_assert_eq!(parsed.definition.as_ref(), Some(&definition), "{}", text);
        // One canonical layout: writing what was read changes nothing.
        prop_assert_eq!(to_yaml(&parsed.definition.unwrap()), text);
    }

    #[test]
    fn json(definition in common::definition()) {
        let value = to_json(&definition);
        let short = parse(value.to_string(), Format::Json);
        prop_assert_eq!(short.definition.as_ref(), Some(&definition));
        let pretty = parse(serde_json::to_string_pretty(&value).unwrap(), Format::Auto);
        prop_assert_eq!(pretty.definition, Some(definition));
    }

    #[test]
    fn executable(definition in common::definition()) {
        let value = to_executable(&definition);
        let read = parse(value.to_string(), Format::Json).definition.unwrap();
        prop_assert_eq!(by_node(&read), by_node(&definition), "{}", value);
    }

    #[test]
    fn our_json_reader_reads_what_serde_writes(value in common::value()) {
        let definition = Definition { inputs: Some(serde_json::json!({ "default": value })), ..Definition::default() };
        let text = to_json(&definition).to_string();
        prop_assert_eq!(parse(text, Format::Json).definition.unwrap(), definition);
    }

    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![common::text(), "[ -~\n]{0,200}", "\\PC{0,60}", "([\\[\\]{}:,#&*!|>'\"%@`$ \n-]|[a-c]){0,80}"]) {
        for format in [Format::Auto, Format::Yaml, Format::Json] {
            examine(parse(&text, format), &TaskTypes::builtin());
            examine(parse(format!("name: x\nnodes:\n  - id: a\n    type: {text}\nedges: {text}\n"), format), &TaskTypes::builtin());
        }
    }

    #[test]
    fn no_definition_makes_validation_panic(definition in common::definition()) {
        let parsed = parse(to_yaml(&definition), Format::Yaml);
        let with_places = validate(&definition, Some(&parsed.source), &TaskTypes::builtin());
        prop_assert!(with_places.iter().all(|problem| problem.line.is_some()));
        let without = validate(&definition, None, &TaskTypes::builtin());
        prop_assert_eq!(with_places.len(), without.len());
    }
}
