//! A temporary PostgreSQL server: a real one, with fsync on, in its own directory.
//!
//! One server serves all tests of a process (`Postgres::shared`), and each test makes its own database in it. A test that kills or
//! restarts the server starts one of its own.

use crate::{free_port, guard::Guard, until_blocking};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const ROLE: &str = "heddle";
const START_LIMIT: Duration = Duration::from_secs(60);
const OLDEST: u32 = 15;
const MISSING: &str = "no PostgreSQL server 15 or newer found in /usr/lib/postgresql/*/bin, /usr/local/pgsql/bin or on PATH. \
    Install it, e.g. `apt-get install --no-install-recommends postgresql` (Debian, Ubuntu) or `dnf install postgresql-server` \
    (Fedora); `cargo xtask setup` does it on Debian and Ubuntu. HEDDLE_PG_BIN names another directory of its programs.";

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    settings: Vec<String>,
    databases: AtomicU32,
    _guard: Guard,
}

/// A database of a server, made from scratch.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// `postgres://…` over TCP on 127.0.0.1.
    pub url: String,
    /// `postgres://…` over the server's Unix socket.
    pub socket_url: String,
}

impl Postgres {
    /// The server that all tests of this process share. Nobody may stop it.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Postgres, String>> = OnceLock::new();
        let server = SHARED.get_or_init(|| Self::start().map_err(|error| format!("{error:#}")));
        server.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// A server of one's own, with PostgreSQL's default settings but for room for connections.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// A server of one's own with more settings (`name=value`).
    pub fn start_with(settings: &[&str]) -> Result<Self> {
        let bin = find_programs()?;
        let dir = PathBuf::from(text(&run(&bin, "mktemp", &["-d", "/tmp/heddle-pg-XXXXXX"])?));
        let data = dir.join("data");
        let data_text = data.display().to_string();
        let guard = Guard::arm(
            r#"if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$1/pg_ctl" stop -D "$2/data" -m immediate; else "$1/pg_ctl" stop -D "$2/data" -m immediate; fi; rm -rf "$2""#,
            &[&bin.display().to_string(), &dir.display().to_string()],
        )?;
        run(&bin, "initdb", &["-D", &data_text, "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])?;
        let mut server = Self {
            bin,
            dir,
            port: 0,
            settings: settings.iter().map(|&setting| setting.to_owned()).collect(),
            databases: AtomicU32::new(0),
            _guard: guard,
        };
        // Another process may have taken the port between asking and using it: ask for another one then.
        for _ in 0..5 {
            server.port = free_port()?;
            if server.launch().is_ok() {
                return Ok(server);
            }
        }
        bail!("PostgreSQL did not start:\n{}", server.log());
    }

    /// Makes an empty database with a name of its own.
    pub fn database(&self) -> Result<Database> {
        let name = format!("test_{}_{}", std::process::id(), self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(Database { url: self.url(&name), socket_url: self.socket_url(&name), name })
    }

    /// `postgres://…` of a database over TCP.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/{database}", self.port)
    }

    /// `postgres://…` of a database over the Unix socket.
    pub fn socket_url(&self, database: &str) -> String {
        format!("postgres://{ROLE}@localhost:{}/{database}?host={}", self.port, self.dir.display())
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL with `psql` and answers what it printed, unaligned and without headers.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let port = self.port.to_string();
        let host = self.dir.display().to_string();
        let arguments = [
            "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", &host, "-p", &port, "-U", ROLE, "-d", database,
            "-c", sql,
        ];
        Ok(text(&run(&self.bin, "psql", &arguments)?))
    }

    /// Cuts every connection of a database, as a network would.
    pub fn cut_connections(&self, database: &str) -> Result<()> {
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' AND pid <> pg_backend_pid()"
        );
        self.sql("postgres", &sql).map(drop)
    }

    /// Stops the server without a checkpoint, as if it had crashed; recovery runs at the next `launch`.
    pub fn stop_immediately(&self) -> Result<()> {
        self.control(&["stop", "-m", "immediate", "-w"]).map(drop)
    }

    /// `kill -9` of the postmaster; its children notice and end by themselves.
    pub fn kill(&self) -> Result<()> {
        let pid_file = self.dir.join("data/postmaster.pid");
        let pid_text = std::fs::read_to_string(&pid_file).context("the server is not running")?;
        let pid = pid_text.lines().next().unwrap_or_default();
        run(&self.bin, "kill", &["-9", pid])?;
        let socket = self.dir.join(format!(".s.PGSQL.{}", self.port));
        // The postmaster cannot tidy up after kill -9: its backends leave shared memory before a new one may start.
        until_blocking("the killed server's children to end", START_LIMIT, || {
            let alive = Path::new("/proc").join(pid).join("status").exists();
            Ok((!alive).then_some(()))
        })?;
        let _ = std::fs::remove_file(socket);
        Ok(())
    }

    /// Starts the server again after `stop_immediately` or `kill`, on the same port and files.
    pub fn launch(&self) -> Result<()> {
        let mut options =
            format!("-p {} -k {} -c listen_addresses=127.0.0.1 -c max_connections=200", self.port, self.dir.display());
        for setting in &self.settings {
            options.push_str(&format!(" -c {setting}"));
        }
        let log = self.dir.join("log").display().to_string();
        let limit = START_LIMIT.as_secs().to_string();
        // The children of a killed postmaster may hold the shared memory for a moment longer: pg_ctl then refuses, and is asked again.
        until_blocking("PostgreSQL to start", START_LIMIT, || {
            match self.control(&["start", "-w", "-t", &limit, "-l", &log, "-o", &options]) {
                Ok(_) => Ok(Some(())),
                Err(_) if self.log().contains("pre-existing shared memory") => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// The directory of PostgreSQL's programs (`pgbench`, `pg_dump`, …).
    pub fn programs(&self) -> &Path {
        &self.bin
    }

    fn control(&self, arguments: &[&str]) -> Result<Output> {
        let data = self.dir.join("data").display().to_string();
        let mut all = vec!["-s", "-D", &data];
        all.extend_from_slice(arguments);
        run(&self.bin, "pg_ctl", &all)
    }
}

/// Runs a program: one of PostgreSQL's by name, or one on PATH; as user `postgres` where this process is root, whom PostgreSQL refuses.
fn run(bin: &Path, program: &str, arguments: &[&str]) -> Result<Output> {
    let own = bin.join(program);
    let program = if own.exists() { own } else { PathBuf::from(program) };
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(&program);
        command
    } else {
        Command::new(&program)
    };
    // pg_ctl leaves a server behind that would hold a captured pipe open for ever: its output goes to a file instead.
    let output_file = tempfile::tempfile()?;
    let error_file = tempfile::tempfile()?;
    let status = command
        .args(arguments)
        .current_dir("/tmp")
        .stdin(std::process::Stdio::null())
        .stdout(output_file.try_clone()?)
        .stderr(error_file.try_clone()?)
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let output = Output { status, stdout: read_back(output_file)?, stderr: read_back(error_file)? };
    if !status.success() {
        bail!("{} failed ({status}): {}{}", program.display(), text(&output), String::from_utf8_lossy(&output.stderr));
    }
    Ok(output)
}

fn read_back(mut file: std::fs::File) -> Result<Vec<u8>> {
    use std::io::{Read, Seek};
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The newest PostgreSQL that is good enough.
fn find_programs() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("HEDDLE_PG_BIN") {
        return Ok(PathBuf::from(named));
    }
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for version in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        if let Some(number) = version.file_name().to_str().and_then(|name| name.parse().ok()) {
            found.push((number, version.path().join("bin")));
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others =
        std::env::split_paths(&path).chain([PathBuf::from("/usr/local/pgsql/bin"), PathBuf::from("/usr/pgsql/bin")]);
    found.extend(others.filter_map(|dir| Some((version_of(&dir)?, dir))));
    found.retain(|(version, dir)| *version >= OLDEST && dir.join("initdb").exists() && dir.join("pg_ctl").exists());
    found.sort_by_key(|(version, _)| *version);
    found.pop().map(|(_, dir)| dir).context(MISSING)
}

fn version_of(dir: &Path) -> Option<u32> {
    let postgres = dir.join("postgres");
    if !postgres.exists() {
        return None;
    }
    let output = Command::new(postgres).arg("--version").output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    line.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok())
}
