//! A database of one test's own, into which it may reach by hand: on SQLite only while no server runs on it.

use std::path::Path;

use anyhow::Result;
use heddle_testkit::{Database, Heddle, Postgres, TempSqlite};

use crate::account;

/// Where the data of a test's server is.
pub struct Place {
    files: TempSqlite,
    postgres: Option<(Postgres, Database)>,
}

impl Place {
    /// A new SQLite file.
    pub fn sqlite() -> Result<Self> {
        Ok(Self { files: TempSqlite::new()?, postgres: None })
    }

    /// A new database on a PostgreSQL server of its own.
    pub fn postgres() -> Result<Self> {
        let server = Postgres::start()?;
        let database = server.database()?;
        Ok(Self { files: TempSqlite::new()?, postgres: Some((server, database)) })
    }

    /// How a server is started here.
    pub fn plan(&self) -> Result<Heddle> {
        let plan = account::plan(self.dir())?.env("HEDDLE_LOG", "warn");
        Ok(match &self.postgres {
            Some((_, database)) => plan.database_url(&database.url),
            None => plan,
        })
    }

    /// The folder of the server's own files.
    pub fn dir(&self) -> &Path {
        self.files.dir()
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    /// Runs SQL; gives the first column of the first row as text, and empty text where there is none.
    pub fn sql(&self, sql: &str) -> Result<String> {
        if let Some((server, database)) = &self.postgres {
            return tokio::task::block_in_place(|| server.sql(&database.name, sql));
        }
        let connection = rusqlite::Connection::open(self.dir().join("heddle.db"))?;
        let mut statement = connection.prepare(sql)?;
        if statement.column_count() == 0 {
            statement.execute([])?;
            return Ok(String::new());
        }
        let mut rows = statement.query([])?;
        let Some(row) = rows.next()? else { return Ok(String::new()) };
        Ok(match row.get(0)? {
            rusqlite::types::Value::Null => String::new(),
            rusqlite::types::Value::Integer(value) => value.to_string(),
            rusqlite::types::Value::Real(value) => value.to_string(),
            rusqlite::types::Value::Text(value) => value,
            rusqlite::types::Value::Blob(value) => value.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}
