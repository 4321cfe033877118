//! The form of every shape of schema.

use super::*;
use serde_json::json;

fn form() -> Form {
    Form::of(Some(&json!({
        "type": "object", "required": ["申请人", "金额"],
        "properties": {
            "申请人": {"type": "string", "title": "申请人姓名", "minLength": 2, "maxLength": 4},
            "金额": {"type": "number", "minimum": 0, "maximum": 9000, "default": 12.5},
            "件数": {"type": "integer"},
            "类别": {"enum": ["差旅", 7, null]},
            "加急": {"type": "boolean", "default": true},
            "日期": {"type": "string", "format": "date"},
            "明细": {"type": "array", "default": [1]},
            "备注": {"type": ["null", "object"]},
            "其他": {},
        },
    })))
}

fn read(field: &str, text: &str) -> Result<Option<Value>, Mistake> {
    form().fields.iter().find(|known| known.name == field).expect("a field").read(text)
}

#[test]
fn every_shape_has_its_control() {
    let form = form();
    let names: Vec<_> = form.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["申请人", "金额", "件数", "类别", "加急", "日期", "明细", "备注", "其他"]);
    assert_eq!(form.fields[0].label, "申请人姓名");
    assert_eq!(form.fields[1].initial, "12.5");
    assert_eq!(form.fields[4].initial, "true");
    assert_eq!(form.fields[7].control, Control::Object);
    assert_eq!(form.fields[8].control, Control::Any);
    assert!(form.fields[1].required && !form.fields[2].required);
}

#[test]
fn texts_become_values_of_their_type() {
    assert_eq!(read("申请人", "林悦"), Ok(Some(json!("林悦"))));
    assert_eq!(read("金额", " 1280 "), Ok(Some(json!(1280))));
    assert_eq!(read("金额", "1.5"), Ok(Some(json!(1.5))));
    assert_eq!(read("类别", "7"), Ok(Some(json!(7))));
    assert_eq!(read("类别", "null"), Ok(Some(json!(null))));
    assert_eq!(read("加急", "on"), Ok(Some(json!(true))));
    assert_eq!(read("加急", ""), Ok(Some(json!(false))));
    assert_eq!(read("日期", "2026-02-28"), Ok(Some(json!("2026-02-28"))));
    assert_eq!(read("明细", "[1, \"二\"]"), Ok(Some(json!([1, "二"]))));
    assert_eq!(read("其他", "3"), Ok(Some(json!(3))));
    assert_eq!(read("件数", ""), Ok(None));
}

#[test]
fn mistakes_are_told_by_field() {
    assert_eq!(read("申请人", ""), Err(Mistake::Missing));
    assert_eq!(read("申请人", "林"), Err(Mistake::TooShort(2)));
    assert_eq!(read("申请人", "一二三四五"), Err(Mistake::TooLong(4)));
    assert_eq!(read("金额", "much"), Err(Mistake::NotNumber));
    assert_eq!(read("金额", "NaN"), Err(Mistake::NotNumber));
    assert_eq!(read("金额", "-1"), Err(Mistake::TooSmall(0.0)));
    assert_eq!(read("金额", "1e9"), Err(Mistake::TooLarge(9000.0)));
    assert_eq!(read("件数", "1.5"), Err(Mistake::NotInteger));
    assert_eq!(read("类别", "别的"), Err(Mistake::NotChoice));
    assert_eq!(read("日期", "2026-02-30"), Err(Mistake::NotDate));
    assert_eq!(read("明细", "{}"), Err(Mistake::NotArray));
    assert_eq!(read("备注", "[]"), Err(Mistake::NotObject));
    assert_eq!(read("其他", "{"), Err(Mistake::NotJson));
}

#[test]
fn a_whole_form_is_read_together() {
    let texts = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<BTreeMap<_, _>>()
    };
    let input = form().read(&texts(&[("申请人", "林悦"), ("金额", "1280")])).unwrap();
    assert_eq!(Value::Object(input), json!({"申请人": "林悦", "金额": 1280, "加急": false}));
    let mistakes = form().read(&texts(&[("件数", "x"), ("金额", "1")])).unwrap_err();
    assert_eq!(mistakes.keys().map(String::as_str).collect::<Vec<_>>(), ["件数", "申请人"]);
}

#[test]
fn without_a_schema_any_object_is_taken() {
    let form = Form::of(None);
    assert!(!form.declared);
    let read = |text: &str| form.read(&BTreeMap::from([(WHOLE.to_owned(), text.to_owned())]));
    assert_eq!(read("{\"variable\": 12}").unwrap().get("variable"), Some(&json!(12)));
    assert_eq!(read("[1]").unwrap_err().get(WHOLE), Some(&Mistake::NotObject));
    assert!(Form::of(Some(&json!({"type": "object"}))).fields.is_empty());
}
