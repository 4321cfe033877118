//! Rules of docs/STYLE.md that neither rustfmt nor clippy knows, and links of the docs that lead nowhere.

use std::path::Path;

use anyhow::{Result, bail};

use crate::shell::{command, output};
use crate::workspace;

/// Lines of a source file. A file that needs more says why in `LONGER`.
const MOST_LINES: usize = 500;

/// Files over the limit, each with its reason.
const LONGER: &[(&str, &str)] = &[(
    "crates/engine/src/kernel/event/mod.rs",
    "the one list of events: their order is the stored form, and a list in two files has none",
)];

/// What must not be committed: unfinished work and silenced tests. Written in two halves, so that this file passes.
const UNFINISHED: &[(&str, &str)] =
    &[("todo", "!("), ("unimplemented", "!("), ("#[ig", "nore"), ("FIX", "ME"), ("XX", "X ")];

/// The same in the browser's tests, where these words silence a test.
const SILENCED: &[(&str, &str)] = &[("test.fix", "me"), (".on", "ly("), (".sk", "ip(")];

/// Prints every breach, then fails if there was one.
pub(crate) fn check() -> Result<()> {
    let root = workspace::root();
    let files = output(&mut command("git", &["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    let mut found = Vec::new();
    let mut looked_at = 0;
    for name in files.lines() {
        // A name in the list may have been removed since.
        let Ok(text) = std::fs::read_to_string(root.join(name)) else { continue };
        looked_at += 1;
        found.extend(breaches(&root, name, &text).into_iter().map(|b| format!("{name}: {b}")));
    }
    for breach in &found {
        println!("{breach}");
    }
    if !found.is_empty() {
        bail!("{} breaches of docs/STYLE.md", found.len());
    }
    println!("tidy: {looked_at} files");
    Ok(())
}

fn breaches(root: &Path, name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let code = [".rs", ".ts", ".css"].iter().any(|e| name.ends_with(e));
    if code {
        let lines = text.lines().count();
        if lines > MOST_LINES && !LONGER.iter().any(|(n, _)| *n == name) {
            found.push(format!("{lines} lines; split it, or give the reason in xtask/src/tidy.rs"));
        }
        let silenced = if name.ends_with(".ts") { SILENCED } else { &[] };
        for (a, b) in UNFINISHED.iter().chain(silenced) {
            let word = format!("{a}{b}");
            if let Some(at) = text.lines().position(|l| l.contains(&word)) {
                found.push(format!("line {}: `{word}`", at + 1));
            }
        }
    }
    if name.ends_with(".rs") && !text.starts_with("//!") {
        found.push("does not open with `//!`: what lives here, and what may not".to_owned());
    }
    if name.ends_with(".md") {
        found.extend(dead_links(root, name, text));
    }
    found
}

/// Relative links of a page whose file does not exist.
fn dead_links(root: &Path, name: &str, text: &str) -> Vec<String> {
    let dir = root.join(name).parent().map(Path::to_path_buf).unwrap_or_default();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .map(|target| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
        .filter(|target| !dir.join(target).exists())
        .map(|target| format!("links to {target}, which is not there"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_finds_its_breach() {
        let root = workspace::root();
        let of = |name: &str, text: &str| breaches(&root, name, text).len();
        assert_eq!(of("a.rs", "//! Fine.\n"), 0);
        assert_eq!(of("a.rs", "fn f() {}\n"), 1);
        assert_eq!(of("a.rs", &format!("//! Long.\n{}", "\n".repeat(MOST_LINES))), 1);
        assert_eq!(of("a.rs", &format!("//! Unfinished.\nfn f() {{ {}{}) }}", UNFINISHED[0].0, UNFINISHED[0].1)), 1);
        assert_eq!(of("docs/a.md", "[here](STYLE.md#words) [gone](GONE.md) [out](https://example.org)"), 1);
    }
}
