//! The budget of what a browser must load before a page is live.

use anyhow::{Result, bail};

use crate::shell::{command, output};
use crate::site;

/// Gzipped bytes of the release WebAssembly. More than this needs splitting (docs/ARCHITECTURE.md, "Budgets").
const MOST: usize = 600 * 1024;

/// Builds the release WebAssembly and fails when it is larger than the budget.
pub(crate) fn check() -> Result<()> {
    let wasm = site::compile(site::Profile::Release)?;
    let bound = site::bind(&wasm, site::Profile::Release)?;
    let file = bound.join("heddle_bg.wasm");
    let size: usize = output(&mut command(site::tool()?, &["gzip", &file.to_string_lossy()]))?.trim().parse()?;
    let raw = std::fs::metadata(&file)?.len();
    println!("WebAssembly: {} KB, {} KB gzipped, budget {} KB", raw / 1024, size / 1024, MOST / 1024);
    if size > MOST {
        bail!("the release WebAssembly is {size} bytes gzipped, the budget is {MOST}");
    }
    Ok(())
}
