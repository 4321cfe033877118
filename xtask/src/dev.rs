//! `cargo xtask dev`: build, serve, and begin again whenever a source file changes; open pages then load anew. A build that fails leaves the old server running.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use crate::shell::say;
use crate::{server, site, workspace};

/// How often the tree is looked at. A look costs a few milliseconds.
const LOOK: Duration = Duration::from_millis(400);

/// Runs until interrupted.
pub(crate) fn watch(args: &[String]) -> Result<()> {
    let mut running: Option<Child> = None;
    loop {
        let seen = newest()?;
        match server::build(site::Profile::Dev) {
            Ok(binary) => {
                stop(running.take())?;
                say("Serving; change a file to build again, Ctrl-C to stop");
                running = Some(server::serve(&copy(&binary)?, args).env("HEDDLE_RELOAD_PAGES", "true").spawn()?);
            }
            Err(error) => eprintln!("error: {error:#}\n  (the last good server goes on; save a file to try again)"),
        }
        while newest()? == seen {
            std::thread::sleep(LOOK);
        }
        say("A file changed");
    }
}

/// The server runs from a copy, so that building while it runs is possible on every system.
fn copy(binary: &Path) -> Result<PathBuf> {
    let to = binary.with_file_name(format!("heddle-dev{}", std::env::consts::EXE_SUFFIX));
    if to.exists() {
        std::fs::remove_file(&to)?;
    }
    std::fs::copy(binary, &to)?;
    Ok(to)
}

fn stop(running: Option<Child>) -> Result<()> {
    if let Some(mut child) = running {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

/// Time of the last change below the source folders, and the number of files (which tells of a removal).
fn newest() -> Result<(Option<SystemTime>, usize)> {
    let root = workspace::root();
    let mut seen = (None, 0);
    for dir in ["crates", "app", "frontend", "server", "migrations", "style"] {
        look(&root.join(dir), &mut seen)?;
    }
    Ok(seen)
}

fn look(dir: &Path, seen: &mut (Option<SystemTime>, usize)) -> Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "tests" || name == "target" || name.to_string_lossy().starts_with('.') {
            continue;
        }
        let meta = entry.metadata()?;
        if meta.is_dir() {
            look(&entry.path(), seen)?;
        } else {
            seen.0 = seen.0.max(meta.modified().ok());
            seen.1 += 1;
        }
    }
    Ok(())
}
