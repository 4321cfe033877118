//! The budget of what a browser must load before a page is live.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::{command, output};
use crate::site;

/// The budget: gzipped bytes of release WebAssembly that a page loads before it is live (docs/ARCHITECTURE.md, "Budgets").
const BUDGET: usize = 600 * 1024;

/// What the rules of the language may weigh: they load behind the editor, after the page is live.
const CHECKS: usize = 500 * 1024;

/// The parts that are pages; the others load behind them (app/src/parts.rs).
const PAGES: [&str; 3] = ["part_lists", "part_workbench", "part_instance"];

/// Builds the release WebAssembly, prints what each page loads, and fails when one is over the budget.
pub(crate) fn check() -> Result<()> {
    let wasm = site::compile(site::Profile::Release)?;
    let bound = site::bind(&wasm, site::Profile::Release)?;
    let main = gzipped(&bound.join("heddle_bg.wasm"))?;
    println!("WebAssembly, gzipped: main file {} KB", main / 1024);
    let parts: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&std::fs::read_to_string(bound.join("parts.json"))?)?;
    let page = parts_of(&parts, "part_lists")?;
    anyhow::ensure!(!page.is_empty(), "nothing was split off: the lists are in the main file");
    let mut over = Vec::new();
    for name in PAGES {
        let size = main + weight(&bound, &parts_of(&parts, name)?)?;
        println!("  {name}: {} KB with the main file, budget {} KB", size / 1024, BUDGET / 1024);
        if size > BUDGET {
            over.push(name);
        }
    }
    // What a page has loaded already does not load again.
    let behind: BTreeSet<&String> =
        parts_of(&parts, "part_check")?.difference(&parts_of(&parts, "part_workbench")?).copied().collect();
    let checks = weight(&bound, &behind)?;
    println!("  part_check: {} KB more behind the editor, budget {} KB", checks / 1024, CHECKS / 1024);
    if checks > CHECKS {
        over.push("part_check");
    }
    if !over.is_empty() {
        bail!("over the budget of the release WebAssembly: {}", over.join(", "));
    }
    Ok(())
}

/// Files that a part loads besides the main one. The compiler appends a number to its name.
fn parts_of<'a>(parts: &'a BTreeMap<String, Vec<String>>, name: &str) -> Result<BTreeSet<&'a String>> {
    let mut found = parts.iter().filter(|(part, _)| {
        part.strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('_'))
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    });
    let (_, files) = found.next().with_context(|| format!("the build has no part `{name}` (app/src/parts.rs)"))?;
    Ok(files.iter().collect())
}

fn weight(bound: &Path, files: &BTreeSet<&String>) -> Result<usize> {
    files.iter().map(|name| gzipped(&bound.join(format!("{name}.wasm")))).sum()
}

fn gzipped(file: &Path) -> Result<usize> {
    Ok(output(&mut command(site::tool()?, &["gzip", &file.to_string_lossy()]))?.trim().parse()?)
}
