//! `publish`: sends a message to one receiver, or a signal to all who wait. It goes out with the commit that completes its node,
//! and so exactly once: nothing is posted, and nothing is tried again.

use crate::config::{info, invalid};
use heddle_engine::tasks::{Audience, Publication, SendTask, TaskError, TaskInfo};
use heddle_model::format::duration;
use heddle_model::limits::NAME_BYTES;
use heddle_model::value::{Shared, Value};
use std::sync::Arc;

/// The `publish` task.
#[derive(Debug, Clone, Copy)]
pub struct Publish;

impl SendTask for Publish {
    fn info(&self) -> TaskInfo {
        info("publish")
    }

    fn publication(&self, input: &Value) -> Result<Publication, TaskError> {
        let given = |key: &str| input.get(key).filter(|value| !value.is_null());
        let (name, to) = match (given("message"), given("signal")) {
            (Some(name), None) => (name, Audience::One { key: key(given("key"))?, ttl_ms: ttl(given("ttl"))? }),
            (None, Some(name)) => match given("key").or(given("ttl")) {
                None => (name, Audience::All),
                Some(_) => return Err(invalid("a signal has neither `key` nor `ttl`: all who wait now hear it")),
            },
            _ => return Err(invalid("`publish` needs either `message` or `signal`")),
        };
        let name = name.as_str().filter(|name| !name.is_empty() && name.len() <= NAME_BYTES);
        let name = name.ok_or_else(|| invalid(format!("a name is a text of 1 to {NAME_BYTES} bytes")))?;
        Ok(Publication { to, name: name.into(), payload: Shared::new(given("payload").cloned().unwrap_or_default()) })
    }
}

/// A correlation key: texts as they are, numbers and truth values as they are written.
fn key(given: Option<&Value>) -> Result<Option<Arc<str>>, TaskError> {
    match given {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str().into())),
        Some(plain @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(plain.to_string().into())),
        Some(_) => Err(invalid("`key` is a text, a number or a truth value")),
    }
}

fn ttl(given: Option<&Value>) -> Result<Option<u64>, TaskError> {
    let Some(given) = given else { return Ok(None) };
    let ttl = duration::of_seconds_or_text(given);
    ttl.map(Some)
        .ok_or_else(|| invalid(format!("`ttl` is {given}; write seconds as a number, or a text such as \"1h\"")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use heddle_model::value::json;

    #[test]
    fn a_message_has_a_key_and_a_time_and_a_signal_has_neither() {
        let sent =
            Publish.publication(&json!({ "message": "付款", "key": 7, "payload": {"a": 1}, "ttl": "1h" })).unwrap();
        assert_eq!(sent.to, Audience::One { key: Some("7".into()), ttl_ms: Some(3_600_000) });
        assert_eq!((&*sent.name, &*sent.payload), ("付款", &json!({"a": 1})));
        let bare = Publish.publication(&json!({ "message": "m", "key": null })).unwrap();
        assert_eq!((bare.to, &*bare.payload), (Audience::One { key: None, ttl_ms: None }, &json!(null)));
        assert_eq!(Publish.publication(&json!({ "signal": "go" })).unwrap().to, Audience::All);
    }

    #[test]
    fn what_nobody_could_receive_is_refused() {
        for wrong in [
            json!({}),
            json!({ "message": "a", "signal": "b" }),
            json!({ "signal": "b", "key": "k" }),
            json!({ "signal": "b", "ttl": 1 }),
            json!({ "message": "" }),
            json!({ "message": 3 }),
            json!({ "message": "x".repeat(256) }),
            json!({ "message": "a", "key": {} }),
            json!({ "message": "a", "ttl": "soon" }),
        ] {
            let error = Publish.publication(&wrong).unwrap_err();
            assert_eq!((error.code.as_str(), error.retryable), ("CONFIG_INVALID", false), "{wrong}: {error}");
        }
    }
}
