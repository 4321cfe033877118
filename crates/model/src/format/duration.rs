//! Durations: `500ms`, `20s`, `5m`, `2h`, `1d`, `1h30m`, ISO 8601 (`PT20S`), and back in their shortest form. In milliseconds.

use crate::limits;
use crate::value::Value;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// Reads a duration in milliseconds, at most ten years; `None`: it is none.
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let total = match text.strip_prefix(['P', 'p']) {
        Some(rest) => iso(rest)?,
        None => plain(text)?,
    };
    (total <= limits::DURATION_MS).then_some(total)
}

/// Reads the `duration` of a delay: text as above, or a number of seconds.
pub fn of_seconds_or_text(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => {
            let milliseconds = number.as_f64()? * SECOND as f64;
            // The bound is far below 2^53, so the conversion is exact to the millisecond.
            (milliseconds.is_finite() && (0.0..=limits::DURATION_MS as f64).contains(&milliseconds))
                .then(|| milliseconds.round() as u64)
        }
        _ => None,
    }
}

/// The shortest form that means the same: the largest unit that divides it.
pub fn print(milliseconds: u64) -> String {
    for (unit, length) in [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)] {
        if milliseconds.is_multiple_of(length) && milliseconds > 0 {
            return format!("{}{unit}", milliseconds / length);
        }
    }
    if milliseconds == 0 { "0s".to_owned() } else { format!("{milliseconds}ms") }
}

/// `1h30m`: units from large to small, each once.
fn plain(text: &str) -> Option<u64> {
    let units: [(&str, u64); 6] = [("w", WEEK), ("d", DAY), ("h", HOUR), ("ms", 1), ("m", MINUTE), ("s", SECOND)];
    let (mut rest, mut total, mut last) = (text, 0u64, u64::MAX);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (amount, after) = number(rest)?;
        let after = after.trim_start_matches(' ');
        let (unit, length) = units.into_iter().find(|(unit, _)| after.starts_with(unit))?;
        if length >= last {
            return None;
        }
        last = length;
        total = total.checked_add(scaled(amount, length)?)?;
        rest = after[unit.len()..].trim_start_matches(' ');
    }
    Some(total)
}

/// What follows the `P`: weeks, days, then after `T` hours, minutes, seconds. Years and months have no fixed length.
fn iso(rest: &str) -> Option<u64> {
    let upper = rest.to_ascii_uppercase();
    let (date, time) = match upper.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (upper.as_str(), ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    iso_part(date, &[('W', WEEK), ('D', DAY)])?
        .checked_add(iso_part(time, &[('H', HOUR), ('M', MINUTE), ('S', SECOND)])?)
}

fn iso_part(mut rest: &str, units: &[(char, u64)]) -> Option<u64> {
    let (mut total, mut next) = (0u64, 0);
    while !rest.is_empty() {
        let (amount, after) = number(rest)?;
        let index = next + units[next..].iter().position(|(unit, _)| after.starts_with(*unit))?;
        total = total.checked_add(scaled(amount, units[index].1)?)?;
        rest = &after[1..];
        next = index + 1;
    }
    Some(total)
}

/// A decimal number at the beginning, as its text, and the rest.
fn number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (amount, rest) = text.split_at(end);
    let fits = amount.starts_with(|c: char| c.is_ascii_digit())
        && amount.ends_with(|c: char| c.is_ascii_digit())
        && amount.matches('.').count() <= 1;
    fits.then_some((amount, rest))
}

/// Amount times unit, exactly: to the millisecond, further digits cut.
fn scaled(amount: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let mut total = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    // Digits beyond the twelfth are far below a millisecond.
    let digits = &fraction[..fraction.len().min(12)];
    if !digits.is_empty() {
        let share =
            u128::from(digits.parse::<u64>().ok()?) * u128::from(unit) / 10u128.pow(u32::try_from(digits.len()).ok()?);
        total = total.checked_add(u64::try_from(share).ok()?)?;
    }
    Some(total)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_read() {
        for (text, expected) in [
            ("500ms", 500),
            ("20s", 20_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("1w", 604_800_000),
            ("0s", 0),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1.5s", 1_500),
            ("0.25h", 900_000),
            ("PT20S", 20_000),
            ("P1DT2H", 93_600_000),
            ("PT0.5S", 500),
            ("pt1m", 60_000),
            ("P2W", 1_209_600_000),
            ("20 s", 20_000),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "", "20", "s", "-5s", "5x", "1m1h", "1s1s", "P", "PT", "P1Y", "P1M", "PT5", "1..5s", ".5s", "5.s",
            "99999999999999999999d", "11000d", "５s", "1e3s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn printing_is_short_and_reads_back() {
        for (ms, text) in [
            (0, "0s"),
            (1, "1ms"),
            (1_500, "1500ms"),
            (90_000, "90s"),
            (7_200_000, "2h"),
            (86_400_000, "1d"),
            (604_800_000, "7d"),
        ] {
            assert_eq!(print(ms), text);
            assert_eq!(parse(text), Some(ms));
        }
    }

    #[test]
    fn a_number_is_seconds() {
        assert_eq!(of_seconds_or_text(&Value::from(1.5)), Some(1_500));
        assert_eq!(of_seconds_or_text(&Value::from(3)), Some(3_000));
        assert_eq!(of_seconds_or_text(&Value::from(-1)), None);
        assert_eq!(of_seconds_or_text(&Value::from("2s")), Some(2_000));
    }
}
