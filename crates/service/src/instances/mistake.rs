//! What a mistake of an input is told like: one sentence per keyword of JSON Schema, in English and 中文. It never repeats the value,
//! which may be long and nobody else's business; the pointer says where it is.

use heddle_api::Lang;
use heddle_api::error::ProblemItem;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, JsonTypeSet};
use serde_json::Value;

/// The mistake as the wire has it.
pub(super) fn item(error: &ValidationError<'_>, lang: Lang) -> ProblemItem {
    item_at("/input", "INPUT_SCHEMA", error, lang)
}

/// The same of something that stands elsewhere in the request.
pub(crate) fn item_at(place: &str, code: &str, error: &ValidationError<'_>, lang: Lang) -> ProblemItem {
    let (en, zh) = texts(&error.kind);
    ProblemItem::error(format!("{place}{}", error.instance_path), code, lang.pick(&en, &zh))
}

/// A sentence in both languages.
type Texts = (String, String);

fn texts(kind: &Kind) -> Texts {
    match kind {
        Kind::Type { kind } => of_type(kind),
        Kind::Required { property } => {
            let name = property.as_str().map_or_else(|| short(&property.to_string()), short);
            (format!("`{name}` is missing."), format!("缺少 `{name}`。"))
        }
        Kind::Enum { options } => {
            let options = options.as_array().map_or_else(|| value(options), |options| list(options.iter().map(value)));
            (format!("Must be one of {options}."), format!("必须是以下之一：{options}。"))
        }
        Kind::Constant { expected_value } => {
            let wanted = value(expected_value);
            (format!("Must be {wanted}."), format!("必须是 {wanted}。"))
        }
        Kind::Minimum { .. }
        | Kind::Maximum { .. }
        | Kind::ExclusiveMinimum { .. }
        | Kind::ExclusiveMaximum { .. }
        | Kind::MultipleOf { .. } => of_number(kind),
        Kind::Pattern { pattern } => {
            let pattern = short(pattern);
            (format!("Must match the pattern `{pattern}`."), format!("必须符合模式 `{pattern}`。"))
        }
        Kind::Format { format } => (format!("Is not a valid `{format}`."), format!("不是有效的 `{format}`。")),
        Kind::ContentEncoding { content_encoding: name } | Kind::ContentMediaType { content_media_type: name } => {
            (format!("Its content is not `{name}`."), format!("内容不是 `{name}`。"))
        }
        Kind::FromUtf8 { .. } => fixed("Its content is not UTF-8 text.", "内容不是 UTF-8 文本。"),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let names = list(unexpected.iter().map(|name| format!("`{}`", short(name))));
            (format!("Nothing of this name is known here: {names}."), format!("此处不接受这些成员：{names}。"))
        }
        Kind::PropertyNames { .. } => fixed("Has a member whose name is not allowed.", "含有名称不被允许的成员。"),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            fixed("Fits none of the shapes that are allowed here.", "不符合此处允许的任何一种形式。")
        }
        Kind::OneOfMultipleValid { .. } => fixed(
            "Fits several of the shapes of which exactly one is allowed.",
            "同时符合多种形式，而此处只能符合一种。",
        ),
        Kind::Not { .. } => fixed("Has a shape that is ruled out here.", "此处不允许这种形式。"),
        Kind::FalseSchema => fixed("Nothing is allowed here.", "此处不允许任何内容。"),
        Kind::Contains => fixed("Holds no item of the kind that is asked for.", "没有符合要求的元素。"),
        Kind::UniqueItems => fixed("Holds the same item twice.", "含有重复的元素。"),
        Kind::BacktrackLimitExceeded { .. } | Kind::Custom { .. } | Kind::Referencing(_) => {
            fixed("Cannot be checked against the schema.", "无法根据模式进行检查。")
        }
        Kind::MinLength { .. }
        | Kind::MaxLength { .. }
        | Kind::MinItems { .. }
        | Kind::MaxItems { .. }
        | Kind::AdditionalItems { .. }
        | Kind::UnevaluatedItems { .. }
        | Kind::MinProperties { .. }
        | Kind::MaxProperties { .. } => of_size(kind),
    }
}

fn of_number(kind: &Kind) -> Texts {
    match kind {
        Kind::Minimum { limit } => (format!("Must be at least {limit}."), format!("不能小于 {limit}。")),
        Kind::Maximum { limit } => (format!("Must be at most {limit}."), format!("不能大于 {limit}。")),
        Kind::ExclusiveMinimum { limit } => (format!("Must be more than {limit}."), format!("必须大于 {limit}。")),
        Kind::ExclusiveMaximum { limit } => (format!("Must be less than {limit}."), format!("必须小于 {limit}。")),
        Kind::MultipleOf { multiple_of } => {
            (format!("Must be a multiple of {multiple_of}."), format!("必须是 {multiple_of} 的倍数。"))
        }
        _ => of_size(kind),
    }
}

/// How many characters, items or members.
fn of_size(kind: &Kind) -> Texts {
    let least = |n: u64, one: &str, zh: &str| (format!("At least {}.", count(n, one)), format!("至少 {n} {zh}。"));
    let most = |n: u64, one: &str, zh: &str| (format!("At most {}.", count(n, one)), format!("最多 {n} {zh}。"));
    match kind {
        Kind::MinLength { limit } => least(*limit, "character", "个字符"),
        Kind::MaxLength { limit } => most(*limit, "character", "个字符"),
        Kind::MinItems { limit } => least(*limit, "item", "个元素"),
        Kind::MaxItems { limit } => most(*limit, "item", "个元素"),
        Kind::AdditionalItems { limit } => most(u64::try_from(*limit).unwrap_or(u64::MAX), "item", "个元素"),
        Kind::MinProperties { limit } => least(*limit, "member", "个成员"),
        Kind::MaxProperties { limit } => most(*limit, "member", "个成员"),
        _ => fixed("Holds items that nothing is known of.", "含有未定义的元素。"),
    }
}

fn count(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

fn of_type(kind: &TypeKind) -> Texts {
    let types: Vec<JsonType> = match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(several) => all(*several),
    };
    let (en, zh): (Vec<_>, Vec<_>) = types.into_iter().map(name).unzip();
    (format!("Must be {}.", en.join(" or ")), format!("必须是{}。", zh.join("或")))
}

fn all(types: JsonTypeSet) -> Vec<JsonType> {
    use JsonType::{Array, Boolean, Integer, Null, Number, Object, String};
    let known = [String, Integer, Number, Boolean, Object, Array, Null];
    known.into_iter().filter(|one| types.contains(*one)).collect()
}

const fn name(one: JsonType) -> (&'static str, &'static str) {
    match one {
        JsonType::Array => ("a list", "列表"),
        JsonType::Boolean => ("true or false", "布尔值"),
        JsonType::Integer => ("a whole number", "整数"),
        JsonType::Null => ("null", "空值"),
        JsonType::Number => ("a number", "数字"),
        JsonType::Object => ("an object", "对象"),
        JsonType::String => ("a text", "文本"),
    }
}

fn fixed(en: &str, zh: &str) -> Texts {
    (en.to_owned(), zh.to_owned())
}

/// Entries and characters that are named before the rest is left out.
const NAMED: usize = 12;
const SHOWN: usize = 80;

fn value(value: &Value) -> String {
    short(&value.to_string())
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn list(entries: impl ExactSizeIterator<Item = String>) -> String {
    let more = entries.len() > NAMED;
    let mut text = entries.take(NAMED).collect::<Vec<_>>().join(", ");
    if more {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(schema: &Value, input: &Value) -> Vec<(String, String, String)> {
        let schema = jsonschema::validator_for(schema).unwrap();
        let both = |error: ValidationError<'_>| {
            let (en, zh) = (item(&error, Lang::En), item(&error, Lang::Zh));
            assert_eq!((&en.pointer, &en.code), (&zh.pointer, &zh.code));
            (en.pointer, en.message, zh.message)
        };
        schema.iter_errors(input).map(both).collect()
    }

    #[test]
    fn every_keyword_speaks_both_languages() {
        let cases = [
            (json!({"type": "integer"}), json!("x"), "Must be a whole number.", "必须是整数。"),
            (json!({"type": ["string", "null"]}), json!(1), "Must be a text or null.", "必须是文本或空值。"),
            (json!({"required": ["金额"]}), json!({}), "`金额` is missing.", "缺少 `金额`。"),
            (json!({"enum": ["a", 1]}), json!(2), "Must be one of \"a\", 1.", "必须是以下之一：\"a\", 1。"),
            (json!({"const": true}), json!(2), "Must be true.", "必须是 true。"),
            (json!({"minimum": 3}), json!(2), "Must be at least 3.", "不能小于 3。"),
            (json!({"maximum": 1.5}), json!(2), "Must be at most 1.5.", "不能大于 1.5。"),
            (json!({"exclusiveMinimum": 2}), json!(2), "Must be more than 2.", "必须大于 2。"),
            (json!({"exclusiveMaximum": 2}), json!(2), "Must be less than 2.", "必须小于 2。"),
            (json!({"multipleOf": 3}), json!(2), "Must be a multiple of 3.", "必须是 3 的倍数。"),
            (json!({"minLength": 3}), json!("两字"), "At least 3 characters.", "至少 3 个字符。"),
            (json!({"maxLength": 1}), json!("两字"), "At most 1 character.", "最多 1 个字符。"),
            (json!({"pattern": "^a$"}), json!("b"), "Must match the pattern `^a$`.", "必须符合模式 `^a$`。"),
            (json!({"minItems": 1}), json!([]), "At least 1 item.", "至少 1 个元素。"),
            (json!({"maxItems": 1}), json!([1, 2]), "At most 1 item.", "最多 1 个元素。"),
            (
                json!({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}], "additionalItems": false}),
                json!([1, 2]),
                "At most 1 item.",
                "最多 1 个元素。",
            ),
            (json!({"uniqueItems": true}), json!([1, 1]), "Holds the same item twice.", "含有重复的元素。"),
            (
                json!({"contains": {"type": "null"}}),
                json!([1]),
                "Holds no item of the kind that is asked for.",
                "没有符合要求的元素。",
            ),
            (json!({"minProperties": 1}), json!({}), "At least 1 member.", "至少 1 个成员。"),
            (json!({"maxProperties": 0}), json!({"a": 1}), "At most 0 members.", "最多 0 个成员。"),
            (
                json!({"properties": {"b": {}}, "additionalProperties": false}),
                json!({"a": 1}),
                "Nothing of this name is known here: `a`.",
                "此处不接受这些成员：`a`。",
            ),
            (
                json!({"unevaluatedProperties": false}),
                json!({"a": 1}),
                "Nothing of this name is known here: `a`.",
                "此处不接受这些成员：`a`。",
            ),
            (
                json!({"propertyNames": {"maxLength": 1}}),
                json!({"ab": 1}),
                "Has a member whose name is not allowed.",
                "含有名称不被允许的成员。",
            ),
            (
                json!({"anyOf": [{"type": "null"}, {"type": "string"}]}),
                json!(1),
                "Fits none of the shapes that are allowed here.",
                "不符合此处允许的任何一种形式。",
            ),
            (
                json!({"oneOf": [{"type": "null"}, {"type": "string"}]}),
                json!(1),
                "Fits none of the shapes that are allowed here.",
                "不符合此处允许的任何一种形式。",
            ),
            (
                json!({"oneOf": [{"minimum": 0}, {"minimum": 1}]}),
                json!(1),
                "Fits several of the shapes of which exactly one is allowed.",
                "同时符合多种形式，而此处只能符合一种。",
            ),
            (json!({"not": {}}), json!(1), "Has a shape that is ruled out here.", "此处不允许这种形式。"),
            (json!(false), json!(1), "Nothing is allowed here.", "此处不允许任何内容。"),
        ];
        for (schema, input, en, zh) in cases {
            assert_eq!(told(&schema, &input), [("/input".to_owned(), en.to_owned(), zh.to_owned())], "{schema}");
        }
        let formats = jsonschema::options().should_validate_formats(true).build(&json!({"format": "date"})).unwrap();
        let mistake = item(&formats.iter_errors(&json!("x")).next().unwrap(), Lang::Zh);
        assert_eq!(mistake.message, "不是有效的 `date`。");
    }

    #[test]
    fn the_place_is_named_and_the_value_is_not() {
        let schema = json!({"properties": {"金额": {"type": "number"}, "a/b": {"maxLength": 2}}});
        let secret = "hunter2".repeat(100_000);
        let found = told(&schema, &json!({"金额": secret, "a/b": secret}));
        let pointers: Vec<&str> = found.iter().map(|(pointer, ..)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/input/金额", "/input/a~1b"]);
        assert!(found.iter().all(|(_, en, zh)| en.len() < 200 && zh.len() < 200 && !en.contains("hunter2")));
    }

    #[test]
    fn long_lists_and_names_are_cut() {
        let many: serde_json::Map<_, _> = (0..5_000).map(|n| (format!("{n}{}", "名".repeat(500)), json!(1))).collect();
        let found = told(&json!({"properties": {"b": {}}, "additionalProperties": false}), &Value::Object(many));
        assert_eq!(found.len(), 1);
        assert!(found[0].1.chars().count() < 1_500 && found[0].1.ends_with(", …."), "{}", found[0].1);
    }
}
