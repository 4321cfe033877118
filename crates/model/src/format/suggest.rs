//! The nearest valid word to a mistaken one.

use crate::limits;

/// The candidate that differs least, if it is near enough to be meant: about one letter in three, swaps counted as one.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(limits::SUGGESTION_CHARS + 1).map(fold).collect();
    if word.len() > limits::SUGGESTION_CHARS {
        return None;
    }
    let allowed = (word.len() / 3).max(1);
    candidates
        .into_iter()
        // Words of very different length cannot be near: no need to compare them.
        .filter(|candidate| {
            candidate.chars().take(limits::SUGGESTION_CHARS * 2).count().abs_diff(word.len()) <= allowed
        })
        .take(limits::SUGGESTION_CANDIDATES)
        .filter_map(|candidate| {
            let other: Vec<char> = candidate.chars().map(fold).collect();
            let distance = distance(&word, &other);
            // One letter replaced by another shares nothing: `a` is not meant by `b`.
            (distance <= allowed && distance < word.len().max(other.len())).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Case and the way of joining words do not count.
fn fold(c: char) -> char {
    if c == '-' { '_' } else { c.to_lowercase().next().unwrap_or(c) }
}

/// Edits between two words: insert, delete, replace, swap neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut rows = vec![0usize; (a.len() + 1) * width];
    (0..width).for_each(|j| rows[j] = j);
    for i in 1..=a.len() {
        rows[i * width] = i;
        for j in 1..=b.len() {
            let replace = rows[(i - 1) * width + j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[(i - 1) * width + j] + 1).min(rows[i * width + j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[(i - 2) * width + j - 2] + 1);
            }
            rows[i * width + j] = best;
        }
    }
    rows[a.len() * width + b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_not() {
        let fields = ["name", "next", "action", "max_attempts", "判断条件"];
        assert_eq!(nearest("nmae", fields), Some("name"));
        assert_eq!(nearest("maxAttempts", fields), Some("max_attempts"));
        assert_eq!(nearest("max-attempts", fields), Some("max_attempts"));
        assert_eq!(nearest("判断条", fields), Some("判断条件"));
        assert_eq!(nearest("Next", fields), Some("next"));
        assert_eq!(nearest("zzz", fields), None);
        assert_eq!(nearest("b", ["a"]), None);
        assert_eq!(nearest("", fields), None);
    }
}
