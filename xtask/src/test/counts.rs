//! Reads what the runners say at their end: cargo test, one line per binary, and Playwright, one line per outcome.

use std::fmt;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

impl Counts {
    pub(super) fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// `test result: ok. 12 passed; 0 failed; 0 ignored; …`
    pub(super) fn see_cargo(&mut self, line: &str) {
        if let Some((_, result)) = plain(line).split_once("test result: ") {
            self.passed += number_before(result, " passed").unwrap_or(0);
            self.failed += number_before(result, " failed").unwrap_or(0);
        }
    }

    /// `  12 passed (34.5s)` and `  1 failed`, each alone on a line. A flaky test is a failed one: there are no retries.
    pub(super) fn see_playwright(&mut self, line: &str) {
        let line = plain(line);
        let mut words = line.split_whitespace();
        if let (Some(Ok(n)), Some(word)) = (words.next().map(str::parse::<usize>), words.next()) {
            let alone = words.next().is_none_or(|w| w.starts_with('('));
            match word {
                "passed" if alone => self.passed += n,
                "failed" | "flaky" | "interrupted" if alone => self.failed += n,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.passed, self.failed) {
            (0, 0) => Ok(()),
            (passed, failed) => write!(f, "{passed} passed, {failed} failed"),
        }
    }
}

fn number_before(text: &str, word: &str) -> Option<usize> {
    let (before, _) = text.split_once(word)?;
    before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Without the colours of a terminal.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            for c in chars.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_runners_are_added_up() {
        let mut counts = Counts::default();
        counts.see_cargo("running 3 tests");
        counts.see_cargo(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        counts.see_cargo("test result: \u{1b}[31mFAILED\u{1b}[0m. 3 passed; 2 failed; 0 ignored");
        assert_eq!(counts, Counts { passed: 15, failed: 2 });
        counts.see_playwright("  7 passed (1.2m)");
        counts.see_playwright("  1 failed");
        counts.see_playwright("  1 flaky");
        counts.see_playwright("  2 passed tests were talked about");
        assert_eq!(counts, Counts { passed: 22, failed: 4 });
    }
}
