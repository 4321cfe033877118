//! kill -9 in the middle of 200 running instances: after the restart all complete, and nothing acknowledged is lost or doubled.
//! On the server's own binary, on both databases; each round goes on with the data of the last.

use anyhow::Result;
use heddle_process_tests::{account, round, rounds};
use heddle_testkit::{Heddle, Postgres, TempSqlite};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_a_kill_loses_and_doubles_nothing_on_sqlite() -> Result<()> {
    let files = TempSqlite::new()?;
    survive(account::plan(files.dir())?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_a_kill_loses_and_doubles_nothing_on_postgres() -> Result<()> {
    // A server of its own: an fsync of this test must be a real one, and nobody else's.
    let postgres = Postgres::start()?;
    let files = TempSqlite::new()?;
    survive(account::plan(files.dir())?.database_url(&postgres.database()?.url)).await
}

async fn survive(plan: Heddle) -> Result<()> {
    let mut server = plan.env("HEDDLE_LOG", "warn").start().await?;
    round::store_workflow(&server).await?;
    for number in 0..rounds() {
        server = round::run(server, number).await?;
    }
    Ok(())
}
