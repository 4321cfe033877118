//! Building and starting the server with its pages embedded.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, run as run_command, say, timed};
use crate::{site, workspace};

/// Pages first, then the binary that embeds them; returns the binary.
pub(crate) fn build(profile: site::Profile) -> Result<PathBuf> {
    site::build(profile)?;
    let release = profile == site::Profile::Release;
    let mut args = vec!["build", "-p", "heddle-server", "--bin", "heddle"];
    if release {
        args.push("--release");
    }
    timed("Building the server (the first time takes some minutes)", || run_command(&mut embedding(cargo(&args))))?;
    Ok(workspace::binary(release))
}

/// Builds, then becomes `heddle serve ARGS`.
pub(crate) fn run(profile: site::Profile, args: &[String]) -> Result<()> {
    let binary = build(profile)?;
    say(&format!("Starting {}", binary.display()));
    run_command(&mut serve(&binary, args))
}

/// The command `heddle serve ARGS`, in the directory where the person called us, so that relative paths mean what they say.
pub(crate) fn serve(binary: &std::path::Path, args: &[String]) -> Command {
    let mut command = Command::new(binary);
    command.arg("serve").args(args);
    command
}

/// Tells the server's build script where the static files are, when that is not where it looks by itself:
/// an environment that changes without need would make cargo build again.
pub(crate) fn embedding(mut command: Command) -> Command {
    if std::env::var_os("CARGO_TARGET_DIR").is_some() && std::env::var_os("HEDDLE_SITE_DIR").is_none() {
        command.env("HEDDLE_SITE_DIR", workspace::site());
    }
    command
}
