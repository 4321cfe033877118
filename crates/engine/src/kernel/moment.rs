//! When a timer is due: after a duration, at a moment, or again and again.

use crate::tasks::{ErrorClass, TaskError};
use heddle_model::format::duration::of_seconds_or_text;
use heddle_model::limits;
use heddle_model::value::Value;

/// When a timer fires, and how it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct When {
    /// The first time, in Unix milliseconds.
    pub(super) due: i64,
    /// Milliseconds until the next, and how many follow (`None`: without end).
    pub(super) again: Option<(u64, Option<u32>)>,
}

/// Reads the evaluated settings of a timer: `duration`, `until` or `cycle`.
pub(super) fn when(config: &Value, now: i64) -> Result<When, TaskError> {
    let after = |ms: u64| now.saturating_add(ms.min(limits::DURATION_MS) as i64);
    if let Some(until) = config.get("until") {
        let due = moment(until).ok_or_else(|| bad("until", until, "a moment such as `2026-01-31T08:00:00Z`"))?;
        return Ok(When { due: due.min(after(limits::DURATION_MS)), again: None });
    }
    if let Some(cycle) = config.get("cycle") {
        let (every, times) = cycle
            .as_str()
            .and_then(repetition)
            .ok_or_else(|| bad("cycle", cycle, "a repetition such as `R3/PT10S` or `R/1h`"))?;
        return Ok(When { due: after(every), again: Some((every, times.map(|times| times.saturating_sub(1)))) });
    }
    let duration = config.get("duration").unwrap_or(&Value::Null);
    let ms = of_seconds_or_text(duration)
        .ok_or_else(|| bad("duration", duration, "a duration such as `5m`, `20s` or a number of seconds"))?;
    Ok(When { due: after(ms), again: None })
}

fn bad(key: &str, value: &Value, wanted: &str) -> TaskError {
    TaskError::new(ErrorClass::Business, "BAD_DURATION", format!("`{key}` is {value}, which is not {wanted}"))
        .permanent()
}

/// `R3/PT10S`: three times; `R/1h`: without end.
fn repetition(text: &str) -> Option<(u64, Option<u32>)> {
    let (times, every) = text.strip_prefix('R')?.split_once('/')?;
    let times = if times.is_empty() { None } else { Some(times.parse().ok().filter(|&times| times > 0)?) };
    let every = of_seconds_or_text(&Value::from(every))?;
    (every > 0).then_some((every, times))
}

/// A number of milliseconds since 1970, or RFC 3339 (`2026-01-31T08:00:00+01:00`).
fn moment(value: &Value) -> Option<i64> {
    if let Some(ms) = value.as_i64() {
        return Some(ms);
    }
    let text = value.as_str()?;
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => (&time[..at], offset(&time[at..])?),
        None => return None,
    };
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = whole.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let milliseconds: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    Some(seconds * 1_000 + milliseconds)
}

/// Seconds east of Greenwich.
fn offset(text: &str) -> Option<i64> {
    let sign = match text.chars().next()? {
        'Z' | 'z' => return (text.len() == 1).then_some(0),
        '-' => -1,
        _ => 1,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    Some(sign * (hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60))
}

/// Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use heddle_model::value::json;

    #[test]
    fn moments_are_read_with_their_offset() {
        assert_eq!(moment(&json!("1970-01-01T00:00:00Z")), Some(0));
        assert_eq!(moment(&json!("2000-02-29T12:30:00.250+01:00")), Some(951_823_800_250));
        assert_eq!(moment(&json!("2026-11-22 08:00:00Z")), Some(1_795_334_400_000));
        for wrong in ["2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "yesterday"] {
            assert_eq!(moment(&json!(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn cycles_say_how_often() {
        let read = |text: &str| when(&json!({ "cycle": text }), 1_000);
        assert_eq!(read("R3/PT10S").unwrap(), When { due: 11_000, again: Some((10_000, Some(2))) });
        assert_eq!(read("R/1h").unwrap().again, Some((3_600_000, None)));
        assert!(read("R0/PT1S").is_err() && read("3/PT1S").is_err() && read("R2/PT0S").is_err());
    }
}
