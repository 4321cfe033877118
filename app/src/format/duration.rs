//! Durations: `412 ms`, `3.1 s`, `1 m 04 s`, `2 h 03 m`, `3 d 00 h`; in Chinese `3.1 秒`, `1 分 04 秒`.

use heddle_api::Lang;

/// A duration in milliseconds, in at most two units.
pub fn duration(ms: i64, lang: Lang) -> String {
    let [milli, second, minute, hour, day] = match lang {
        Lang::En => ["ms", "s", "m", "h", "d"],
        Lang::Zh => ["毫秒", "秒", "分", "小时", "天"],
    };
    let ms = ms.max(0);
    let seconds = ms / 1_000;
    match ms {
        0..1_000 => format!("{ms} {milli}"),
        1_000..10_000 => format!("{}.{} {second}", seconds, ms % 1_000 / 100),
        10_000..60_000 => format!("{seconds} {second}"),
        60_000..3_600_000 => format!("{} {minute} {:02} {second}", seconds / 60, seconds % 60),
        3_600_000..86_400_000 => format!("{} {hour} {:02} {minute}", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} {day} {:02} {hour}", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_range_has_its_units() {
        let cases = [
            (0, "0 ms"),
            (412, "412 ms"),
            (3_149, "3.1 s"),
            (42_900, "42 s"),
            (64_000, "1 m 04 s"),
            (5_820_000, "1 h 37 m"),
            (259_200_000, "3 d 00 h"),
            (-5, "0 ms"),
        ];
        for (ms, text) in cases {
            assert_eq!(duration(ms, Lang::En), text);
        }
        assert_eq!(duration(64_000, Lang::Zh), "1 分 04 秒");
    }
}
