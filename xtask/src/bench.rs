//! `cargo xtask bench`: builds the release server and hands over to the package heddle-bench, which knows the workloads.

use anyhow::Result;

use crate::shell::{cargo, run as run_command, timed};
use crate::{server, site};

/// All arguments are handed on; see bench/README.md.
pub(crate) fn run(args: &[String]) -> Result<()> {
    // With --small only that it works is asked, so the debug server of the tests will do.
    let small = args.iter().any(|a| a == "--small");
    let profile = if small { site::Profile::Dev } else { site::Profile::Release };
    let binary = server::build(profile)?;
    let mut build = vec!["build", "-p", "heddle-bench"];
    let mut run = vec!["run", "--quiet", "-p", "heddle-bench"];
    if !small {
        build.push("--release");
        run.push("--release");
    }
    timed("Building the benchmark", || run_command(&mut cargo(&build)))?;
    run.push("--");
    run.extend(args.iter().map(String::as_str));
    run_command(cargo(&run).env("HEDDLE_BIN", binary))
}
