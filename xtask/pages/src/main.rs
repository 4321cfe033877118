//! Writes the pages of the docs that are made from code, so that no code is without a page and no page tells old news.
//! `cargo xtask pages` runs it; a test fails when what is committed differs.

mod problems;
mod refusals;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// File name in docs/errors → text.
type Pages = BTreeMap<String, String>;

fn main() -> Result<()> {
    let dir = dir();
    let pages = all();
    for old in names(&dir)?.iter().filter(|name| !pages.contains_key(*name)) {
        std::fs::remove_file(dir.join(old))?;
    }
    for (name, text) in &pages {
        std::fs::write(dir.join(name), text).with_context(|| format!("writing {name}"))?;
    }
    println!("{} pages in {}", pages.len(), dir.display());
    Ok(())
}

fn dir() -> PathBuf {
    root().join("docs/errors")
}

/// The root of the checkout, asked while it runs: checkouts may share a target directory, and so this program.
fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).join("../..")
}

fn names(dir: &Path) -> Result<Vec<String>> {
    std::fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// One page per code, and the index.
fn all() -> Pages {
    let mut pages = refusals::pages();
    pages.extend(problems::pages());
    pages.insert("README.md".to_owned(), index());
    pages
}

fn index() -> String {
    format!(
        "# Errors\n\n\
         Made from the code by `cargo xtask pages`. Codes never change their meaning.\n\n\
         ## Answers of the API\n\n\
         `code` of a problem document (`application/problem+json`); its `type` is the address of the page.\n\n{}\n\
         ## Problems of a definition\n\n\
         What the validator finds. Errors block publishing; warnings and hints do not.\n\n{}",
        refusals::table(),
        problems::table()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_page_and_every_page_is_current() -> Result<()> {
        let pages = all();
        for (name, text) in &pages {
            let committed = std::fs::read_to_string(dir().join(name)).unwrap_or_default();
            assert!(committed == *text, "docs/errors/{name} is missing or old: run `cargo xtask pages`");
        }
        for name in names(&dir())? {
            assert!(pages.contains_key(&name), "docs/errors/{name} belongs to no code: run `cargo xtask pages`");
        }
        for code in heddle_api::error::ErrorCode::ALL {
            assert!(pages.contains_key(&format!("{code}.md")));
        }
        for code in heddle_model::diagnostic::Code::ALL {
            assert!(pages.contains_key(&format!("{}.md", code.as_str())));
        }
        Ok(())
    }

    /// The words stand in the match of `type_name`; what only looks like one is not in that file.
    #[test]
    fn the_page_of_events_names_every_type_and_no_other() -> Result<()> {
        let root = root();
        let code = std::fs::read_to_string(root.join("crates/engine/src/kernel/view.rs"))?;
        let page = std::fs::read_to_string(root.join("docs/events.md"))?;
        let word = |w: &&str| w.contains('.') && w.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '_');
        let written: std::collections::BTreeSet<&str> = code.split('"').skip(1).step_by(2).filter(word).collect();
        let rows = page.lines().filter(|l| l.starts_with("| `")).filter_map(|l| l.split('|').nth(1));
        let described: std::collections::BTreeSet<&str> =
            rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter(word).collect();
        assert!(written.len() > 20, "the list was not found: {written:?}");
        assert_eq!(written, described);
        Ok(())
    }
}
