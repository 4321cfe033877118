//! Pages of the docs that are made from code. The program that knows the catalogues is the package heddle-pages (xtask/pages).

use anyhow::Result;

use crate::shell::{cargo, run};

/// Writes docs/errors again.
pub(crate) fn write() -> Result<()> {
    run(&mut cargo(&["run", "--quiet", "-p", "heddle-pages"]))
}
