//! Embeds the static files: everything under `<site>/pkg`, with the manifest that says which name carries which hash.
//!
//! The folder is `HEDDLE_SITE_DIR`, else `target/site` of the workspace. Without it the server builds all the same: its pages are then
//! rendered on the server and stay without script and style.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=HEDDLE_SITE_DIR");
    // Asked while it runs: checkouts may share a target directory, and so this program.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&own).join("..");
    let site = std::env::var_os("HEDDLE_SITE_DIR").map_or_else(|| root.join("target/site"), PathBuf::from);
    // A missing folder counts as changed for ever, so a small file stands for it: the manifest, or nothing.
    let manifest = site.join("manifest.json");
    println!("cargo:rerun-if-changed={}", manifest.display());
    let mut files = Vec::new();
    if manifest.is_file() {
        walk(&site.join("pkg"), &mut files);
    }
    files.sort();
    let mut code = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    for path in &files {
        let name = path.strip_prefix(site.join("pkg")).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let _ = writeln!(code, "    ({name:?}, include_bytes!({:?})),", path.display().to_string());
    }
    let manifest = std::fs::read_to_string(&manifest).unwrap_or_else(|_| "{}".to_owned());
    let _ = writeln!(code, "];\npub(super) static MANIFEST: &str = {manifest:?};");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("site.rs");
    if let Err(error) = std::fs::write(&out, code) {
        println!("cargo:warning=cannot write {}: {error}", out.display());
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}
