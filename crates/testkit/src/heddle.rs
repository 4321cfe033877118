//! The real `heddle` program as a child process: start, wait until it is ready, kill -9, start again.

use crate::{Client, free_port, guard::Guard, until};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a start may take: a debug build that migrates an empty database on a busy machine.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// How a server is to be started; the same description starts it again after a kill.
#[derive(Debug, Clone)]
pub struct Heddle {
    binary: PathBuf,
    data_dir: PathBuf,
    database_url: String,
    port: u16,
    environment: Vec<(String, String)>,
}

/// A server that runs. Dropped: killed.
#[derive(Debug)]
pub struct HeddleProcess {
    plan: Heddle,
    child: Child,
    guard: Guard,
    log: PathBuf,
}

impl Heddle {
    /// A server with its data in `data_dir`, on a free port, on SQLite in that directory unless told otherwise.
    pub fn new(data_dir: &Path) -> Result<Self> {
        Ok(Self {
            binary: find_binary()?,
            data_dir: data_dir.to_owned(),
            database_url: crate::sqlite_url(data_dir),
            port: free_port()?,
            environment: Vec::new(),
        })
    }

    /// Runs another file than the build's own.
    #[must_use]
    pub fn binary(mut self, path: &Path) -> Self {
        self.binary = path.to_owned();
        self
    }

    /// Uses this database.
    #[must_use]
    pub fn database_url(mut self, url: &str) -> Self {
        self.database_url = url.to_owned();
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Creates this administrator at the first start.
    #[must_use]
    pub fn admin(self, user: &str, password: &str) -> Self {
        self.env("HEDDLE_ADMIN_USER", user).env("HEDDLE_ADMIN_PASSWORD", password)
    }

    /// `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The command for a subcommand (`admin`, `verify`, …) with the same environment as the server.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env("HEDDLE_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("HEDDLE_DATABASE_URL", &self.database_url)
            .env("HEDDLE_DATA_DIR", &self.data_dir)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.data_dir)
            .stdin(Stdio::null());
        command
    }

    /// Starts it without waiting for anything.
    pub fn spawn(self) -> Result<HeddleProcess> {
        static STARTS: AtomicU32 = AtomicU32::new(0);
        let log = self.data_dir.join(format!("heddle-{}.log", STARTS.fetch_add(1, Ordering::Relaxed)));
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = self
            .command(&["serve"])
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run {}", self.binary.display()))?;
        let guard = Guard::arm(r#"kill -9 "$1""#, &[&child.id().to_string()])?;
        Ok(HeddleProcess { plan: self, child, guard, log })
    }

    /// Starts it and waits until `/readyz` answers 200.
    pub async fn start(self) -> Result<HeddleProcess> {
        let mut process = self.spawn()?;
        process.ready().await?;
        Ok(process)
    }
}

impl HeddleProcess {
    /// Waits until `/readyz` answers 200; an error with the log when the process ends before.
    pub async fn ready(&mut self) -> Result<()> {
        let client = self.client()?;
        let child = &mut self.child;
        let answer = until("/readyz to answer 200", READY_LIMIT, || {
            let ended = child.try_wait();
            let client = client.clone();
            async move {
                if let Ok(Some(status)) = ended {
                    return Some(Err(status));
                }
                let ready = client.get("/readyz").await.is_ok_and(|reply| reply.status.as_u16() == 200);
                ready.then_some(Ok(()))
            }
        })
        .await;
        match answer {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) => bail!("heddle ended ({status}) before it was ready:\n{}", self.log()),
            Err(error) => bail!("{error:#}\n{}", self.log()),
        }
    }

    /// A caller who is not signed in.
    pub fn client(&self) -> Result<Client> {
        Client::new(&self.base_url())
    }

    /// `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        self.plan.base_url()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends a signal by name (`TERM`, `STOP`, `CONT`).
    pub fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status()?;
        anyhow::ensure!(status.success(), "kill -{name} {} failed", self.pid());
        Ok(())
    }

    /// kill -9; answers how to start it again on the same port, data and database.
    pub fn kill(mut self) -> Result<Heddle> {
        self.child.kill()?;
        self.child.wait()?;
        self.guard.disarm();
        Ok(self.plan.clone())
    }

    /// SIGTERM, then waits for the process to end by itself within `limit`.
    pub async fn terminate(mut self, limit: Duration) -> Result<Heddle> {
        self.signal("TERM")?;
        let child = &mut self.child;
        let status = until("heddle to end after SIGTERM", limit, || {
            let ended = child.try_wait().ok().flatten();
            async move { ended }
        })
        .await?;
        self.guard.disarm();
        anyhow::ensure!(status.success(), "heddle ended with {status}:\n{}", self.log());
        Ok(self.plan.clone())
    }
}

impl Drop for HeddleProcess {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        // The id may belong to somebody else from now on.
        self.guard.disarm();
    }
}

/// The program that the last build made: HEDDLE_BIN, else the newer of target/debug/heddle and target/release/heddle.
fn find_binary() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("HEDDLE_BIN") {
        return Ok(PathBuf::from(named));
    }
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"));
    let built = ["debug", "release"].iter().map(|profile| target.join(profile).join("heddle"));
    built
        .filter_map(|path| Some((std::fs::metadata(&path).ok()?.modified().ok()?, path)))
        .max_by_key(|(time, _)| *time)
        .map(|(_, path)| path)
        .context("no `heddle` program: build it with `cargo build`, or name one in HEDDLE_BIN")
}
