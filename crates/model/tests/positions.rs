//! Lines and columns are those that people count: characters from 1, in every script, with every end of line.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_model::diagnostic::{Code, Diagnostic};
use heddle_model::format::{Format, parse};
use heddle_model::validate::{TaskTypes, examine};

fn found(text: &str, format: Format) -> Vec<Diagnostic> {
    examine(parse(text, format), &TaskTypes::builtin()).1
}

fn place_of(text: &str, format: Format, code: Code) -> (u32, u32) {
    let found = found(text, format);
    let problem = found.iter().find(|problem| problem.code == code).unwrap_or_else(|| panic!("no {code} in {found:?}"));
    (problem.line.unwrap(), problem.column.unwrap())
}

const TEXT: &str = "名称: x\nname: 流程\nstart: 甲\ntasks:\n  - { name: 甲, type: 任务类型, 下一步: 乙 }\n";

#[test]
fn columns_count_characters_with_every_end_of_line() {
    for end in ["\n", "\r\n", "\r"] {
        let text = TEXT.replace('\n', end);
        let unknown: Vec<_> = found(&text, Format::Yaml)
            .into_iter()
            .filter(|problem| problem.code == Code::UnknownField)
            .map(|p| (p.line, p.column))
            .collect();
        assert_eq!(unknown, [(Some(1), Some(1)), (Some(5), Some(28))], "{end:?}");
    }
    let json = "{\r\n  \"名称\": 1, \"name\": \"流程\",\r\n  \"nodes\": [{ \"id\": \"😀\", \"类型\": 2, \"type\": \"end\" }]\r\n}";
    let unknown: Vec<_> = found(json, Format::Json)
        .into_iter()
        .filter(|problem| problem.code == Code::UnknownField)
        .map(|p| (p.line, p.column))
        .collect();
    assert_eq!(unknown, [(Some(2), Some(3)), (Some(3), Some(26))]);
}

#[test]
fn a_column_inside_an_expression_is_that_of_the_author() {
    let place = |condition: &str| {
        let text = format!(
            "name: x\ninputs: {{ type: object, properties: {{ 金额: {{}} }} }}\nnodes: []\nedges:\n  - {{ from: a, to: b, condition: {condition} }}\n"
        );
        place_of(&text, Format::Yaml, Code::UnknownName)
    };
    // The condition begins in column 34.
    assert_eq!(place("${金额 > 额}"), (5, 41));
    assert_eq!(place("\"${金额 > 额}\""), (5, 42));
    assert_eq!(place("'${金额 > 额}'"), (5, 42));
    // With an escape before it the place inside is not known: the beginning of the text is.
    assert_eq!(place("\"\\u0024{金额 > 额}\""), (5, 34));
    let json = "{\"name\": \"x\", \"nodes\": [],\n \"variables\": {\"a\": \"和 ${未知}\"}}";
    assert_eq!(place_of(json, Format::Json, Code::UnknownName), (2, 26));
}

#[test]
fn what_the_short_form_implies_stands_where_it_was_written() {
    let text = "name: x\nstart:\n  name: 开始\n  next: [甲, 无]\ntasks:\n  - name: 甲\n    type: decision\n    condition: ${1 +}\n    true: 没有\n    false: 完\n  - name: 完\n    type: end\n";
    let found = found(text, Format::Yaml);
    let dangling: Vec<_> =
        found.iter().filter(|p| p.code == Code::DanglingEdge).map(|p| (p.line.unwrap(), p.column.unwrap())).collect();
    assert_eq!(dangling, [(4, 13), (9, 11)]);
    assert_eq!(place_of(text, Format::Yaml, Code::BadExpression).0, 8);
}

#[test]
fn an_alias_is_where_it_stands_not_where_it_points() {
    let text = "name: x\ntags: &t [a]\nnodes:\n  - id: e\n    type: end\n    output: *t\n";
    assert_eq!(place_of(text, Format::Yaml, Code::WrongKind), (6, 13));
}

#[test]
fn keys_without_a_value_stand_at_their_key() {
    assert_eq!(place_of("name: x\nnodes:\n  -\n  - { id: e, type: end }\n", Format::Yaml, Code::WrongKind).0, 3);
    assert_eq!(place_of("name: x\nnodes:\n  - { id: s, type: start }\n", Format::Yaml, Code::NoEnd), (2, 1));
}
