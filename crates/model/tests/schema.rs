//! The schema checker: each keyword it knows, in data and in settings with expressions.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_model::validate::{Mode, check_schema};
use heddle_model::value::{Value, json};

/// Where and what, one per finding.
fn found(schema: Value, value: Value, mode: Mode) -> Vec<String> {
    check_schema(&schema, &value, mode)
        .into_iter()
        .map(|finding| format!("{} {}", finding.pointer, finding.term))
        .collect()
}

#[test]
fn every_keyword_accepts_and_refuses() {
    let cases = [
        (json!({ "type": "integer" }), json!(3.0), json!(3.5), " p_kind"),
        (json!({ "type": ["string", "null"] }), json!(null), json!(1), " p_kind"),
        (json!({ "enum": ["a", 1] }), json!(1), json!("b"), " p_word"),
        (json!({ "const": 5 }), json!(5), json!(6), " p_word"),
        (json!({ "required": ["a"] }), json!({ "a": null }), json!({}), " p_missing"),
        (
            json!({ "properties": { "a": { "type": "string" } } }),
            json!({ "a": "x", "b": 1 }),
            json!({ "a": 1 }),
            "/a p_kind",
        ),
        (
            json!({ "properties": { "a": {} }, "additionalProperties": false }),
            json!({ "a": 1 }),
            json!({ "a~/b": 1 }),
            "/a~0~1b p_unknown",
        ),
        (json!({ "additionalProperties": { "type": "number" } }), json!({ "x": 1 }), json!({ "x": "1" }), "/x p_kind"),
        (json!({ "items": { "type": "boolean" } }), json!([true]), json!([true, 0]), "/1 p_kind"),
        (json!({ "minItems": 1 }), json!([0]), json!([]), " p_short"),
        (json!({ "maxProperties": 1 }), json!({ "a": 1 }), json!({ "a": 1, "b": 2 }), " p_long"),
        (json!({ "minLength": 2, "maxLength": 3 }), json!("中文"), json!("中文文本"), " p_long"),
        (json!({ "minimum": 1 }), json!(1), json!(0.5), " p_least"),
        (json!({ "exclusiveMaximum": 2 }), json!(1.9), json!(2), " p_most"),
        (json!({ "format": "duration" }), json!("1h30m"), json!("soon"), " p_duration"),
        (json!({ "allOf": [{ "type": "string" }, { "minLength": 1 }] }), json!("a"), json!(""), " p_short"),
        (
            json!({ "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] }),
            json!({ "a": 1, "b": 2 }),
            json!({}),
            " p_one_of",
        ),
        (
            json!({ "oneOf": [{ "required": ["a"] }, { "required": ["b"] }] }),
            json!({ "a": 1 }),
            json!({ "a": 1, "b": 2 }),
            " p_exclusive",
        ),
        (json!({ "$ref": "#/$defs/n", "$defs": { "n": { "type": "number" } } }), json!(1), json!("1"), " p_kind"),
        (json!({ "properties": { "no": false } }), json!({}), json!({ "no": 1 }), "/no p_false"),
    ];
    for (schema, good, bad, expected) in cases {
        assert_eq!(found(schema.clone(), good, Mode::Data), Vec::<String>::new(), "{schema}");
        assert_eq!(found(schema.clone(), bad, Mode::Data), [expected], "{schema}");
    }
}

#[test]
fn an_expression_may_stand_for_any_value_in_settings_only() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer", "minimum": 1 }, "t": { "type": "string", "enum": ["a"] } }, "additionalProperties": false });
    let value = json!({ "n": "${count}", "t": "${x}-${y}" });
    assert_eq!(found(schema.clone(), value.clone(), Mode::Template), Vec::<String>::new());
    assert_eq!(found(schema.clone(), value, Mode::Data), ["/n p_kind", "/t p_word"]);
    // A text with an expression inside is a text, whatever the expression gives.
    assert_eq!(found(schema.clone(), json!({ "n": "about ${count}" }), Mode::Template), ["/n p_kind"]);
    // `$${` writes the two characters: no expression.
    assert_eq!(found(schema, json!({ "n": "$${count}" }), Mode::Template), ["/n p_kind"]);
}

#[test]
fn a_reference_in_a_circle_ends() {
    let schema =
        json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } });
    assert_eq!(found(schema, json!(1), Mode::Data), Vec::<String>::new());
    let tree = json!({ "type": "object", "properties": { "child": { "$ref": "#" } }, "additionalProperties": false });
    assert_eq!(
        found(tree, json!({ "child": { "child": { "chlid": {} } } }), Mode::Data),
        ["/child/child/chlid p_unknown"]
    );
}
