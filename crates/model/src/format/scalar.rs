//! What a plain scalar means: the YAML 1.2 core schema, and numbers alike for YAML and JSON.

use super::tree::Tree;
use serde_json::Number;

/// A number read from text.
#[derive(Debug, PartialEq)]
pub(super) enum Numeral {
    /// Kept exactly, or as the nearest double.
    Number(Number),
    /// A whole number or a precision that cannot be kept; the nearest double.
    Inexact(Number),
    /// Infinite, or not a number.
    NotFinite,
}

/// Reads a plain scalar; `None`: it is a text.
pub(super) fn resolve(text: &str) -> Option<Result<Tree, Numeral>> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Ok(Tree::Null)),
        "true" | "True" | "TRUE" => return Some(Ok(Tree::Bool(true))),
        "false" | "False" | "FALSE" => return Some(Ok(Tree::Bool(false))),
        ".nan" | ".NaN" | ".NAN" => return Some(Err(Numeral::NotFinite)),
        _ => {}
    }
    if matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF") && text.len() <= 5 {
        return Some(Err(Numeral::NotFinite));
    }
    match numeral(text)? {
        Numeral::Number(number) => {
            let written = (number.to_string() != text).then(|| text.into());
            Some(Ok(Tree::Number(number, written)))
        }
        other => Some(Err(other)),
    }
}

/// Reads a number of the core schema; `None`: it is none.
pub(super) fn numeral(text: &str) -> Option<Numeral> {
    if let Some((digits, radix)) =
        text.strip_prefix("0x").map(|d| (d, 16)).or_else(|| text.strip_prefix("0o").map(|d| (d, 8)))
    {
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        return Some(u64::from_str_radix(digits, radix).map_or(Numeral::NotFinite, |n| Numeral::Number(n.into())));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit());
    if whole {
        let plain = text.strip_prefix('+').unwrap_or(text);
        if let Ok(n) = plain.parse::<u64>() {
            return Some(Numeral::Number(n.into()));
        }
        if plain != "-0"
            && let Ok(n) = plain.parse::<i64>()
        {
            return Some(Numeral::Number(n.into()));
        }
    } else if !is_float(unsigned) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    let Some(number) = Number::from_f64(value) else { return Some(Numeral::NotFinite) };
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or("");
    let kept = if mantissa.contains('.') { mantissa.trim_end_matches('0') } else { mantissa };
    let significant = kept.bytes().filter(u8::is_ascii_digit).skip_while(|&b| b == b'0').count();
    // 17 digits tell any two doubles apart: more cannot be kept, and whole numbers are expected to the last digit.
    if significant > 17 || (whole && unsigned != "0") {
        Some(Numeral::Inexact(number))
    } else {
        Some(Numeral::Number(number))
    }
}

/// `[0-9]+ (\. [0-9]*)?` or `\. [0-9]+`, then an exponent or none.
fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some((before, after)) => digits(before) && digits(after) && !(before.is_empty() && after.is_empty()),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    mantissa_fits && exponent_fits
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn number(text: &str) -> String {
        match resolve(text) {
            Some(Ok(Tree::Number(number, _))) => number.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn numbers_are_read_as_the_core_schema_says() {
        for (text, expected) in [
            ("1.0", "1.0"),
            ("1", "1"),
            ("-7", "-7"),
            ("+12", "12"),
            ("0x1F", "31"),
            ("0o17", "15"),
            (".5", "0.5"),
            ("2.", "2.0"),
            ("1e3", "1000.0"),
            ("18446744073709551615", "18446744073709551615"),
            ("007", "7"),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
        for text in ["", "1_000", "1:30", "0x", "0xZ", "e5", ".", "1e", "--1", "0b1", "yes", "on", "2026-11-22", "１２"]
        {
            assert!(!matches!(resolve(text), Some(Ok(Tree::Number(..)))), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_told() {
        assert!(matches!(resolve("123456789012345678901234567890"), Some(Err(Numeral::Inexact(_)))));
        assert!(matches!(resolve("0.12345678901234567890"), Some(Err(Numeral::Inexact(_)))));
        for text in [".inf", "-.inf", ".nan", "1e999", "0xffffffffffffffffff"] {
            assert!(matches!(resolve(text), Some(Err(Numeral::NotFinite))), "{text}");
        }
    }

    #[test]
    fn the_written_form_is_kept_where_it_differs() {
        assert!(matches!(resolve("1.10"), Some(Ok(Tree::Number(_, Some(_))))));
        assert!(matches!(resolve("1.0"), Some(Ok(Tree::Number(_, None)))));
    }
}
