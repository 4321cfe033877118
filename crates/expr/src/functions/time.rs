//! Times and durations as texts: RFC 3339 in UTC, and CEL's seconds.

/// RFC 3339 in UTC of nanoseconds since 1970, the fraction without its last zeros.
pub(crate) fn rfc3339(nanos: i128) -> String {
    let seconds = nanos.div_euclid(1_000_000_000);
    let fraction = nanos.rem_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days as i64);
    let mut text =
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
    push_fraction(&mut text, fraction as u32);
    text.push('Z');
    text
}

/// RFC 3339 in UTC of Unix milliseconds.
pub(crate) fn rfc3339_ms(ms: i64) -> String {
    rfc3339(i128::from(ms) * 1_000_000)
}

/// CEL's text of a duration: seconds with a fraction and `s`.
#[cfg_attr(target_arch = "wasm32", allow(dead_code))]
pub(crate) fn duration(seconds: i64, nanos: i32) -> String {
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    let mut text = format!("{sign}{}", seconds.unsigned_abs());
    push_fraction(&mut text, nanos.unsigned_abs());
    text.push('s');
    text
}

fn push_fraction(text: &mut String, nanos: u32) {
    if nanos > 0 {
        text.push('.');
        text.push_str(format!("{nanos:09}").trim_end_matches('0'));
    }
}

/// Year, month and day of a number of days since 1970-01-01 (Gregorian, also before it was in use).
fn civil(days: i64) -> (i64, u32, u32) {
    // Counted from 1 March of year 0, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(rfc3339_ms(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339_ms(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339_ms(1_795_334_400_120), "2026-11-22T08:00:00.12Z");
        assert_eq!(rfc3339_ms(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(duration(3, 500_000_000), "3.5s");
        assert_eq!(duration(0, -1), "-0.000000001s");
    }
}
