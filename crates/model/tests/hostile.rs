//! Texts made to harm: they are refused with a code and a place, quickly, and nothing panics.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_model::definition::Definition;
use heddle_model::diagnostic::{Code, Diagnostic};
use heddle_model::format::{Format, parse, to_yaml};
use heddle_model::limits;
use heddle_model::validate::{TaskTypes, examine};

fn check(text: impl AsRef<[u8]>, format: Format) -> (Option<Definition>, Vec<Diagnostic>) {
    let (definition, found) = examine(parse(text, format), &TaskTypes::builtin());
    assert!(found.len() <= limits::DIAGNOSTICS + 1, "no more than people can read");
    (definition, found)
}

/// The one code, and where.
fn only(text: impl AsRef<[u8]>, format: Format) -> (Code, Option<u32>, Option<u32>) {
    let (definition, found) = check(text, format);
    assert_eq!(definition, None, "{found:?}");
    let [problem] = found.as_slice() else { panic!("one problem: {found:?}") };
    (problem.code, problem.line, problem.column)
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..10 {
        let alias = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", ")));
    }
    assert!(matches!(only(&text, Format::Yaml).0, Code::TooManyValues | Code::TooManyAliases));
    let wide = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(20_000), "*a,".repeat(99));
    assert_eq!(only(wide, Format::Yaml).0, Code::TooManyValues);
    let many = format!("a: &a 1\nb: [{}]\n", "*a,".repeat(101));
    assert_eq!(only(many, Format::Yaml).0, Code::TooManyAliases);
    let nested = format!("{}1{}", "&a [".repeat(60), "]".repeat(60));
    check(nested, Format::Yaml);
    assert_eq!(only("a: &a [*a]", Format::Yaml).0, Code::YamlFeature);
}

#[test]
fn depth_is_limited_in_every_way_of_writing() {
    let deep = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    for n in [limits::DOCUMENT_DEPTH + 1, 10_000, 200_000] {
        assert_eq!(only(deep("[", "]", n), Format::Json).0, Code::TooDeep);
        assert_eq!(only(deep("{\"a\":", "}", n), Format::Json).0, Code::TooDeep);
        assert_eq!(only(deep("[", "]", n), Format::Yaml).0, Code::TooDeep);
        assert_eq!(only(deep("{a: ", "}", n), Format::Yaml).0, Code::TooDeep);
        assert_eq!(only("- ".repeat(n), Format::Yaml).0, Code::TooDeep);
    }
    let indented: String = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert_eq!(only(indented, Format::Yaml).0, Code::TooDeep);
    let by_alias = format!("a: &a {}\nb: {}\n", deep("[", "]", 40), "[".repeat(30) + "*a" + &"]".repeat(30));
    assert_eq!(only(by_alias, Format::Yaml).0, Code::TooDeep);
    assert_ne!(check(deep("[", "]", limits::DOCUMENT_DEPTH), Format::Json).1[0].code, Code::TooDeep);
}

#[test]
fn size_and_number_of_values_are_limited() {
    assert_eq!(only(vec![b' '; limits::DEFINITION_BYTES + 1], Format::Auto), (Code::TooLarge, Some(1), Some(1)));
    let many = format!("[{}1]", "1,".repeat(limits::YAML_EVENTS));
    assert_eq!(only(&many, Format::Json).0, Code::TooManyValues);
    assert_eq!(only(&many, Format::Yaml).0, Code::TooManyValues);
    let nodes: String = (0..=limits::DEFINITION_NODES).map(|n| format!("- {{ id: n{n}, type: task }}\n")).collect();
    let (_, found) = check(format!("name: many\nnodes:\n{nodes}"), Format::Yaml);
    assert_eq!(found.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::TooManyElements]);
}

#[test]
fn huge_scalars_are_read_without_harm() {
    let long = "x".repeat(1_000_000);
    for text in [
        format!("name: {long}\n"),
        format!("name: \"{long}\"\n"),
        format!("{long}: 1\n"),
        format!("name: |\n  {long}\n"),
        format!("name: ${{{long}}}\n"),
        format!("name: {}\n", "${".repeat(100_000)),
        format!("{}\n", "\"${".repeat(50_000)),
        format!("name: {}\n", "9".repeat(100_000)),
        format!("name: x\nversion: {}\n", "9".repeat(1_000)),
        format!("# {long}"),
    ] {
        let (_, found) = check(&text, Format::Yaml);
        assert!(found.iter().any(Diagnostic::is_error), "{}", &text[..40.min(text.len())]);
    }
    let (_, found) = check(format!("{{\"name\": \"{long}\", \"nodes\": []}}"), Format::Json);
    assert_eq!(found[0].code, Code::BadName);
}

#[test]
fn many_mistakes_stay_few_and_quick() {
    let unknown: String = (0..100_000).map(|n| format!("key{n}: 1\n")).collect();
    let twice: String = (0..50_000).rev().map(|n| format!("key{n}: 2\n")).collect();
    let (_, found) = check(format!("{unknown}{twice}"), Format::Yaml);
    assert_eq!(found.last().map(|problem| problem.code), Some(Code::More));
    let edges: String = (0..20_000).map(|n| format!("- {{ from: nowhere-{n}, to: nobody-{n} }}\n")).collect();
    let nodes: String = (0..10_000).map(|n| format!("- {{ id: node-{n}, type: task }}\n")).collect();
    let (_, found) = check(format!("name: x\nnodes:\n{nodes}edges:\n{edges}"), Format::Yaml);
    assert_eq!(found.len(), limits::DIAGNOSTICS + 1);
    let variables: String = (0..20_000).map(|n| format!("  v{n}: ${{unknown_{n}}}\n")).collect();
    let (_, found) = check(format!("name: x\nvariables:\n{variables}nodes: []\n"), Format::Yaml);
    assert_eq!(found.len(), limits::DIAGNOSTICS + 1);
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    assert_eq!(only(b"name: \xff\n", Format::Auto), (Code::NotUtf8, Some(1), Some(7)));
    assert_eq!(only(b"name: x\r\n\xe4\xb8\xad\xe4\xb8\n", Format::Auto), (Code::NotUtf8, Some(2), Some(2)));
    assert_eq!(only("name: 中\n文: a\0b\n", Format::Auto), (Code::ControlCharacter, Some(2), Some(5)));
    assert_eq!(only("{\"name\": \"a\u{1}b\"}", Format::Json), (Code::ControlCharacter, Some(1), Some(12)));
    let (_, found) = check("{\"name\": \"a\\u0000b\", \"nodes\": []}", Format::Json);
    assert!(found.iter().any(|problem| problem.code == Code::ControlCharacter));
    let (_, found) = check("name: \"a\\0b\"\nnodes: []\n", Format::Yaml);
    assert!(found.iter().any(|problem| problem.code == Code::ControlCharacter));
    // UTF-16 is not UTF-8.
    assert_eq!(only(b"\xff\xfen\0a\0", Format::Auto).0, Code::NotUtf8);
}

#[test]
fn broken_json_is_told_where_it_breaks() {
    for (text, column) in [
        ("", 1),
        ("{", 2),
        ("{\"a\"", 5),
        ("{\"a\":}", 6),
        ("{\"a\":1,}", 8),
        ("[1,]", 4),
        ("[1 2]", 4),
        ("{a: 1}", 2),
        ("\"abc", 1),
        ("\"\\x\"", 2),
        ("\"\\ud800\"", 2),
        ("\"\\udc00\"", 2),
        ("\"\\ud800\\u0041\"", 2),
        ("01", 1),
        ("1.", 1),
        ("-", 1),
        ("+1", 1),
        (".5", 1),
        ("1e", 1),
        ("nul", 1),
        ("tru", 1),
        ("NaN", 1),
        ("1 1", 3),
        ("\"a\tb\"", 3),
        ("{\"a\":1 \"b\":2}", 8),
        ("'a'", 1),
        ("\"\\u12g4\"", 2),
        ("[1,\u{a0}2]", 4),
    ] {
        assert_eq!(only(text, Format::Json), (Code::Syntax, Some(1), Some(column)), "{text}");
    }
}

#[test]
fn a_byte_order_mark_is_no_content() {
    let (definition, found) = check("\u{feff}name: x\nstart: e\ntasks: [{ name: e, type: end }]\n", Format::Yaml);
    assert_eq!(found, []);
    assert_eq!(definition.unwrap().name, "x");
    let json = "\u{feff}{\"name\": \"x\", \"start\": \"e\", \"tasks\": [{\"name\": \"e\", \"type\": \"end\"}]}";
    assert_eq!(check(json, Format::Json).1, []);
    assert_eq!(check(json, Format::Auto).1, []);
}

#[test]
fn names_that_yaml_would_misread_survive() {
    let words = [
        "on", "off", "yes", "no", "y", "n", "null", "~", "true", "1.0", "0x10", "1:30", "2026-11-22", "- a", "a: b",
        "a #b", "#", "*a", "&a", "!t", "|", ">", "'", "\"", "%", "@", "`", "a\tb", "{", "}", "[", "]", ",", "?", ":",
        "-", "=", "<<", "..", "...", "---", " a", "a ", "结束", "ｙ", "é", "\u{85}", "\u{2028}", "\u{feff}",
        "\u{202e}abc", "😀", "${", "${a", "a ${b} c", "${a: b}", "$${x}", ".inf", ".5", "1e3", "1_000", "+1", "-1",
        "0o7", "\\", "\\n", "it's", "\u{f0000}{", "a\\\"b'c",
    ];
    for word in words {
        let mut definition = Definition { name: "n".into(), description: Some(word.into()), ..Definition::default() };
        definition.variables.insert(word.to_owned(), word.into());
        definition.variables.insert("list".into(), serde_json::json!([word, { word: [word, [word]] }]));
        definition.nodes.push(heddle_model::definition::Node { id: word.into(), ..Default::default() });
        definition.edges.push(heddle_model::definition::Edge {
            from: word.into(),
            to: word.into(),
            condition: Some(word.into()),
            label: Some(word.into()),
            ..Default::default()
        });
        let yaml = to_yaml(&definition);
        assert_eq!(parse(&yaml, Format::Yaml).definition, Some(definition), "{word:?}\n{yaml}");
    }
}
