//! From built files to published ones: hashed names, the manifest, nothing left over from before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::shell::write_if_changed;

/// Writes everything below `pkg` and `manifest.json` beside it; true when any file changed.
///
/// `style` gives `main.css` with what it imports, and every other file in it (icons, fonts), reachable from the style sheets by
/// `url("…")` and from the app by the manifest's `files`. `bound` gives the JavaScript, the WebAssembly with its parts, and snippets.
pub(super) fn publish(style: &Path, bound: &Path, pkg: &Path) -> Result<bool> {
    let mut out: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for path in walk(style)? {
        let name = relative(style, &path);
        if !name.ends_with(".css") && !name.ends_with(".md") && !name.starts_with('.') {
            let content = std::fs::read(&path)?;
            let hashed = hashed(&name, &content);
            files.insert(name, hashed.clone());
            out.insert(hashed, content);
        }
    }
    let css = super::css::bundle(&style.join("main.css"), &files)?.into_bytes();
    let sheet = hashed("heddle.css", &css);
    out.insert(sheet.clone(), css);
    let code = code(bound)?;
    let manifest = json!({
        "js": format!("{}/heddle.js", code.folder),
        "wasm": format!("{}/heddle_bg.wasm", code.folder),
        "css": sheet,
        "files": Value::from_iter(files),
        "parts": code.parts,
    });
    out.extend(code.files.into_iter().map(|(name, content)| (format!("{}/{name}", code.folder), content)));
    let mut changed = remove_others(pkg, &out)?;
    for (name, content) in &out {
        changed |= write_if_changed(&pkg.join(name), content)?;
    }
    let manifest = format!("{manifest:#}\n");
    changed |= write_if_changed(&pkg.join("../manifest.json"), manifest.as_bytes())?;
    Ok(changed)
}

/// What binding made. Its files name each other, so they keep their names, in a folder that carries the hash of them all.
struct Code {
    folder: String,
    files: BTreeMap<String, Vec<u8>>,
    /// Part of the program → the files it loads.
    parts: BTreeMap<String, Vec<String>>,
}

fn code(bound: &Path) -> Result<Code> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for path in walk(bound)? {
        files.insert(relative(bound, &path), read(&path)?);
    }
    files.remove("stamp");
    let index = files.remove("parts.json").context("binding wrote no parts.json")?;
    let all: Vec<u8> = files.iter().flat_map(|(name, content)| name.bytes().chain(content.iter().copied())).collect();
    let folder = hash(&all);
    let index: BTreeMap<String, Vec<String>> = serde_json::from_slice(&index).context("reading parts.json")?;
    // A part's name ends in a number that the compiler makes from its place in the source.
    let plain = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_').to_owned();
    let parts = index
        .into_iter()
        .map(|(part, names)| (plain(&part), names.iter().map(|name| format!("{folder}/{name}.wasm")).collect()))
        .collect();
    Ok(Code { folder, files, parts })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}

/// `icons.svg` → `icons.3f2a….svg`. The hash tells versions apart, it guards against nobody: FNV-1a, twice 64 bits.
fn hashed(name: &str, content: &[u8]) -> String {
    let hash = hash(content);
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
        None => format!("{name}.{hash}"),
    }
}

fn hash(content: &[u8]) -> String {
    let fold = |seed: u64| content.iter().fold(seed, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    format!("{:016x}{:04x}", fold(0xcbf2_9ce4_8422_2325), fold(0x6c62_272e_07bb_0142) & 0xffff)
}

fn remove_others(pkg: &Path, keep: &BTreeMap<String, Vec<u8>>) -> Result<bool> {
    let mut removed = false;
    for path in walk(pkg)? {
        if !keep.contains_key(&relative(pkg, &path)) {
            std::fs::remove_file(path)?;
            removed = true;
        }
    }
    Ok(removed)
}

fn relative(base: &Path, path: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// All files below a folder, in a fixed order; none when it does not exist.
pub(super) fn walk(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !dir.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(walk(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_changes_with_the_content_only() {
        assert_eq!(hashed("icons.svg", b"a"), hashed("icons.svg", b"a"));
        assert_ne!(hashed("icons.svg", b"a"), hashed("icons.svg", b"b"));
        assert!(hashed("fonts/inter.woff2", b"a").starts_with("fonts/inter."));
    }

    /// The sheet that is shipped: every import found, every address of a file of ours a published one, every brace closed.
    #[test]
    fn our_own_style_becomes_one_sheet() {
        let dir = std::env::temp_dir().join(format!("heddle-style-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("heddle.js"), "").unwrap();
        std::fs::write(dir.join("heddle_bg.wasm"), "").unwrap();
        std::fs::write(dir.join("parts.json"), "{}").unwrap();
        publish(&crate::workspace::root().join("style"), &dir, &dir.join("site/pkg")).unwrap();
        let manifest: Value =
            serde_json::from_str(&std::fs::read_to_string(dir.join("site/manifest.json")).unwrap()).unwrap();
        let sheet = std::fs::read_to_string(dir.join("site/pkg").join(manifest["css"].as_str().unwrap())).unwrap();
        assert!(!sheet.contains("@import"));
        assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
        for address in sheet.split("url(").skip(1).filter_map(|rest| rest.split(')').next()) {
            let address = address.trim_matches(['"', '\'']);
            let fine = address.starts_with("data:")
                || address.starts_with('#')
                || dir.join("site/pkg").join(address).is_file();
            assert!(fine, "url({address}) leads nowhere");
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_second_time_changes_nothing_and_an_old_file_goes() {
        let dir = std::env::temp_dir().join(format!("heddle-assets-{}", std::process::id()));
        let (style, bound, pkg) = (dir.join("style"), dir.join("bound"), dir.join("site/pkg"));
        for d in [&style, &bound] {
            std::fs::create_dir_all(d).unwrap();
        }
        std::fs::write(style.join("main.css"), "body { background: url(\"dot.svg\") }").unwrap();
        std::fs::write(style.join("dot.svg"), "<svg/>").unwrap();
        std::fs::write(bound.join("heddle.js"), "1").unwrap();
        std::fs::write(bound.join("heddle_bg.wasm"), "2").unwrap();
        std::fs::write(bound.join("parts.json"), r#"{"part_lists_123":["chunk_1","split_part_lists_123"]}"#).unwrap();
        assert!(publish(&style, &bound, &pkg).unwrap());
        assert!(!publish(&style, &bound, &pkg).unwrap());
        assert_eq!(walk(&pkg).unwrap().len(), 4);
        let manifest: Value =
            serde_json::from_str(&std::fs::read_to_string(dir.join("site/manifest.json")).unwrap()).unwrap();
        let folder = manifest["js"].as_str().unwrap().strip_suffix("/heddle.js").unwrap();
        assert_eq!(manifest["parts"]["part_lists"][1], format!("{folder}/split_part_lists_123.wasm"));
        std::fs::write(bound.join("heddle.js"), "3").unwrap();
        assert!(publish(&style, &bound, &pkg).unwrap());
        assert_eq!(walk(&pkg).unwrap().len(), 4, "the old script must be gone");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
