//! What expressions mean: a table of texts and values, and of errors with their places.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_expr::{EvalErrorCode as E, ExprErrorCode as X, MapScope, Program, Scope};
use serde_json::{Value, json};
use std::sync::Arc;

fn scope() -> MapScope {
    let mut scope = MapScope::of(json!({
        "a": 1, "b": 2.5, "big": 9_007_199_254_740_993_i64, "huge": 18_446_744_073_709_551_615_u64, "name": "Ada", "flag": true, "nothing": null,
        "金额": 1200, "项目": [{"价": 3, "名": "笔"}, {"价": 8, "名": "本"}], "items": [1, 2, 3], "words": ["b", "a", "b"], "type": "urgent",
        "order": {"total": 12.5, "note": null, "in": 7, "lines": [{"price": 2, "qty": 3}, {"price": 5, "qty": 1}], "客户": {"姓名": "王"}},
        "for": "reserved", "order-id": 42, "any name": "x", "input": {"a": 9}, "prices": [1, 2.5, 3], "when": "2026-11-22T08:00:00Z",
    }));
    for (id, output) in [
        ("合并", json!({"output": {"n": 5}})),
        ("ship-items", json!({"output": 3})),
        ("a", json!({"output": 1, "status": "COMPLETED"})),
    ] {
        scope.nodes.insert(id.into(), Arc::new(output));
    }
    scope.now_ms = 1_795_334_400_000;
    scope
}

fn eval(source: &str) -> Value {
    match Program::compile(source) {
        Ok(program) => {
            let value = program.eval(&scope()).unwrap_or_else(|error| panic!("{source}: {error:?}"));
            assert_eq!(
                program.eval_reference(&scope()).as_ref().map(|v| v == &value || source.contains("huge")),
                Ok(true),
                "{source}: the shortcut differs"
            );
            value
        }
        Err(error) => panic!("{source}: {error:?}"),
    }
}

#[test]
fn values() {
    let table: &[(&str, Value)] = &[
        ("1 + 1", json!(2)),
        ("a + 1", json!(2)),
        ("b * 2.0", json!(5.0)),
        ("a < b", json!(true)),
        ("a == 1.0", json!(true)),
        ("big + 1", json!(9_007_199_254_740_994_i64)),
        ("huge", json!(18_446_744_073_709_551_615_u64)),
        ("huge > a", json!(true)),
        ("a + 0.5", json!(1.5)),
        ("b - a", json!(1.5)),
        ("2 * b", json!(5.0)),
        ("b / 2", json!(1.25)),
        ("huge + 0.5", json!(18_446_744_073_709_551_616.0)),
        ("prices.map(p, p * 1.1 > 2)", json!([false, true, true])),
        ("order.total + a", json!(13.5)),
        ("7 / 2", json!(3)),
        ("7 % 4", json!(3)),
        ("-a", json!(-1)),
        ("'x' + 'y'", json!("xy")),
        ("name + '!'", json!("Ada!")),
        ("flag && a > 0", json!(true)),
        ("!flag || a == 2", json!(false)),
        ("flag ? 'yes' : 'no'", json!("yes")),
        ("nothing == null", json!(true)),
        ("金额 > 1000", json!(true)),
        ("vars['金额'] - 200", json!(1000)),
        ("vars.金额 == 金额", json!(true)),
        ("项目.exists(项, 项.价 > 5)", json!(true)),
        ("项目.map(i, i.名).join('、')", json!("笔、本")),
        ("nodes.合并.output.n", json!(5)),
        ("nodes['合并'].output.n + 1", json!(6)),
        ("nodes[\"ship-items\"].output", json!(3)),
        ("nodes.a.status == 'COMPLETED'", json!(true)),
        ("order.in", json!(7)),
        ("for", json!("reserved")),
        ("vars['any name']", json!("x")),
        ("order.客户.姓名", json!("王")),
        ("items.map(x, x * 2)", json!([2, 4, 6])),
        ("items.filter(x, x > 1)", json!([2, 3])),
        ("items.all(x, x > 0)", json!(true)),
        ("items.exists_one(x, x == 2)", json!(true)),
        ("items.map(x, x > 1, x + 1)", json!([3, 4])),
        ("items.map(x, items.map(y, x * y))", json!([[1, 2, 3], [2, 4, 6], [3, 6, 9]])),
        ("order.lines.exists(l, l.price * l.qty > 5)", json!(true)),
        ("order.lines.map(l, l.price * l.qty).sum()", json!(11)),
        ("prices.sum()", json!(6.5)),
        ("[].sum()", json!(0)),
        ("has(order.note)", json!(true)),
        ("has(order.missing)", json!(false)),
        ("has(missing.at.all)", json!(false)),
        ("has(a)", json!(true)),
        ("has(nothing_here)", json!(false)),
        ("has(order.lines[5].price)", json!(false)),
        ("order.lines.map(l, has(l.note))", json!([false, false])),
        ("has(nodes.zzz)", json!(false)),
        ("default(order.missing, 3)", json!(3)),
        ("default(order.total, 3)", json!(12.5)),
        ("default(missing, 'x')", json!("x")),
        ("default(order.note, 1)", json!(null)),
        ("order.lines.map(l, default(l.tax, 0))", json!([0, 0])),
        ("default(order.lines[a].price, 0)", json!(5)),
        ("default(order.lines[a + 9].price, 0)", json!(0)),
        ("default(missing[a].x, 'd')", json!("d")),
        ("default(a + 1, 5)", json!(2)),
        ("order.?missing.orValue('none')", json!("none")),
        ("order.?total.hasValue()", json!(true)),
        ("size(items)", json!(3)),
        ("items.size() == 3", json!(true)),
        ("size('笔本')", json!(2)),
        ("size(order)", json!(5)),
        ("name.startsWith('A')", json!(true)),
        ("name.matches('^A.a$')", json!(true)),
        ("matches(name, 'z')", json!(false)),
        ("'王小明'.matches('^\\\\p{Han}+$')", json!(true)),
        ("'a,b'.split(',')", json!(["a", "b"])),
        ("'笔本'.charAt(1)", json!("本")),
        ("'abcabc'.indexOf('c')", json!(2)),
        ("'abcabc'.indexOf('c', 3)", json!(5)),
        ("'abcabc'.lastIndexOf('a')", json!(3)),
        ("'aXbX'.replace('X', '-')", json!("a-b-")),
        ("'hello'.substring(1, 3)", json!("el")),
        ("'hello'.substring(3)", json!("lo")),
        ("' x '.trim()", json!("x")),
        ("'Ab'.lowerAscii() + 'Ab'.upperAscii()", json!("abAB")),
        ("'ab'.reverse()", json!("ba")),
        ("words.distinct()", json!(["b", "a"])),
        ("words.sort()", json!(["a", "b", "b"])),
        ("items.reverse()", json!([3, 2, 1])),
        ("items.slice(1, 3)", json!([2, 3])),
        ("[[1], [2, 3]].flatten()", json!([1, 2, 3])),
        ("lists.range(3)", json!([0, 1, 2])),
        ("order.客户.keys()", json!(["姓名"])),
        ("{'b': 1, 'a': 2}.map(k, k)", json!(["a", "b"])),
        ("{'b': 1, 'a': [2]}", json!({"a": [2], "b": 1})),
        ("math.greatest(1, 3, 2)", json!(3)),
        ("math.least(a, b)", json!(1)),
        ("math.round(1.5)", json!(2.0)),
        ("math.floor(b)", json!(2.0)),
        ("int('42') + 1", json!(43)),
        ("double(a) / 2.0", json!(0.5)),
        ("string(a) + 'x'", json!("1x")),
        ("type(a) == int", json!(true)),
        ("type == 'urgent'", json!(true)),
        ("type('x') == string", json!(true)),
        ("2 in items", json!(true)),
        ("'total' in order", json!(true)),
        ("name in ['Ada', 'Bob']", json!(true)),
        ("vars.size() > 3", json!(true)),
        ("vars[name == 'Ada' ? 'a' : 'b']", json!(1)),
        ("timestamp('2026-11-22T08:00:00Z') < timestamp('2027-01-01T00:00:00Z')", json!(true)),
        ("now()", json!("2026-11-22T08:00:00Z")),
        ("now() == timestamp(when)", json!(true)),
        ("now() + duration('90m')", json!("2026-11-22T09:30:00Z")),
        ("duration('90m')", json!("5400s")),
        ("now().getFullYear()", json!(2026)),
        ("(now() - timestamp('2026-11-21T08:00:00Z')).getHours()", json!(24)),
        ("input.a", json!(9)),
        ("b'\\x00\\xff'", json!("AP8=")),
        ("'é' + r'\\d中' + \"\"\"x\ny\"\"\"", json!("é\\d中x\ny")),
        ("'😀'.size()", json!(1)),
        ("a > 0 // 注释", json!(true)),
        ("0x1F", json!(31)),
        (".5 + 1e2", json!(100.5)),
        ("[1, 2][1]", json!(2)),
        ("order.lines[0].qty", json!(3)),
        ("order['total']", json!(12.5)),
        ("optional.of(1).value()", json!(1)),
        ("a == 1 || missing > 3", json!(true)),
        ("missing > 3 || a == 1", json!(true)),
        ("1 == '1'", json!(false)),
        ("[1, 2] == [1.0, 2]", json!(true)),
        ("nothing != 0", json!(true)),
        ("true ? 1 : missing", json!(1)),
        ("[items.size(), {'k': name}]", json!([3, {"k": "Ada"}])),
    ];
    for (source, want) in table {
        assert_eq!(&eval(source), want, "{source}");
    }
}

#[test]
fn failures_of_evaluation() {
    let table: &[(&str, E, &str)] = &[
        ("missing + 1", E::UnknownName, "`missing`"),
        ("1 + 金额数", E::UnknownName, "`金额数`"),
        ("order.missing", E::MissingField, "`order` has no field `missing`"),
        ("order.lines[7].price", E::Index, "`order.lines` has 2 elements"),
        ("order.note.x", E::Type, "`order.note` is of type null"),
        ("name.x", E::Type, "of type string"),
        ("nodes.later.output", E::UnknownName, "no node `later`"),
        ("items.map(x, x.price)", E::Type, ""),
        ("order.lines.map(l, l.tax)", E::MissingField, "`tax`"),
        ("a + 'x'", E::Type, "`+` does not go with"),
        ("nothing > 1", E::Type, "null"),
        ("1 / 0", E::DivisionByZero, ""),
        ("a % 0", E::DivisionByZero, ""),
        ("9223372036854775807 + a", E::Overflow, ""),
        ("items[a + 5]", E::Index, ""),
        ("name.matches('(')", E::InvalidArgument, "matches"),
        ("1.0 / 0.0", E::NotANumber, "inf"),
        ("int('x')", E::InvalidArgument, ""),
        ("[1, 'a'].sort()", E::InvalidArgument, "put in order"),
        ("[1].join()", E::InvalidArgument, "string(x)"),
        ("1 && true", E::Type, ""),
        ("lists.range(100000)", E::Limit, ""),
        ("'a'.substring(5)", E::InvalidArgument, ""),
        ("{'a': 1, 'a': 2}", E::InvalidArgument, "twice"),
        ("items + order", E::Type, "`+` does not go with"),
    ];
    for (source, code, part) in table {
        let error = Program::compile(source)
            .unwrap_or_else(|error| panic!("{source}: {error:?}"))
            .eval(&scope())
            .expect_err(source);
        assert_eq!(error.code, *code, "{source}: {error:?}");
        assert!(error.message_en.contains(part), "{source}: {}", error.message_en);
        assert!(!error.message_zh.is_empty() && error.expression == *source, "{error:?}");
    }
}

#[test]
fn mistakes_in_the_text_have_their_place_and_their_remedy() {
    // What stands at the error's place, and the suggestion.
    let table: &[(&str, X, &str, Option<&str>)] = &[
        ("", X::Empty, "", None),
        ("   ", X::Empty, "   ", None),
        ("金额 >", X::Syntax, ">", None),
        ("a and b", X::Syntax, "and", Some("&&")),
        ("金额 大于 5", X::Syntax, "大于", Some(">")),
        ("not a", X::Syntax, "not", Some("!")),
        ("a = 1", X::Syntax, "=", Some("==")),
        ("a & b", X::UnexpectedCharacter, "&", Some("&&")),
        ("a b", X::Syntax, "b", None),
        ("金额 ＞ 5", X::UnexpectedCharacter, "＞", Some(">")),
        ("f（a）", X::UnexpectedCharacter, "（", Some("(")),
        ("“x”", X::UnexpectedCharacter, "“", Some("\"")),
        ("'金额", X::Unterminated, "'金额", Some("'金额'")),
        ("(a + (b)", X::Unterminated, "(", None),
        ("a + b)", X::Syntax, ")", Some("")),
        ("[a)", X::Syntax, ")", Some("]")),
        ("nodes.ship-items.output", X::DashedName, "nodes.ship-items", Some("nodes[\"ship-items\"]")),
        ("1 + nodes.发-货-1 > 2", X::DashedName, "nodes.发-货-1", Some("nodes[\"发-货-1\"]")),
        ("siz(a)", X::UnknownFunction, "siz", Some("size")),
        ("金额.startswith('a')", X::UnknownFunction, "startswith", Some("startsWith")),
        ("name.has()", X::UnknownFunction, "has", None),
        ("size(1, 2)", X::WrongArguments, "size", None),
        ("has(1)", X::WrongArguments, "has", None),
        ("items.map(1, 2)", X::WrongArguments, "map", None),
        ("Foo{a: 1}", X::Unsupported, "{", None),
        ("a.map(x, x.map(y, y.map(z, z)))", X::NestedComprehensions, "map", None),
        ("1 +* 2", X::Syntax, "*", None),
        ("a\u{202e}b", X::UnexpectedCharacter, "\u{202e}", Some(" ")),
        ("'\\金'", X::Syntax, "\\金", Some("金")),
        ("a; b", X::UnexpectedCharacter, ";", Some("")),
        ("金额 > 1 + + 2", X::Syntax, "+", None),
        ("a ? b", X::Syntax, "b", None),
        ("金额.", X::Syntax, ".", None),
        ("a ? b :", X::Syntax, ":", None),
        ("f(,1)", X::Syntax, ",", None),
        ("a > 99999999999999999999", X::Syntax, "99999999999999999999", None),
        ("'\\q'", X::Syntax, "'\\q'", None),
        ("{1 2}", X::Syntax, "2", None),
        ("99.startsWith('9', 2)", X::WrongArguments, "startsWith", None),
    ];
    for (source, code, at, fix) in table {
        let error = Program::compile(source).expect_err(source);
        assert_eq!(error.code, *code, "{source}: {error:?}");
        assert_eq!(source.get(error.offset..error.offset + error.len), Some(*at), "{source}: {error:?}");
        assert_eq!(error.suggestion.as_deref(), *fix, "{source}: {error:?}");
        assert!(!error.message_en.is_empty() && !error.message_zh.is_empty());
    }
}

#[test]
fn references_are_the_names_as_written() {
    let program = Program::compile("金额 > vars['上限'] && items.exists(i, i.x == name) && nodes.a.output == 1 && type(flag) == int && now() > secrets.token").unwrap();
    assert_eq!(program.references(), ["金额", "上限", "items", "name", "nodes", "flag", "secrets"]);
    assert_eq!(program.functions(), ["type", "now"]);
    assert!(program.uses_now());
    assert_eq!(program.nodes().map(|(id, _)| id).collect::<Vec<_>>(), ["a"]);
    assert_eq!(program.secrets().map(|(name, _)| name).collect::<Vec<_>>(), ["token"]);
    let (_, (offset, len)) = program.nodes().next().unwrap();
    assert_eq!(&program.source()[offset..offset + len], "nodes.a.output");
}

#[test]
fn only_what_is_named_is_looked_up() {
    struct Watch(std::cell::RefCell<Vec<String>>);
    impl Scope for Watch {
        fn get(&self, name: &str) -> Option<Arc<Value>> {
            self.0.borrow_mut().push(name.to_owned());
            Some(Arc::new(json!({"x": [1], "k": 2})))
        }
        fn now_ms(&self) -> i64 {
            panic!("nothing asks for the time")
        }
        fn variables(&self) -> Option<Arc<Value>> {
            panic!("nothing asks for all variables")
        }
        fn node(&self, id: &str) -> Option<Arc<Value>> {
            self.0.borrow_mut().push(format!("node {id}"));
            Some(Arc::new(json!({"output": 1, "status": "COMPLETED"})))
        }
        fn node_output(&self, id: &str) -> Option<Arc<Value>> {
            self.0.borrow_mut().push(format!("output of {id}"));
            Some(Arc::new(json!({"n": 1})))
        }
    }
    let watch = Watch(std::cell::RefCell::default());
    let program = Program::compile(
        "a.x.map(i, i + 1).size() == vars['b'].k || nodes['n-1'].output.n == 1 && nodes.x.status == 'COMPLETED'",
    )
    .unwrap();
    assert_eq!(program.eval(&watch).unwrap(), json!(true));
    assert_eq!(*watch.0.borrow(), ["a", "b", "output of n-1", "node x"]);
}

#[test]
fn the_docs_name_every_function() {
    let page = include_str!("../../../docs/language/expressions.md");
    for function in heddle_expr::FUNCTIONS {
        assert!(
            page.contains(&format!("`{}`", function.usage)),
            "docs/language/expressions.md lacks `{}`",
            function.usage
        );
        // What the list shows as an example must at least be an expression.
        Program::compile(function.usage).unwrap_or_else(|error| panic!("{}: {error:?}", function.usage));
    }
}
