//! JSON values into CEL values and back, with what they weigh.

use crate::budget::{self, Spent};
use crate::error::{EvalError, EvalErrorCode as Code};
use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelOptional, CelString, CelType,
    CelUInt, Kind,
};
use cel::common::value::Val;
use serde_json::{Map, Number, Value};
use std::collections::HashMap;

/// Estimated bytes of a scalar, a list, an element of a list, a map, and an entry of a map besides its value.
const SCALAR: u64 = 24;
const LIST: u64 = 40;
const MAP: u64 = 64;
const ENTRY: u64 = 72;

/// A CEL value of a JSON value: integers are int (uint beyond its range), other numbers double.
pub(crate) fn to_cel(value: &Value) -> Result<Box<dyn Val>, Spent> {
    Ok(match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(flag) => Box::new(CelBool::from(*flag)),
        Value::Number(number) => number_to_cel(number),
        Value::String(text) => {
            budget::bytes(SCALAR + text.len() as u64)?;
            Box::new(CelString::from(text.clone()))
        }
        Value::Array(list) => {
            budget::bytes(LIST + SCALAR * list.len() as u64)?;
            Box::new(CelList::from(list.iter().map(to_cel).collect::<Result<Vec<_>, _>>()?))
        }
        Value::Object(map) => {
            budget::bytes(MAP + ENTRY * map.len() as u64)?;
            let mut entries = HashMap::with_capacity(map.len());
            for (name, value) in map {
                budget::bytes(name.len() as u64)?;
                entries.insert(CelMapKey::from(name.clone()), to_cel(value)?);
            }
            Box::new(CelMap::from(entries))
        }
    })
}

fn number_to_cel(number: &Number) -> Box<dyn Val> {
    if let Some(int) = number.as_i64() {
        Box::new(CelInt::from(int))
    } else if let Some(uint) = number.as_u64() {
        Box::new(CelUInt::from(uint))
    } else {
        Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN)))
    }
}

/// What a value weighs, in estimated bytes, taken from the budget as it is counted.
pub(crate) fn weigh(value: &dyn Val) -> Result<(), Spent> {
    if let Some(text) = value.downcast_ref::<CelString>() {
        budget::bytes(SCALAR + text.inner().len() as u64)
    } else if let Some(list) = value.downcast_ref::<CelList>() {
        budget::bytes(LIST + SCALAR * list.inner().len() as u64)?;
        list.inner().iter().try_for_each(|item| weigh_part(item.as_ref()))
    } else if let Some(map) = value.downcast_ref::<CelMap>() {
        budget::bytes(MAP + ENTRY * map.inner().len() as u64)?;
        map.inner().values().try_for_each(|item| weigh_part(item.as_ref()))
    } else if let Some(bytes) = value.downcast_ref::<CelBytes>() {
        budget::bytes(SCALAR + bytes.inner().len() as u64)
    } else if let Some(inner) = value.downcast_ref::<CelOptional>().and_then(CelOptional::option) {
        weigh(inner)
    } else {
        budget::bytes(SCALAR)
    }
}

/// Scalars inside a container are already counted with it.
fn weigh_part(value: &dyn Val) -> Result<(), Spent> {
    match value.get_type().kind() {
        Kind::Int | Kind::UInt | Kind::Double | Kind::Boolean | Kind::NullType => Ok(()),
        _ => weigh(value),
    }
}

/// The JSON value of a CEL value. Keys of maps are put in order, so that equal values are written alike.
pub(crate) fn to_json(value: &dyn Val) -> Result<Value, EvalError> {
    let mut size = 0;
    let json = Writer { size: &mut size }.value(value)?;
    Ok(json)
}

struct Writer<'s> {
    size: &'s mut usize,
}

impl Writer<'_> {
    fn grow(&mut self, by: usize) -> Result<(), EvalError> {
        *self.size += by;
        budget::result(*self.size).map_err(Spent::error)
    }

    fn value(&mut self, value: &dyn Val) -> Result<Value, EvalError> {
        if let Some(text) = value.downcast_ref::<CelString>() {
            self.grow(text.inner().len() + 2)?;
            return Ok(Value::String(text.inner().to_owned()));
        }
        self.grow(2)?;
        match value.get_type().kind() {
            Kind::List => self.list(value),
            Kind::Map => self.map(value),
            _ => scalar(value, self),
        }
    }

    fn list(&mut self, value: &dyn Val) -> Result<Value, EvalError> {
        let list = value.downcast_ref::<CelList>().ok_or_else(|| no_json(value))?;
        list.inner().iter().map(|item| self.value(item.as_ref())).collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    fn map(&mut self, value: &dyn Val) -> Result<Value, EvalError> {
        let map = value.downcast_ref::<CelMap>().ok_or_else(|| no_json(value))?;
        let mut keys: Vec<_> = map.inner().keys().collect();
        keys.sort_by(|a, b| compare_keys(a, b));
        let mut object = Map::with_capacity(keys.len());
        for key in keys {
            let name = key_text(key);
            self.grow(name.len() + 3)?;
            let Some(item) = map.inner().get(key) else { continue };
            let item = self.value(item.as_ref())?;
            object.insert(name, item);
        }
        Ok(Value::Object(object))
    }
}

fn scalar(value: &dyn Val, writer: &mut Writer<'_>) -> Result<Value, EvalError> {
    if let Some(flag) = value.downcast_ref::<CelBool>() {
        return Ok(Value::Bool(*flag.inner()));
    }
    if let Some(int) = value.downcast_ref::<CelInt>() {
        return Ok(Value::from(*int.inner()));
    }
    if let Some(uint) = value.downcast_ref::<CelUInt>() {
        return Ok(Value::from(*uint.inner()));
    }
    if let Some(double) = value.downcast_ref::<CelDouble>() {
        return double_to_json(*double.inner());
    }
    if let Some(bytes) = value.downcast_ref::<CelBytes>() {
        writer.grow(bytes.inner().len() * 4 / 3)?;
        return Ok(Value::String(base64(bytes.inner())));
    }
    if let Some(kind) = value.downcast_ref::<CelType>() {
        return Ok(Value::String(kind.name().to_owned()));
    }
    if let Some(optional) = value.downcast_ref::<CelOptional>() {
        return optional.option().map_or(Ok(Value::Null), |inner| writer.value(inner));
    }
    match value.get_type().kind() {
        Kind::NullType => Ok(Value::Null),
        _ => time_to_json(value),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn time_to_json(value: &dyn Val) -> Result<Value, EvalError> {
    use cel::common::types::{CelDuration, CelTimestamp};
    if let Some(time) = value.downcast_ref::<CelTimestamp>() {
        let utc = time.inner().naive_utc().and_utc();
        let nanos = i128::from(utc.timestamp()) * 1_000_000_000 + i128::from(utc.timestamp_subsec_nanos());
        return Ok(Value::String(crate::functions::time::rfc3339(nanos)));
    }
    if let Some(duration) = value.downcast_ref::<CelDuration>() {
        let (seconds, nanos) = (duration.inner().num_seconds(), duration.inner().subsec_nanos());
        return Ok(Value::String(crate::functions::time::duration(seconds, nanos)));
    }
    Err(no_json(value))
}

#[cfg(target_arch = "wasm32")]
fn time_to_json(value: &dyn Val) -> Result<Value, EvalError> {
    Err(no_json(value))
}

pub(crate) fn double_to_json(double: f64) -> Result<Value, EvalError> {
    Number::from_f64(double).map(Value::Number).ok_or_else(|| {
        EvalError::new(
            Code::NotANumber,
            format!("the result is {double}, which is not a number that JSON can hold"),
            format!("结果是 {double}，无法用 JSON 表示"),
        )
    })
}

fn no_json(value: &dyn Val) -> EvalError {
    let kind = value.get_type().name().to_owned();
    EvalError::new(
        Code::Type,
        format!("a value of type {kind} cannot be a result"),
        format!("{kind} 类型的值不能作为结果"),
    )
}

fn key_text(key: &CelMapKey<'_>) -> String {
    match key {
        CelMapKey::Bool(flag) => flag.inner().to_string(),
        CelMapKey::Int(int) => int.inner().to_string(),
        CelMapKey::UInt(uint) => uint.inner().to_string(),
        CelMapKey::String(text) => text.inner().to_owned(),
    }
}

/// A total order of map keys: by type, then by value.
pub(crate) fn compare_keys(a: &CelMapKey<'_>, b: &CelMapKey<'_>) -> std::cmp::Ordering {
    let rank = |key: &CelMapKey<'_>| match key {
        CelMapKey::Bool(_) => 0,
        CelMapKey::Int(_) => 1,
        CelMapKey::UInt(_) => 2,
        CelMapKey::String(_) => 3,
    };
    match (a, b) {
        (CelMapKey::Bool(a), CelMapKey::Bool(b)) => a.inner().cmp(b.inner()),
        (CelMapKey::Int(a), CelMapKey::Int(b)) => a.inner().cmp(b.inner()),
        (CelMapKey::UInt(a), CelMapKey::UInt(b)) => a.inner().cmp(b.inner()),
        (CelMapKey::String(a), CelMapKey::String(b)) => a.inner().cmp(b.inner()),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Standard base64 with padding, the JSON form of CEL bytes.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0u32, |word, (n, byte)| word | u32::from(*byte) << (16 - 8 * n));
        for n in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * n) & 63) as usize];
            out.push(if n <= chunk.len() { digit as char } else { '=' });
        }
    }
    out
}
