//! How much of a password is more than what guessers try first: words and numbers of `common.txt`, keyboard runs, years and dates.

use std::sync::LazyLock;

/// What one letter is worth that is part of nothing common; a digit is worth half of it.
pub(super) const LETTER: usize = 2;

static WORDS: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let lines = include_str!("common.txt").lines().filter(|line| !line.starts_with('#'));
    let mut words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.sort_unstable();
    words.dedup();
    words.into_iter().map(|word| word.chars().collect()).collect()
});

/// What is left of a text when all that is common is taken out, and these names too, in the way that leaves least.
pub(super) fn worth(text: &[char], names: &[Vec<char>]) -> usize {
    // least[n]: what the first n characters are worth.
    let mut least = vec![0_usize; text.len() + 1];
    for end in 1..=text.len() {
        let (before, run) = (&text[..end], run_length(&text[..end]));
        let alone = least[end - 1] + if text[end - 1].is_alphabetic() { LETTER } else { 1 };
        let words = WORDS.iter().chain(names).filter(|word| !word.is_empty() && ends_with(before, word)).map(Vec::len);
        let parts = words.chain((run > 1).then_some(run)).chain(date_length(before));
        least[end] = parts.map(|length| least[end - length]).fold(alone, usize::min);
    }
    least[text.len()]
}

/// Whether a text ends with a word, digits and signs read as the letters they stand for.
fn ends_with(text: &[char], word: &[char]) -> bool {
    text.len() >= word.len()
        && text[text.len() - word.len()..].iter().zip(word).all(|(&c, &w)| c == w || stands_for(c, w))
}

const fn stands_for(c: char, letter: char) -> bool {
    matches!(
        (c, letter),
        ('0', 'o')
            | ('1' | '!', 'i' | 'l')
            | ('3', 'e')
            | ('4' | '@', 'a')
            | ('5' | '$', 's')
            | ('7', 't')
            | ('8', 'b')
    )
}

/// Whether a sign is read as a letter.
pub(super) const fn is_sign_for_letter(c: char) -> bool {
    matches!(c, '@' | '$' | '!')
}

/// Length of the run of neighbours that a text ends with; 0 where it is too short to count.
fn run_length(text: &[char]) -> usize {
    let steps = text.windows(2).rev().take_while(|pair| is_step(pair[0], pair[1])).count();
    let digits = text.iter().rev().take(steps + 1).all(char::is_ascii_digit);
    // Three letters that are neighbours somewhere stand in many words.
    if steps + 1 >= if digits { 3 } else { 4 } { steps + 1 } else { 0 }
}

/// The same character again, or its neighbour in the alphabet, among the digits or on a keyboard row.
pub(super) fn is_step(a: char, b: char) -> bool {
    const ROWS: [&str; 4] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"];
    (a as i64 - b as i64).abs() <= 1
        || ROWS.iter().any(|row| matches!((row.find(a), row.find(b)), (Some(a), Some(b)) if a.abs_diff(b) == 1))
}

/// Length of the year (1900 to 2099) or the date after it (19880808, 198808) that a text ends with.
fn date_length(text: &[char]) -> Option<usize> {
    let digit = |at: usize| text.get(at).and_then(|c| c.to_digit(10));
    let part = |at: usize| Some(digit(at)? * 10 + digit(at + 1)?);
    [8, 6, 4].into_iter().find(|&length| {
        let Some(start) = text.len().checked_sub(length) else { return false };
        let within = |at: usize, most: u32| at >= length || part(start + at).is_some_and(|n| (1..=most).contains(&n));
        matches!(part(start), Some(19 | 20)) && part(start + 2).is_some() && within(4, 12) && within(6, 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str) -> usize {
        worth(&text.chars().collect::<Vec<_>>(), &[])
    }

    #[test]
    fn the_list_is_clean() {
        assert!(WORDS.len() > 600, "{}", WORDS.len());
        for word in WORDS.iter() {
            let text: String = word.iter().collect();
            assert!(word.len() >= 2 && text == text.to_lowercase(), "{text}");
            // A word of two letters of the alphabet would eat holes into every other one.
            assert!(word.len() >= 3 || !word[0].is_ascii(), "{text}");
            assert_eq!(left(&text), 0, "{text}");
        }
    }

    #[test]
    fn words_runs_and_dates_are_worth_nothing() {
        for text in [
            "woaini1314", "5201314", "1qaz2wsx3edc", "p@ssw0rd", "zhangwei19880808", "admin2026", "qwertyuiop",
            "88888888",
        ] {
            assert_eq!(left(text), 0, "{text}");
        }
    }

    #[test]
    fn the_rest_counts_letters_twice_and_digits_once() {
        assert_eq!((left("kumquat"), left("4096")), (7 * LETTER, 4));
        assert_eq!(left("passwordkumquat4096"), 7 * LETTER + 4);
        assert_eq!(left("18571369"), 8, "no year");
        assert_eq!(left("20261369"), 4, "a year, and no month");
    }

    #[test]
    fn names_count_as_common_where_they_are_given() {
        let text: Vec<char> = "magdalena7magdalena".chars().collect();
        assert_eq!(worth(&text, &["magdalena".chars().collect()]), 1);
        assert!(worth(&text, &[]) > 20);
    }
}
