//! The heavy half of the front end's build: wasm-bindgen as a library, so that nobody installs its command, and gzip.
//! It knows no paths of the project; `cargo xtask` (xtask/src/site) says what goes where.
//!
//! `xtask-wasm bind <in.wasm> <out dir> <name> <debug|release>` · `xtask-wasm gzip <file>` prints the packed size in bytes.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["bind", input, out, name, mode] => bind(Path::new(input), Path::new(out), name, *mode == "release"),
        ["gzip", file] => {
            println!("{}", gzipped(Path::new(file))?);
            Ok(())
        }
        other => {
            bail!("unknown arguments {other:?}; usage: bind <in.wasm> <out dir> <name> <debug|release> | gzip <file>")
        }
    }
}

/// Writes `<name>.js` and `<name>_bg.wasm` for a page that imports them as a module.
fn bind(input: &Path, out: &Path, name: &str, release: bool) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name(name).typescript(false).omit_default_module_path(true);
    bindgen.web(true)?;
    // Names make a browser's stack traces readable; a release does without for its size.
    bindgen.keep_debug(false).remove_name_section(release).remove_producers_section(release);
    bindgen.generate(out).with_context(|| format!("binding {}", input.display()))
}

/// Size in bytes as a server with gzip at its best setting would send it.
fn gzipped(file: &Path) -> Result<usize> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len())
}
