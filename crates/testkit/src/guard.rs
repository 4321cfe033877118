//! Cleaning up after this process however it ends: return, panic, abort or kill -9.
//!
//! A small shell reads from a pipe that only this process holds. When the process is gone the pipe closes, and the shell runs the
//! clean-up. Statics, which are never dropped, are covered in the same way.

use anyhow::{Context, Result};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Runs a shell command when this process ends or the guard is dropped, unless it was disarmed.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Arms a guard. `command` is run by `sh`; `arguments` are its `$1`, `$2`, ….
    pub(crate) fn arm(command: &str, arguments: &[&str]) -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", &format!("trap '' INT HUP TERM; read -r line && exit 0; {command}"), "heddle-testkit"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start `sh` for the clean-up")?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// Makes the guard do nothing any more.
    pub(crate) fn disarm(&mut self) {
        if let Some(mut pipe) = self.pipe.take() {
            // A shell that is gone already has nothing to disarm.
            let _ = pipe.write_all(b"done\n");
            drop(pipe);
            let _ = self.shell.wait();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.pipe.take().is_some() {
            // Closing the pipe starts the clean-up; waiting makes it complete before the next test begins.
            let _ = self.shell.wait();
        }
    }
}
