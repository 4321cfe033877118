//! Where things stand: the only file here that knows the layout of the checkout and of the target directory.

use std::path::{Path, PathBuf};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    // Asked while it runs: checkouts may share a target directory, and so this program.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let own = Path::new(&own);
    own.parent().unwrap_or(own).to_path_buf()
}

/// Cargo's target directory: `target` unless `CARGO_TARGET_DIR` says otherwise.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The static files that the server embeds: `target/site`.
pub(crate) fn site() -> PathBuf {
    target().join("site")
}

/// The built server.
pub(crate) fn binary(release: bool) -> PathBuf {
    target().join(if release { "release" } else { "debug" }).join(format!("heddle{}", std::env::consts::EXE_SUFFIX))
}
