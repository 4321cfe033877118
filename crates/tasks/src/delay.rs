//! `delay`, also `sleep`: waits. It becomes a timer and holds no worker.

use crate::config::{info, invalid};
use heddle_engine::tasks::{TaskError, TaskInfo, TimerTask};
use heddle_model::format::duration;
use heddle_model::value::Value;

/// The `delay` task.
#[derive(Debug, Clone, Copy)]
pub struct Delay;

impl TimerTask for Delay {
    fn info(&self) -> TaskInfo {
        info("delay")
    }

    fn duration_ms(&self, input: &Value) -> Result<u64, TaskError> {
        let given = input.get("duration").unwrap_or(&Value::Null);
        duration::of_seconds_or_text(given).ok_or_else(|| {
            invalid(format!("`duration` is {given}; write seconds as a number, or a text such as \"20s\", \"5m\" or \"PT1H\", at most ten years"))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use heddle_model::value::json;

    #[test]
    fn numbers_are_seconds_and_texts_are_durations() {
        for (given, want) in
            [(json!(2), 2_000), (json!(0.25), 250), (json!("20s"), 20_000), (json!("PT1M"), 60_000), (json!(0), 0)]
        {
            assert_eq!(Delay.duration_ms(&json!({ "duration": given })).unwrap(), want);
        }
        for wrong in [json!(-1), json!("soon"), json!(null), json!(1e300), json!([1])] {
            let error = Delay.duration_ms(&json!({ "duration": wrong })).unwrap_err();
            assert_eq!((error.code.as_str(), error.retryable), ("CONFIG_INVALID", false), "{error}");
        }
    }
}
