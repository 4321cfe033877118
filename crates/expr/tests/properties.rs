//! Properties: the shortcut equals the interpreter, this crate equals CEL where CEL speaks, names in any script mean the same, and no
//! text makes anything panic.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use cel::objects::Key;
use heddle_expr::{MapScope, Program, Template, check};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// Names as ASCII, and the same in other scripts and reserved words.
const NAMES: [(&str, &str); 8] = [
    ("i", "金额"),
    ("d", "for"),
    ("s", "имя"),
    ("b", "旗"),
    ("n", "null_値"),
    ("l", "リスト"),
    ("m", "import"),
    ("gone", "没有"),
];

fn variables() -> Value {
    json!({"i": 7, "d": 2.5, "s": "Añ", "b": true, "n": null, "l": [1, 2.0, "x", null], "m": {"k": 3, "t": "yes", "in": {"deep": [true, {"z": -1}]}}})
}

fn renamed(variables: &Value) -> Value {
    NAMES
        .iter()
        .filter_map(|(name, other)| Some(((*other).to_owned(), variables.get(*name)?.clone())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Expressions as texts with `{name}` for names.
fn expression() -> impl Strategy<Value = String> {
    // A whole map is not among the leaves: the interpreter appends maps to lists, this crate does not.
    let name =
        prop::sample::select(NAMES.map(|(name, _)| name).into_iter().filter(|name| *name != "m").collect::<Vec<_>>());
    let leaf = prop_oneof![
        4 => name.prop_map(|name| format!("{{{name}}}")),
        1 => Just("{m}.k".to_owned()),
        1 => Just("{m}['t']".to_owned()),
        1 => Just("{m}.missing".to_owned()),
        1 => Just("{l}[0]".to_owned()),
        1 => Just("{l}[9]".to_owned()),
        1 => Just("{m}[\"in\"].deep[1].z".to_owned()),
        2 => (-3i64..10).prop_map(|number| if number < 0 { format!("({number})") } else { number.to_string() }),
        1 => prop::sample::select(vec!["0.5", "7.0", "2.5", "1e3", "9007199254740993", "9223372036854775807", "7u"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["'Añ'", "\"x\"", "''", "'金'", "r'\\'"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["true", "false", "null", "[]", "size({m})", "('k' in {m})", "({m} == {m})"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator =
            prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"]);
        prop_oneof![
            8 => (inner.clone(), operator, inner.clone()).prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            1 => inner.clone().prop_map(|a| format!("!{a}")),
            1 => inner.clone().prop_map(|a| format!("(-{a})")),
            2 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            1 => inner.clone().prop_map(|a| format!("size({a})")),
            1 => inner.clone().prop_map(|a| format!("[{a}, 1].size()")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}][0]")),
            1 => inner.clone().prop_map(|a| format!("{{'k': {a}}}.k")),
            1 => inner.clone().prop_map(|a| format!("{{l}}.map(x, [x, {a}])")),
            1 => inner.clone().prop_map(|a| format!("{{l}}.filter(x, x != {a})")),
            1 => inner.clone().prop_map(|a| format!("[{a}, 2, {{i}}].exists(x, x == {{i}})")),
            1 => inner.clone().prop_map(|a| format!("[1, 2].all(x, {a} == x || x > 0)")),
            1 => inner.clone().prop_map(|a| format!("[1, 7].exists_one(x, x == {a})")),
            1 => inner.clone().prop_map(|a| format!("string({a})")),
            1 => inner.clone().prop_map(|a| format!("double({a})")),
            1 => inner.prop_map(|a| format!("(type({a}) == int)")),
        ]
    })
}

fn ascii(text: &str) -> String {
    NAMES.iter().fold(text.to_owned(), |text, (name, _)| text.replace(&format!("{{{name}}}"), name))
}

fn other_script(text: &str) -> String {
    NAMES.iter().fold(text.to_owned(), |text, (name, other)| text.replace(&format!("{{{name}}}"), other))
}

/// Expressions that mostly go well: numbers near each other, texts, and what compares and combines them.
fn comparison() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec![
        "{i}", "{d}", "7", "6", "8", "7.0", "2.5", "{m}.k", "3", "({i} + 1)", "({i} - {m}.k)", "({i} * 2)",
        "({d} + 4.5)", "size({s})", "size({l})", "({d} * 2.0)", "({i} * 0.5)", "({d} + 4)", "({d} / 2)", "({i} / 2)",
        "(7 - {d})", "9007199254740993", "9007199254740992.0",
    ]);
    let text = prop::sample::select(vec!["{s}", "'Añ'", "'Am'", "'B'", "''", "{m}.t", "({s} + '')"]);
    let relation = || prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        3 => (number.clone(), relation(), number).prop_map(|(a, relation, b)| format!("{a} {relation} {b}")),
        2 => (text.clone(), relation(), text).prop_map(|(a, relation, b)| format!("{a} {relation} {b}")),
        1 => prop::sample::select(vec!["{b}", "!{b}", "{n} == null", "{n} != {i}", "has({gone})", "has({m}.k)", "!has({m}.zz)", "{b} == true", "default({gone}, 3) == 3", "default({m}.k, 1) < {i}"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("(({a}) ? ({b}) : ({c}))")),
        ]
    })
}

/// A value, or the code of the error.
fn outcome(result: Result<Value, heddle_expr::EvalError>) -> Result<Value, &'static str> {
    result.map_err(|error| error.code.as_str())
}

fn to_cel(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(flag) => cel::Value::Bool(*flag),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| cel::Value::Float(number.as_f64().unwrap()), cel::Value::Int)
        }
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(list) => cel::Value::List(Arc::new(list.iter().map(to_cel).collect())),
        Value::Object(map) => {
            let map: std::collections::HashMap<String, cel::Value> =
                map.iter().map(|(name, value)| (name.clone(), to_cel(value))).collect();
            map.into()
        }
    }
}

/// The JSON of a CEL value; nothing for what JSON cannot hold.
fn from_cel(value: &cel::Value) -> Option<Value> {
    Some(match value {
        cel::Value::Null => Value::Null,
        cel::Value::Bool(flag) => json!(flag),
        cel::Value::Int(int) => json!(int),
        cel::Value::UInt(uint) => json!(uint),
        cel::Value::Float(double) => serde_json::Number::from_f64(*double).map(Value::Number)?,
        cel::Value::String(text) => json!(**text),
        cel::Value::List(list) => list.iter().map(from_cel).collect::<Option<Vec<_>>>()?.into(),
        cel::Value::Map(map) => {
            let mut entries: Vec<(String, Value)> = Vec::new();
            for (key, value) in map.map.iter() {
                let Key::String(name) = key else { return None };
                entries.push(((**name).clone(), from_cel(value)?));
            }
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        _ => return None,
    })
}

fn by_cel(text: &str) -> Result<Option<Value>, cel::ExecutionError> {
    let env = Arc::new(cel::Env::stdlib());
    let program = env.compile(text).unwrap();
    let mut context = cel::Context::with_env(env);
    for (name, value) in variables().as_object().unwrap() {
        context.add_variable_from_value(name.as_str(), to_cel(value));
    }
    program.execute(&context).map(|value| from_cel(&value))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 2_000 } else { 20_000 }))]

    #[test]
    fn the_shortcut_equals_the_interpreter(text in expression()) {
        let text = ascii(&text);
        if let Ok(program) = Program::compile(&text) {
            let scope = MapScope::of(variables());
            let (short, whole) = (outcome(program.eval(&scope)), outcome(program.eval_reference(&scope)));
            prop_assert_eq!(short, whole, "{}", text);
        }
    }

    #[test]
    fn comparisons_take_the_shortcut_and_equal_the_interpreter(text in comparison()) {
        let text = ascii(&text);
        let program = Program::compile(&text).unwrap();
        let scope = MapScope::of(variables());
        prop_assert!(program.has_shortcut(), "{}", text);
        let (short, whole) = (outcome(program.eval(&scope)), outcome(program.eval_reference(&scope)));
        prop_assert!(matches!(short, Ok(Value::Bool(_))), "{}: {:?}", text, short);
        prop_assert_eq!(short, whole, "{}", text);
    }

    #[test]
    fn this_crate_equals_cel(text in expression()) {
        let text = ascii(&text);
        let Ok(program) = Program::compile(&text) else { return Ok(()) };
        let ours = outcome(program.eval(&MapScope::of(variables())));
        match by_cel(&text) {
            Ok(Some(theirs)) => prop_assert_eq!(ours, Ok(theirs), "{}", text),
            Ok(None) => {}
            // A whole number and a double may be computed with here.
            Err(_) if ours.is_ok() && [" + ", " - ", " * ", " / "].iter().any(|sign| text.contains(sign)) => {}
            Err(error) => prop_assert!(ours.is_err(), "{}: {:?}, but CEL says {}", text, ours, error),
        }
    }

    #[test]
    fn names_in_any_script_mean_the_same(text in expression()) {
        let (ascii, other) = (ascii(&text), other_script(&text));
        let (Ok(a), Ok(b)) = (Program::compile(&ascii), Program::compile(&other)) else {
            prop_assert_eq!(Program::compile(&ascii).map_err(|error| error.code).err(), Program::compile(&other).map_err(|error| error.code).err());
            return Ok(());
        };
        let names = |program: &Program| -> Vec<String> { program.references().iter().map(|name| NAMES.iter().find(|(_, other)| other == name).map_or(name.clone(), |(name, _)| (*name).to_owned())).collect() };
        prop_assert_eq!(names(&a), names(&b));
        let (left, right) = (outcome(a.eval(&MapScope::of(variables()))), outcome(b.eval(&MapScope::of(renamed(&variables())))));
        prop_assert_eq!(left, right, "{}", other);
    }

    #[test]
    fn any_text_is_a_program_or_a_mistake_with_a_place(text in "\\PC{0,60}") {
        if let Err(error) = Program::compile(&text) {
            prop_assert!(text.get(error.offset..error.offset + error.len).is_some(), "{:?} in {:?}", error, text);
            prop_assert!(!error.message_en.is_empty() && !error.message_zh.is_empty());
        }
        check(&text, Some(&[]));
        if let Err((_, error)) = Template::parse(&json!(text)) {
            prop_assert!(text.get(error.offset..error.offset + error.len).is_some(), "{:?} in {:?}", error, text);
        }
    }

    #[test]
    fn any_words_and_signs_are_a_program_or_a_mistake_with_a_place(words in prop::collection::vec(prop::sample::select(vec![
        "a", "金额", "nodes", ".", "[", "]", "(", ")", "{", "}", "'x'", "\"金\"", "1", "2.5", "+", "-", "*", "&&", "||", "!", "==", "<", "in", "for", ",", ":", "?", ".?", "has", "default", "map", "exists", "size",
        "x", "${", "$${", "//", "\n", "r'", "'''", "true", "null", "7u", "now()", "b'x'", "\\",
    ]), 0..24)) {
        let text = words.join(" ");
        match Program::compile(&text) {
            Ok(program) => { let _ = program.eval(&MapScope::of(variables())); }
            Err(error) => prop_assert!(text.get(error.offset..error.offset + error.len).is_some(), "{:?} in {:?}", error, text),
        }
        let text = words.concat();
        if let Err((_, error)) = Template::parse(&json!(text)) {
            prop_assert!(text.get(error.offset..error.offset + error.len).is_some(), "{:?} in {:?}", error, text);
        }
    }

    #[test]
    fn a_suggestion_put_in_place_moves_the_mistake_or_mends_it(text in expression(), slip in prop::sample::select(vec![("&&", "and"), ("||", "or"), ("==", "="), (">", "＞"), ("(", "（"), ("size", "siez")])) {
        let text = ascii(&text).replacen(slip.0, slip.1, 1);
        if let Err(error) = Program::compile(&text)
            && let Some(fix) = &error.suggestion
        {
            let mended = format!("{}{fix}{}", &text[..error.offset], &text[error.offset + error.len..]);
            if let Err(next) = Program::compile(&mended) {
                prop_assert_ne!((next.code, next.offset), (error.code, error.offset), "{} -> {}", text, mended);
            }
        }
    }

    #[test]
    fn texts_without_marks_are_handed_out_as_they_are(text in "[^$]{0,40}", value in prop::sample::select(vec![json!(1), json!(null), json!([1, {"a": "b"}])])) {
        let given = json!({"t": text, "v": value});
        let template = Template::parse(&given).unwrap();
        prop_assert!(template.is_literal());
        prop_assert_eq!(&*template.eval(&MapScope::default()).unwrap(), &given);
    }

    #[test]
    fn a_text_around_an_expression_stays(before in "[^$]{0,20}", after in "[^$]{0,20}") {
        let template = Template::parse(&json!(format!("{before}${{i}}$${{{after}"))).unwrap();
        prop_assert_eq!(&*template.eval(&MapScope::of(variables())).unwrap(), &json!(format!("{before}7${{{after}")));
    }
}
