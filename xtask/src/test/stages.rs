//! The stages of a test run, in the order in which they tell most for the least time.

use std::process::Command;

use anyhow::{Result, bail};

use super::{Stage, Wish, counts::Counts};
use crate::shell::{cargo, follow, run};
use crate::{bench, layers, server, setup, site, size, tidy, workspace};

/// Everything but the browser's own package: what is built for WebAssembly must not mix its features with the server's.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "heddle-frontend"];

/// Tests of the real binary as a process: slow, and nothing for the loop of an edit.
const SLOW: [&str; 4] = ["--exclude", "heddle-process-tests", "--exclude", "heddle-bench"];

/// Which stages a wish asks for.
pub(super) fn of(wish: &Wish) -> Vec<Stage> {
    let narrowed = !wish.names.is_empty();
    let mut stages: Vec<Stage> = Vec::new();
    if !narrowed {
        stages.push(("format", |_| run(&mut cargo(&["fmt", "--all", "--check"])).map(nothing)));
        stages.push(("layers", |_| layers::check().map(nothing)));
        stages.push(("tidiness", |_| tidy::check().map(nothing)));
    }
    if wish.quick {
        stages.push(("unit and integration tests", cargo_tests));
        return stages;
    }
    stages.push(("set-up", |_| setup::everything().map(nothing)));
    stages.push(("pages", |_| site::build(site::Profile::Dev).map(nothing)));
    if !narrowed {
        stages.push(("lints", lints));
    }
    stages.push(("unit and integration tests", cargo_tests));
    stages.push(("tests in the browser", browser_tests));
    if !narrowed {
        stages.push(("benchmark, small size", |_| bench::run(&["--small".to_owned()]).map(nothing)));
        stages.push(("size of the WebAssembly", |_| size::check().map(nothing)));
    }
    stages
}

fn nothing((): ()) -> Counts {
    Counts::default()
}

/// Clippy on the server's side and on the browser's; a warning is a failure.
fn lints(_: &Wish) -> Result<Counts> {
    let mut native = vec!["clippy", "--quiet"];
    native.extend(NATIVE);
    native.extend(["--all-targets", "--", "-D", "warnings"]);
    run(&mut server::embedding(cargo(&native)))?;
    let wasm = ["--target", "wasm32-unknown-unknown", "--profile", "wasm-dev", "--", "-D", "warnings"];
    let mut browser = vec!["clippy", "--quiet", "-p", "heddle-app", "--features", "hydrate"];
    browser.extend(wasm);
    run(&mut cargo(&browser)).map(nothing)
}

/// `cargo test` over the packages of the server's side.
fn cargo_tests(wish: &Wish) -> Result<Counts> {
    let mut selection = NATIVE.to_vec();
    if wish.quick {
        selection.extend(SLOW);
    } else {
        // The process tests and the browser drive the real binary: it must be there before they begin.
        let mut build = vec!["build", "--bins", "--tests"];
        build.extend(&selection);
        run(&mut server::embedding(cargo(&build)))?;
    }
    let mut args = vec!["test", "--no-fail-fast"];
    args.extend(&selection);
    let mut test = server::embedding(cargo(&args));
    if let Some(name) = wish.names.first() {
        test.arg("--").arg(name).args(&wish.names[1..]);
    }
    environment(&mut test, wish);
    let mut counts = Counts::default();
    let success = follow(&mut test, |line| counts.see_cargo(line))?;
    verdict(success, counts, "cargo test")
}

/// Playwright against the real binary.
fn browser_tests(wish: &Wish) -> Result<Counts> {
    let mut test = setup::node_command("npx", &["--no-install", "playwright", "test"])?;
    if !wish.names.is_empty() {
        test.args(["--pass-with-no-tests", "--grep", &wish.names.join("|")]);
    }
    environment(&mut test, wish);
    let mut counts = Counts::default();
    let success = follow(&mut test, |line| counts.see_playwright(line))?;
    verdict(success, counts, "playwright")
}

/// What tests may ask for: where the server is, and whether there is time for many rounds.
fn environment(test: &mut Command, wish: &Wish) {
    test.env("HEDDLE_BIN", workspace::binary(false));
    if wish.long {
        test.env("HEDDLE_LONG", "1");
    }
}

/// A runner that failed without counting a failed test did not get as far as running them.
fn verdict(success: bool, counts: Counts, runner: &str) -> Result<Counts> {
    if !success && counts.failed == 0 {
        bail!("{runner} failed before or beside its tests; its message stands above");
    }
    Ok(counts)
}
