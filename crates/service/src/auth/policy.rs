//! What a password must be: long, and not one of those that are tried first. No rules of composition (NIST 800-63B-4).

use heddle_api::{ApiError, ErrorCode};
use heddle_model::limits;
use unicode_normalization::UnicodeNormalization;

/// What is wrong with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordProblem {
    /// Too few characters.
    #[error("use at least {} characters", limits::PASSWORD_CHARS)]
    Short,
    /// Too many characters.
    #[error("use at most {} characters", limits::PASSWORD_CHARS_MAX)]
    Long,
    /// Made of few characters or a run of them.
    #[error("use more than a few different characters")]
    Monotonous,
    /// Made of words that are tried first.
    #[error("use more than common words and numbers")]
    Common,
    /// Holds little but the user's own name.
    #[error("use more than your own name")]
    OwnName,
}

impl From<PasswordProblem> for ApiError {
    fn from(problem: PasswordProblem) -> Self {
        let zh = match problem {
            PasswordProblem::Short => format!("请使用至少 {} 个字符。", limits::PASSWORD_CHARS),
            PasswordProblem::Long => format!("请使用至多 {} 个字符。", limits::PASSWORD_CHARS_MAX),
            PasswordProblem::Monotonous => "请使用更多不同的字符。".to_owned(),
            PasswordProblem::Common => "请不要只用常见的单词和数字。".to_owned(),
            PasswordProblem::OwnName => "请不要只用自己的名字。".to_owned(),
        };
        Self::new(ErrorCode::WeakPassword).detail(format!("The password is too weak: {problem}."), zh)
    }
}

/// Checks a password that stands alone (without a second factor).
pub(crate) fn check(password: &str, username: &str) -> Result<(), PasswordProblem> {
    let normal: String = password.nfc().collect();
    let count = normal.chars().count();
    if count < limits::PASSWORD_CHARS {
        return Err(PasswordProblem::Short);
    }
    if count > limits::PASSWORD_CHARS_MAX {
        return Err(PasswordProblem::Long);
    }
    let plain = plain(&normal);
    if is_monotonous(&normal) {
        return Err(PasswordProblem::Monotonous);
    }
    let name = self::plain(username);
    if !name.is_empty() && left_over(&plain, &[name.as_str()]) < 6 {
        return Err(PasswordProblem::OwnName);
    }
    if left_over(&plain, COMMON) < 4 {
        return Err(PasswordProblem::Common);
    }
    Ok(())
}

/// Letters only, lower case, the usual digits and signs read as the letters they stand for. Digits that stand for nothing go.
fn plain(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            '0' => Some('o'),
            '1' | '!' => Some('i'),
            '3' => Some('e'),
            '4' | '@' => Some('a'),
            '5' | '$' => Some('s'),
            '7' => Some('t'),
            c if c.is_alphabetic() => Some(c),
            _ => None,
        })
        .collect()
}

/// How many letters remain when all these words are taken out, the longest first.
fn left_over(plain: &str, words: &[&str]) -> usize {
    let mut rest = plain.to_owned();
    for word in words {
        rest = rest.replace(word, "");
    }
    // What remains of a run of digits ("123" reads as "ie") is no more than what it stood for.
    rest.chars().collect::<std::collections::BTreeSet<_>>().len().min(rest.chars().count())
}

/// Fewer than six different characters, or one run up or down the alphabet, the digits or a keyboard row.
fn is_monotonous(text: &str) -> bool {
    let characters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let different: std::collections::BTreeSet<_> = characters.iter().collect();
    if different.len() < 6 {
        return true;
    }
    let steps = characters.windows(2).filter(|pair| is_step(pair[0], pair[1])).count();
    steps * 4 >= (characters.len() - 1) * 3
}

fn is_step(a: char, b: char) -> bool {
    const ROWS: [&str; 4] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"];
    (a as i64 - b as i64).abs() <= 1
        || ROWS.iter().any(|row| matches!((row.find(a), row.find(b)), (Some(a), Some(b)) if a.abs_diff(b) == 1))
}

/// Words that guessers put together, the longest first so that none hides a part of another.
const COMMON: &[&str] = &[
    "administrator", "workflow", "password", "passwort", "passwoid", "iioveyou", "superman", "princess", "football",
    "baseball", "computer", "sunshine", "internet", "starwars", "trustnoi", "iloveyou", "welcome", "michael",
    "charlie", "default", "monkey", "dragon", "master", "shadow", "secret", "letmein", "hunter", "heddle", "changeme",
    "qwerty", "asdfgh", "zxcvbn", "woaini", "system", "access", "server", "admin", "login", "hello", "world", "guest",
    "user", "test", "temp", "root", "pass", "mima", "love", "abc", "the", "and", "my", "is",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_uncommon_passwords_pass() {
        for good in [
            "correct horse battery staple",
            "tulip-harbour-quantum-7",
            "海边的风筝飞过三座旧桥和一片松林",
            "Zx9!kfPq22mLw#aRt",
            "the rain in Spain stays mainly",
        ] {
            assert_eq!(check(good, "admin"), Ok(()), "{good}");
        }
    }

    #[test]
    fn short_common_and_monotonous_ones_do_not() {
        for (bad, problem) in [
            ("Sh0rt!pass", PasswordProblem::Short),
            ("aaaaaaaaaaaaaaaaaaaa", PasswordProblem::Monotonous),
            ("abcdefghijklmnopqrst", PasswordProblem::Monotonous),
            ("qwertyuiopasdfghjkl", PasswordProblem::Monotonous),
            ("passwordpassword1", PasswordProblem::Common),
            ("P@ssw0rdP@ssw0rd", PasswordProblem::Common),
            ("Administrator2026!", PasswordProblem::Common),
            ("magdalena-magdalena", PasswordProblem::OwnName),
        ] {
            assert_eq!(check(bad, "Magdalena"), Err(problem), "{bad}");
        }
        assert_eq!(check(&"长".repeat(129), "x"), Err(PasswordProblem::Long));
    }

    #[test]
    fn characters_count_and_not_bytes() {
        assert_eq!(check("海边的风筝飞过三座旧桥", "x"), Err(PasswordProblem::Short));
    }
}
