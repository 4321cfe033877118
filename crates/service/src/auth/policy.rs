//! What a password must be: long, and not one of those that are tried first. No rules of composition (NIST 800-63B-4).

use super::common;
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
    let names = names(username);
    if common::worth(&plain, &names) < ENOUGH {
        let own = common::worth(&plain, &[]) >= ENOUGH;
        return Err(if own { PasswordProblem::OwnName } else { PasswordProblem::Common });
    }
    if repeated(&plain) < UNIT_CHARS {
        return Err(PasswordProblem::Monotonous);
    }
    Ok(())
}

/// What must remain when all that is common is taken out: six letters, or twelve digits.
const ENOUGH: usize = 6 * common::LETTER;

/// Shortest text that a password may repeat.
const UNIT_CHARS: usize = 12;

/// What is compared: lower case, without spaces and signs but those that stand for letters.
fn plain(text: &str) -> Vec<char> {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.filter(|c| c.is_alphanumeric() || common::is_sign_for_letter(*c)).collect()
}

/// The name to sign in with and, of an e-mail address, what stands before the `@`.
fn names(username: &str) -> Vec<Vec<char>> {
    let before = username.split('@').next().unwrap_or_default();
    let mut names = vec![plain(username), plain(before)];
    // One of two letters stands in everything.
    names.retain(|name| name.len() > 2 || name.iter().any(|c| !c.is_ascii()));
    names
}

/// Length of the shortest text that the whole repeats; its own length where it repeats none.
fn repeated(text: &[char]) -> usize {
    (1..=text.len() / 2).find(|&unit| text[unit..] == text[..text.len() - unit]).unwrap_or(text.len())
}

/// Fewer than six different characters, or mostly runs up or down the alphabet, the digits or a keyboard row.
fn is_monotonous(text: &str) -> bool {
    let characters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let different: std::collections::BTreeSet<_> = characters.iter().collect();
    if different.len() < 6 {
        return true;
    }
    let steps = characters.windows(2).filter(|pair| common::is_step(pair[0], pair[1])).count();
    steps * 4 >= (characters.len() - 1) * 3
}

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
            "woaini-de-fengzheng-feiguo-sanzuoqiao",
            "我爱你胜过三座旧桥和一片松林的风声",
            "vqxw-0815-kjzp-4711",
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
            ("woaini1314woaini520", PasswordProblem::Common),
            ("5201314 5201314 1314", PasswordProblem::Common),
            ("woaini5201314520", PasswordProblem::Common),
            ("1qaz2wsx3edc4rfv", PasswordProblem::Common),
            ("1QAZ!2wsx@3EDC4rfv", PasswordProblem::Common),
            ("zhangsan19880808", PasswordProblem::Common),
            ("Mima123456Mima123456", PasswordProblem::Common),
            ("我爱你我爱你我的密码是一二三四五六", PasswordProblem::Common),
            ("IloveYou4ever2025!!", PasswordProblem::Common),
            ("qwer1234ASDF5678", PasswordProblem::Monotonous),
            ("Admin@123Admin@123", PasswordProblem::Common),
            ("Heddle-Workflow-2026", PasswordProblem::Common),
            ("trombonetrombone", PasswordProblem::Monotonous),
            ("magdalena-magdalena", PasswordProblem::OwnName),
            ("Magdalena-Password-2026", PasswordProblem::OwnName),
        ] {
            assert_eq!(check(bad, "Magdalena"), Err(problem), "{bad}");
        }
        assert_eq!(check(&"长".repeat(129), "x"), Err(PasswordProblem::Long));
    }

    #[test]
    fn the_own_name_is_found_in_an_address_too() {
        assert_eq!(check("xenophon.kumquat.7", "xenophon.kumquat@example.com"), Err(PasswordProblem::OwnName));
        assert_eq!(check("tulip-harbour-quantum-7", "li"), Ok(()), "a short name does not eat into others");
    }

    #[test]
    fn characters_count_and_not_bytes() {
        assert_eq!(check("海边的风筝飞过三座旧桥", "x"), Err(PasswordProblem::Short));
    }
}
