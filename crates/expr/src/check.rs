//! Checks for editors: everything that can be known about a text without evaluating it.

use crate::cache::compile_cached;
use crate::error::{ExprError, ExprErrorCode as Code};
use crate::slot::is_name;

/// Names that every expression may use, whatever the variables are.
const ROOTS: [&str; 10] =
    ["vars", "nodes", "input", "instance", "output", "error", "item", "index", "secrets", "attempt"];

/// What is wrong with an expression (without `${}`): its first syntax mistake, or every root name that is neither known nor one of
/// the fixed roots. Without `known_names` names are not checked.
pub fn check(source: &str, known_names: Option<&[String]>) -> Vec<ExprError> {
    let program = match compile_cached(source) {
        Ok(program) => program,
        Err(error) => return vec![error],
    };
    let Some(known) = known_names else { return Vec::new() };
    let mut found: Vec<ExprError> = program
        .places()
        .filter(|(name, _)| !known.iter().any(|known| known == name) && !ROOTS.contains(name))
        .map(|(name, at)| unknown(source, name, at, known))
        .collect();
    found.sort_by_key(|error| error.offset);
    found
}

fn unknown(source: &str, name: &str, at: (usize, usize), known: &[String]) -> ExprError {
    let end = (at.0 + at.1).min(source.len());
    let rest = &source[at.0.min(end)..];
    // `order-id` where there is a variable of that name: it was meant, and reads as a subtraction.
    if let Some(dashed) = known
        .iter()
        .filter(|known| known.contains('-') && rest.starts_with(known.as_str()))
        .max_by_key(|known| known.len())
    {
        let fixed = format!("vars[\"{dashed}\"]");
        return ExprError::new(
            Code::DashedName,
            (at.0, dashed.len()),
            format!("`{dashed}` reads as a subtraction; write `{fixed}`"),
            format!("`{dashed}` 会被当作减法，请写 `{fixed}`"),
        )
        .suggest(fixed);
    }
    let len = if rest.starts_with(name) { name.len() } else { end - at.0.min(end) };
    let candidates = known.iter().map(String::as_str).chain(ROOTS);
    match nearest(name, candidates) {
        Some(near) => {
            let spelled = if is_name(&near) { near.clone() } else { format!("vars[{near:?}]") };
            ExprError::new(
                Code::UnknownName,
                (at.0, len),
                format!("there is no variable `{name}`; did you mean `{near}`?"),
                format!("变量 `{name}` 不存在，是否要写 `{near}`？"),
            )
            .suggest(spelled)
        }
        None => ExprError::new(
            Code::UnknownName,
            (at.0, len),
            format!("there is no variable `{name}`"),
            format!("变量 `{name}` 不存在"),
        ),
    }
}

/// The candidate that is most like a word, if one is near enough to be meant.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    let letters: Vec<char> = word.chars().take(MAX_WORD).flat_map(char::to_lowercase).collect();
    let allowed = match letters.len() {
        0..=1 => return None,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(&letters, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *candidate != word)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Longer words are compared by their beginning.
const MAX_WORD: usize = 64;

/// How many letters must be added, removed, changed or swapped with their neighbour.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().take(MAX_WORD).flat_map(char::to_lowercase).collect();
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect::<Vec<_>>(), vec![0; b.len() + 1]];
    for (i, x) in a.iter().enumerate() {
        let [before, last, row] = &mut rows;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = last[j] + usize::from(x != y);
            row[j + 1] = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_the_one_meant() {
        let words = ["amount", "customer", "金额合计", "items"];
        for (typed, meant) in [
            ("amuont", Some("amount")),
            ("Amount", Some("amount")),
            ("金额合记", Some("金额合计")),
            ("item", Some("items")),
            ("xyz", None),
            ("a", None),
        ] {
            assert_eq!(nearest(typed, words).as_deref(), meant, "{typed}");
        }
    }
}
