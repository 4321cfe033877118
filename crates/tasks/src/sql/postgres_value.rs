//! JSON to PostgreSQL's values and back. Values go out as text, which the server reads by the type it wants; they come back in
//! PostgreSQL's binary form, type by type.

use base64::Engine as _;
use heddle_model::value::Value;
use std::error::Error;
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, OffsetDateTime};
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

type Broken = Box<dyn Error + Sync + Send>;

/// The first day of PostgreSQL's time, as a Julian day: 2000-01-01.
const EPOCH_DAY: i32 = 2_451_545;
/// The same in seconds of Unix time.
const EPOCH_SECONDS: i64 = 946_684_800;

/// A value on its way to the server, as text.
#[derive(Debug)]
pub(super) struct Parameter(Option<String>);

impl Parameter {
    /// A JSON value as text for a type.
    pub(super) fn new(value: &Value, kind: &Type) -> Self {
        Self(match value {
            Value::Null => None,
            _ if matches!(*kind, Type::JSON | Type::JSONB) => Some(value.to_string()),
            Value::Array(items) if matches!(kind.kind(), Kind::Array(_)) => Some(array(items)),
            other => Some(crate::config::text(other)),
        })
    }
}

/// A list as PostgreSQL writes it; every item is quoted, so that none is taken for a sign.
fn array(items: &[Value]) -> String {
    let item = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Array(inner) => array(inner),
        other => format!("\"{}\"", crate::config::text(other).replace('\\', "\\\\").replace('"', "\\\"")),
    };
    format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(","))
}

impl ToSql for Parameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Broken> {
        let Some(text) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// Whether values of a type can be read.
pub(super) fn is_known(kind: &Type) -> bool {
    match kind.kind() {
        Kind::Array(of) => !matches!(of.kind(), Kind::Array(_)) && is_known(of),
        Kind::Domain(of) => is_known(of),
        Kind::Enum(_) => true,
        _ => SCALARS.contains(kind),
    }
}

const SCALARS: [Type; 22] = [
    Type::BOOL,
    Type::INT2,
    Type::INT4,
    Type::INT8,
    Type::OID,
    Type::FLOAT4,
    Type::FLOAT8,
    Type::NUMERIC,
    Type::TEXT,
    Type::VARCHAR,
    Type::BPCHAR,
    Type::NAME,
    Type::UNKNOWN,
    Type::JSON,
    Type::JSONB,
    Type::UUID,
    Type::BYTEA,
    Type::DATE,
    Type::TIME,
    Type::TIMESTAMP,
    Type::TIMESTAMPTZ,
    Type::VOID,
];

/// A value of a row.
pub(super) fn cell(row: &Row, index: usize) -> Result<Value, tokio_postgres::Error> {
    let is_list = row.columns().get(index).is_some_and(|column| matches!(column.type_().kind(), Kind::Array(_)));
    if is_list {
        let list: Option<Vec<Option<Cell>>> = row.try_get(index)?;
        let item = |item: Option<Cell>| item.map_or(Value::Null, |cell| cell.0);
        return Ok(list.map_or(Value::Null, |list| Value::Array(list.into_iter().map(item).collect())));
    }
    Ok(row.try_get::<_, Option<Cell>>(index)?.map_or(Value::Null, |cell| cell.0))
}

/// A value as it came.
struct Cell(Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Broken> {
        if let Kind::Domain(of) = kind.kind() {
            return Self::from_sql(of, raw);
        }
        Ok(Self(match *kind {
            Type::BOOL => bool::from_sql(kind, raw)?.into(),
            Type::INT2 => i16::from_sql(kind, raw)?.into(),
            Type::INT4 => i32::from_sql(kind, raw)?.into(),
            Type::INT8 => i64::from_sql(kind, raw)?.into(),
            Type::OID => u32::from_sql(kind, raw)?.into(),
            Type::FLOAT4 => real(f64::from(f32::from_sql(kind, raw)?)),
            Type::FLOAT8 => real(f64::from_sql(kind, raw)?),
            Type::NUMERIC => Value::String(numeric(raw)?),
            Type::JSON | Type::JSONB => Value::from_sql(kind, raw)?,
            Type::UUID => Value::String(uuid(raw)),
            Type::BYTEA => Value::String(base64::engine::general_purpose::STANDARD.encode(raw)),
            Type::DATE => Value::String(date(i32::from_be_bytes(raw.try_into()?))?),
            Type::TIME => Value::String(clock(i64::from_be_bytes(raw.try_into()?))),
            Type::TIMESTAMP => {
                Value::String(moment(i64::from_be_bytes(raw.try_into()?))?.trim_end_matches('Z').to_owned())
            }
            Type::TIMESTAMPTZ => Value::String(moment(i64::from_be_bytes(raw.try_into()?))?),
            Type::VOID => Value::Null,
            // Texts of every kind, and the words of an enum.
            _ => Value::String(String::from_utf8(raw.to_vec())?),
        }))
    }

    fn accepts(kind: &Type) -> bool {
        is_known(kind)
    }
}

/// A number, or its name where JSON has none (`NaN`, `inf`).
pub(super) fn real(number: f64) -> Value {
    if number.is_finite() { number.into() } else { Value::String(number.to_string()) }
}

fn uuid(raw: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in raw.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

fn date(days: i32) -> Result<String, Broken> {
    match days {
        i32::MAX => Ok("infinity".to_owned()),
        i32::MIN => Ok("-infinity".to_owned()),
        days => Ok(Date::from_julian_day(EPOCH_DAY.saturating_add(days))?.to_string()),
    }
}

fn clock(micros: i64) -> String {
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    let text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { text } else { format!("{text}.{rest:06}") }
}

fn moment(micros: i64) -> Result<String, Broken> {
    match micros {
        i64::MAX => Ok("infinity".to_owned()),
        i64::MIN => Ok("-infinity".to_owned()),
        micros => {
            let moment =
                OffsetDateTime::from_unix_timestamp(EPOCH_SECONDS)?.checked_add(Duration::microseconds(micros));
            Ok(moment.ok_or("a time beyond the year 9999")?.format(&Rfc3339)?)
        }
    }
}

/// An exact number as text: digits by groups of four, from the weight of the first one down to the scale.
fn numeric(raw: &[u8]) -> Result<String, Broken> {
    let word = |index: usize| -> Result<u16, Broken> {
        Ok(u16::from_be_bytes(raw.get(index * 2..index * 2 + 2).ok_or("a number is cut short")?.try_into()?))
    };
    let (groups, weight, sign, scale) = (word(0)?, word(1)?.cast_signed(), word(2)?, word(3)?);
    match sign {
        0xC000 => return Ok("NaN".to_owned()),
        0xD000 => return Ok("Infinity".to_owned()),
        0xF000 => return Ok("-Infinity".to_owned()),
        _ => {}
    }
    let group = |place: i32| -> Result<u16, Broken> {
        let index = i32::from(weight) - place;
        if (0..i32::from(groups)).contains(&index) { word(4 + usize::try_from(index)?) } else { Ok(0) }
    };
    let mut text = String::new();
    for place in (0..=i32::from(weight).max(0)).rev() {
        text.push_str(&format!("{:04}", group(place)?));
    }
    let whole = text.trim_start_matches('0');
    let mut text = format!("{}{}", if sign == 0x4000 { "-" } else { "" }, if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        let mut fraction = String::new();
        for place in 1..=i32::from(scale.div_ceil(4)) {
            fraction.push_str(&format!("{:04}", group(-place)?));
        }
        text.push('.');
        text.push_str(&fraction[..usize::from(scale)]);
    }
    Ok(text)
}
