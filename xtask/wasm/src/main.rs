//! The heavy half of the front end's build: splitting and wasm-bindgen as libraries, so that nobody installs their commands, and gzip.
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

/// Cuts the parts off that load later, and writes `<name>.js` and `<name>_bg.wasm` for a page that imports them as a module; beside
/// them the parts, and `parts.json`: which files each part needs.
fn bind(input: &Path, out: &Path, name: &str, release: bool) -> Result<()> {
    let whole = std::fs::read(input).with_context(|| format!("reading {}", input.display()))?;
    let main = out.join("unbound.wasm");
    let module = format!("./{name}.js");
    let mut options = wasm_split_cli_support::Options::new(&whole);
    options.output_dir = out;
    options.main_out_path = &main;
    options.main_module = &module;
    options.link_name = "./parts.js";
    let split = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow::anyhow!("cutting {} into parts: {error:#}", input.display()))?;
    std::fs::write(out.join("parts.json"), serde_json::to_string(&split.prefetch_map)?)?;
    for part in &split.split_modules {
        pack(part, release).with_context(|| format!("packing {}", part.display()))?;
    }

    let mut bindgen = Bindgen::new();
    bindgen.input_path(&main).out_name(name).typescript(false).omit_default_module_path(true);
    bindgen.web(true)?;
    // Names make a browser's stack traces readable; a release does without for its size.
    bindgen.keep_debug(false).remove_name_section(release).remove_producers_section(release);
    // The parts use functions of the main file that nothing else does.
    bindgen.keep_lld_exports(true);
    bindgen.generate(out).with_context(|| format!("binding {}", input.display()))?;
    Ok(std::fs::remove_file(main)?)
}

/// Writes a part anew: its numbers were padded for relocation, and a release does without names.
fn pack(part: &Path, release: bool) -> Result<()> {
    let mut config = walrus::ModuleConfig::new();
    config.generate_name_section(!release).generate_producers_section(!release);
    let mut module = config.parse(&std::fs::read(part)?)?;
    Ok(std::fs::write(part, module.emit_wasm())?)
}

/// Size in bytes as a server with gzip at its best setting would send it.
fn gzipped(file: &Path) -> Result<usize> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len())
}
