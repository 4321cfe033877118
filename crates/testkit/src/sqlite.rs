//! SQLite files for tests.

use anyhow::Result;
use std::path::Path;
use tempfile::TempDir;

/// The URL of a database file `heddle.db` in `dir`; created when it is opened.
pub fn sqlite_url(dir: &Path) -> String {
    format!("sqlite://{}?mode=rwc", dir.join("heddle.db").display())
}

/// A database file in its own directory, both gone when this is dropped.
#[derive(Debug)]
pub struct TempSqlite {
    dir: TempDir,
}

impl TempSqlite {
    /// A new, empty place.
    pub fn new() -> Result<Self> {
        Ok(Self { dir: tempfile::Builder::new().prefix("heddle-sqlite-").tempdir()? })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        sqlite_url(self.dir.path())
    }

    /// The directory of the file.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}
