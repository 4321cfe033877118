//! A child process with a beginning and a certain end: its own process group, a cleared environment, bounded output, and a kill of
//! the whole group when it is done, too loud, or nobody waits for it any more. What it is for stands with the types that use it.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// How long what is in the pipes is still read after the group was killed: only a process that left the group can keep one open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Most bytes of output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caps {
    /// Of the standard output; more ends the process.
    pub(crate) stdout: usize,
    /// Of the standard error; more is read and thrown away.
    pub(crate) stderr: usize,
}

/// A process that came to its end by itself.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    /// The program is missing, or the machine has no place for it.
    #[error("the program cannot be started: {0}")]
    Start(io::Error),
    /// Reading or waiting failed.
    #[error("the program's output cannot be read: {0}")]
    Io(io::Error),
    /// It wrote more than `Caps::stdout`.
    #[error("the program wrote too much")]
    TooLarge,
}

/// Runs a command to its end. Dropping the future kills the process group.
pub(crate) async fn run(mut command: Command, stdin: &[u8], caps: Caps) -> Result<Finished, ProcessError> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        // So that the runtime reaps it even when nobody waits.
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(ProcessError::Start)?;
    // After `child`, so that it goes first when both are dropped.
    let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = {
        let talk = talk(&mut child, stdin, caps, (&mut stdout, &mut stderr));
        tokio::pin!(talk);
        let mut talking = true;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.map_err(ProcessError::Io)?,
                said = &mut talk, if talking => {
                    said?;
                    talking = false;
                }
            }
        };
        // What it left behind in its group would hold the pipes open and work on.
        drop(group);
        if talking {
            // Too late is not an error: what was said before the end has been read.
            match tokio::time::timeout(LAST_WORDS, talk).await {
                Ok(said) => said?,
                Err(_) => tracing::warn!("a process of a task left its group and goes on"),
            }
        }
        status
    };
    Ok(Finished { status, stdout, stderr })
}

/// Writes the input and reads both outputs, all at once: none may wait for another.
fn talk<'a>(
    child: &mut Child,
    input: &'a [u8],
    caps: Caps,
    (out, err): (&'a mut Vec<u8>, &'a mut Vec<u8>),
) -> impl Future<Output = Result<(), ProcessError>> + use<'a> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    async move {
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program need not read what it is given.
                drop(stdin.write_all(input).await);
            }
            Ok(())
        };
        let read_out = async {
            let Some(pipe) = stdout else { return Ok(()) };
            if read(pipe, out, caps.stdout, true).await? { Ok(()) } else { Err(ProcessError::TooLarge) }
        };
        let read_err = async {
            match stderr {
                Some(pipe) => read(pipe, err, caps.stderr, false).await.map(drop),
                None => Ok(()),
            }
        };
        tokio::try_join!(write, read_out, read_err).map(drop)
    }
}

/// Reads to the end and keeps at most so many bytes; whether that was all. `strict`: stops at the first byte too many.
async fn read(
    mut pipe: impl AsyncRead + Unpin,
    kept: &mut Vec<u8>,
    most: usize,
    strict: bool,
) -> Result<bool, ProcessError> {
    let mut chunk = vec![0; 16 * 1024];
    let mut whole = true;
    loop {
        let count = pipe.read(&mut chunk).await.map_err(ProcessError::Io)?;
        if count == 0 {
            return Ok(whole);
        }
        let room = most - kept.len();
        whole &= count <= room;
        kept.extend_from_slice(&chunk[..count.min(room)]);
        if strict && !whole {
            return Ok(false);
        }
    }
}

/// A process group that ends when this is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // Nobody is left in it: fine.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}
