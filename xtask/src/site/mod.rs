//! Builds what the browser loads into `target/site/pkg`: the WebAssembly with its JavaScript, one style sheet, and the
//! files beside it, each under a name that carries its hash, so that a browser may keep it for ever. `manifest.json` says which is which.

mod assets;
mod css;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shell::{cargo, command, run, say, timed};
use crate::{setup, workspace};

/// How the browser's part is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build, large to load.
    Dev,
    /// Small: minutes of link-time optimisation.
    Release,
}

impl Profile {
    /// The cargo profile of the WebAssembly; also the folder below `target/wasm32-unknown-unknown`.
    pub(crate) fn wasm(self) -> &'static str {
        match self {
            Profile::Dev => "wasm-dev",
            Profile::Release => "wasm-release",
        }
    }
}

/// Builds what changed; a second call without changes takes no longer than cargo needs to see that.
pub(crate) fn build(profile: Profile) -> Result<()> {
    setup::wasm_target()?;
    let wasm = compile(profile)?;
    let bound = bind(&wasm, profile)?;
    let site = workspace::site();
    let changed = assets::publish(&workspace::root().join("style"), &bound, &site.join("pkg"))?;
    if changed {
        say(&format!("Static files are ready in {}", site.display()));
    }
    Ok(())
}

/// `cargo build` of the front end; the path of the unbound WebAssembly.
pub(crate) fn compile(profile: Profile) -> Result<PathBuf> {
    timed(&format!("Building the pages for the browser ({})", profile.wasm()), || {
        run(&mut cargo(&[
            "build",
            "-p",
            "heddle-frontend",
            "--lib",
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            profile.wasm(),
        ]))
    })?;
    let file = workspace::target().join("wasm32-unknown-unknown").join(profile.wasm()).join("heddle_frontend.wasm");
    anyhow::ensure!(file.is_file(), "cargo made no {}", file.display());
    Ok(file)
}

/// wasm-bindgen, unless this very file was bound before. Returns the folder with `heddle.js` and `heddle_bg.wasm`.
pub(crate) fn bind(wasm: &Path, profile: Profile) -> Result<PathBuf> {
    let out = workspace::target().join("bound").join(profile.wasm());
    let stamp = out.join("stamp");
    let seen = fingerprint(wasm)?;
    if std::fs::read_to_string(&stamp).is_ok_and(|old| old == seen) {
        return Ok(out);
    }
    let tool = tool()?;
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    std::fs::create_dir_all(&out)?;
    let mode = if profile == Profile::Release { "release" } else { "debug" };
    let (input, to) = (wasm.to_string_lossy(), out.to_string_lossy());
    timed("Binding the WebAssembly to JavaScript", || {
        run(&mut command(&tool, &["bind", &input, &to, "heddle", mode]))
    })?;
    std::fs::write(stamp, seen)?;
    Ok(out)
}

/// Builds the tool of xtask/wasm when it is not there yet, and returns its path.
pub(crate) fn tool() -> Result<PathBuf> {
    let path = workspace::target().join("debug").join(format!("xtask-wasm{}", std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        say("Building the WebAssembly binder (once, about a minute)");
    }
    run(&mut cargo(&["build", "--quiet", "-p", "xtask-wasm"]))?;
    Ok(path)
}

/// Length and time of writing: cargo does not touch a file that it need not build again.
fn fingerprint(file: &Path) -> Result<String> {
    let meta = std::fs::metadata(file).with_context(|| format!("looking at {}", file.display()))?;
    let nanos = meta.modified()?.duration_since(std::time::UNIX_EPOCH)?.as_nanos();
    Ok(format!("{} {nanos}", meta.len()))
}
