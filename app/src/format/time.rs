//! Points in time as people read them: clock times, dates, relative times. The wire form is `heddle_api::Timestamp`'s.

use crate::i18n::Words;
use heddle_api::Timestamp;

/// The wire text of a time, moved to where the browser is.
fn local(at: Timestamp, tz_minutes: i32) -> String {
    Timestamp(at.as_ms() + i64::from(tz_minutes) * 60_000).to_string()
}

/// `09:12:04` where the browser is.
pub fn clock(at: Timestamp, tz_minutes: i32) -> String {
    local(at, tz_minutes).get(11..19).unwrap_or_default().to_owned()
}

/// `2026-11-22 09:12:04` where the browser is.
pub fn date_time(at: Timestamp, tz_minutes: i32) -> String {
    local(at, tz_minutes).get(..19).unwrap_or_default().replace('T', " ")
}

/// `09:12:04` for today's times, with the date for others.
pub fn clock_or_date(at: Timestamp, now_ms: i64, tz_minutes: i32) -> String {
    let (then, now) = (date_time(at, tz_minutes), date_time(Timestamp(now_ms), tz_minutes));
    if then.get(..10) == now.get(..10) { clock(at, tz_minutes) } else { then }
}

/// `now`, `5 min ago`, `3 h ago`, `2 days ago`, then the date.
pub fn relative(at: Timestamp, now_ms: i64, tz_minutes: i32, words: Words) -> String {
    let minutes = (now_ms - at.as_ms()).max(0) / 60_000;
    match minutes {
        0 => words.now().to_owned(),
        1..60 => words.minutes_ago(minutes.unsigned_abs()),
        60..1_440 => words.hours_ago((minutes / 60).unsigned_abs()),
        1_440..10_080 => words.days_ago((minutes / 1_440).unsigned_abs()),
        _ => date_time(at, tz_minutes).get(..10).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heddle_api::Lang;

    const NOW: i64 = 1_795_338_724_123;

    #[test]
    fn relative_times() {
        let text = |ago: i64| relative(Timestamp(NOW - ago), NOW, 0, Words(Lang::En));
        assert_eq!(text(20_000), "now");
        assert_eq!(text(-20_000), "now");
        assert_eq!(text(300_000), "5 min ago");
        assert_eq!(text(7_200_000), "2 h ago");
        assert_eq!(text(86_400_000), "1 day ago");
        assert_eq!(text(30 * 86_400_000).len(), "2026-10-23".len());
    }

    #[test]
    fn the_browser_s_zone_counts() {
        assert_eq!(clock(Timestamp(0), 480), "08:00:00");
        assert_eq!(date_time(Timestamp(0), -60), "1969-12-31 23:00:00");
        assert_eq!(clock_or_date(Timestamp(0), 3_600_000, 0), "00:00:00");
        assert_eq!(clock_or_date(Timestamp(0), NOW, 0), "1970-01-01 00:00:00");
    }
}
