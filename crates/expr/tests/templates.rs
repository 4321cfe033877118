//! Texts with `${…}` in JSON values, and conditions.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_expr::{Condition, ExprErrorCode, MapScope, Template, check};
use serde_json::{Value, json};
use std::sync::Arc;

fn scope() -> MapScope {
    MapScope::of(json!({"a": 1, "name": "Ada", "list": [1, {"x": null}], "金额": 5, "nothing": null}))
}

fn eval(value: Value) -> Value {
    (*Template::parse(&value).unwrap().eval(&scope()).unwrap()).clone()
}

#[test]
fn a_whole_expression_keeps_its_type_and_others_are_joined() {
    for (template, want) in [
        (json!("${a}"), json!(1)),
        (json!("${list}"), json!([1, {"x": null}])),
        (json!(" ${a}"), json!(" 1")),
        (json!("${a}${a}"), json!("11")),
        (json!("Dear ${name}, ${金额}元 ${list}"), json!("Dear Ada, 5元 [1,{\"x\":null}]")),
        (json!("[${nothing}]"), json!("[]")),
        (json!("$${a} costs $5"), json!("${a} costs $5")),
        (json!("$${a}${a}"), json!("${a}1")),
        (json!("plain } {"), json!("plain } {")),
        (json!("$$${a}"), json!("$${a}")),
        (json!("${ {'k': '}'}.k + \"}\" }"), json!("}}")),
        (json!("${ {'k': {'l': a}} }!"), json!("{\"k\":{\"l\":1}}!")),
        (json!("${r'\\}' + '\\'}'}"), json!("\\}'}")),
        (
            json!({"x": ["${a}", 2, "t"], "${a}": "${name}", "deep": {"n": null}}),
            json!({"x": [1, 2, "t"], "${a}": "Ada", "deep": {"n": null}}),
        ),
        (json!(12.5), json!(12.5)),
    ] {
        assert_eq!(eval(template.clone()), want, "{template}");
    }
}

#[test]
fn literals_and_whole_variables_are_shared() {
    let literal = Template::parse(&json!({"a": [1, "x"]})).unwrap();
    assert!(Arc::ptr_eq(&literal.eval(&scope()).unwrap(), &literal.eval(&scope()).unwrap()));
    let scope = scope();
    let whole = Template::parse(&json!("${list}")).unwrap();
    assert!(Arc::ptr_eq(&whole.eval(&scope).unwrap(), &scope.names["list"]));
}

#[test]
fn mistakes_name_the_pointer_and_the_place_in_the_text() {
    let (pointer, error) = Template::parse(&json!({"a/b": ["ok", {"~": "金额 ${a} ${a +}"}]})).unwrap_err();
    assert_eq!(pointer, "/a~1b/1/~0");
    assert_eq!(&"金额 ${a} ${a +}"[error.offset..error.offset + error.len], "+");
    let (_, error) = Template::parse(&json!("x ${a")).unwrap_err();
    assert_eq!((error.code, error.offset), (ExprErrorCode::Unterminated, 2));
    let (_, error) = Template::parse(&json!("x ${'a}")).unwrap_err();
    assert_eq!((error.code, error.offset), (ExprErrorCode::Unterminated, 4));
    let mut deep = json!("${a}");
    for _ in 0..70 {
        deep = json!([deep]);
    }
    assert_eq!(Template::parse(&deep).unwrap_err().1.code, ExprErrorCode::TooDeep);
}

#[test]
fn references_of_all_parts() {
    let template = Template::parse(&json!({"x": "${a + b}", "y": ["${b} ${vars['c d']}", "t"]})).unwrap();
    assert_eq!(template.references(), ["a", "b", "c d"]);
    assert_eq!(template.programs().len(), 3);
}

#[test]
fn conditions_are_whole_or_bare() {
    for (text, want) in [("${金额 > 3}", true), ("  金额 > 3 ", true), (" ${ a == 2 } ", false), ("name == '$'", false)]
    {
        assert_eq!(Condition::parse(text).unwrap().holds(&scope()), Ok(want), "{text}");
    }
    let error = Condition::parse("${a > 1} && ${name == 'x'}").unwrap_err();
    assert_eq!(error.suggestion.as_deref(), Some("${a > 1 && name == 'x'}"));
    let error = Condition::parse(" ${金额 >}").unwrap_err();
    assert_eq!(&" ${金额 >}"[error.offset..error.offset + error.len], ">");
    assert!(Condition::parse("a").unwrap().holds(&scope()).unwrap_err().message_en.contains("true or false"));
}

#[test]
fn unknown_names_are_found_while_typing() {
    let known: Vec<String> = ["amount", "金额", "order-id", "my var"].map(String::from).into();
    let found = check("amuont > 1 && 金额 > 2 && instance.id == nodes.a.output && type(x1) == int", Some(&known));
    assert_eq!(
        found.iter().map(|error| (error.offset, error.len, error.suggestion.as_deref())).collect::<Vec<_>>(),
        [(0, 6, Some("amount")), (66, 2, None)]
    );
    let found = check("order-id == 1", Some(&known));
    assert_eq!(found[0].code, ExprErrorCode::DashedName);
    assert_eq!(found[0].suggestion.as_deref(), Some("vars[\"order-id\"]"));
    assert!(check("amuont", None).is_empty());
    assert_eq!(check("a +", Some(&known))[0].code, ExprErrorCode::Syntax);
}
