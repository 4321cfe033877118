//! A server with an administrator, and what tests do before they begin.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use heddle_testkit::{Client, Heddle, HeddleProcess, TempSqlite};

/// The administrator of the test's servers.
pub const USER: &str = "keeper";
/// Its password.
pub const PASSWORD: &str = "a password for process tests only";

/// A running server on a new SQLite file. The file is gone when this is dropped.
pub struct Running {
    /// The process.
    pub server: HeddleProcess,
    /// The administrator's client.
    pub client: Client,
    /// Where its data is.
    pub files: TempSqlite,
}

/// How a server with an administrator is started, with its data in this directory.
pub fn plan(dir: &Path) -> Result<Heddle> {
    Ok(Heddle::new(dir)?.admin(USER, PASSWORD))
}

/// Starts one and signs in.
pub async fn running() -> Result<Running> {
    let files = TempSqlite::new()?;
    let server = plan(files.dir())?.start().await?;
    let client = server.client()?.sign_in(USER, PASSWORD).await?;
    Ok(Running { server, client, files })
}

/// Runs `heddle ARGS` to its end beside the server.
pub fn heddle(dir: &Path, database: &str, args: &[&str]) -> Result<String> {
    let mut command = Heddle::new(dir)?.database_url(database).command(args);
    let output = command.env("HEDDLE_USER_PASSWORD", PASSWORD).output().context("starting heddle")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "heddle {args:?}: {}{}", text, String::from_utf8_lossy(&output.stderr));
    Ok(text)
}
