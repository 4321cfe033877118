//! G1 and G2 with a database that dies or hangs up under the server: kill -9 of PostgreSQL and cut connections, under 200 instances. The server is not
//! restarted: it goes on by itself, and nothing acknowledged is lost or doubled.

use anyhow::{Result, ensure};
use heddle_process_tests::{account, fault, round, rounds};
use heddle_testkit::{HeddleProcess, Postgres, TempSqlite, until};
use std::time::Duration;
use tokio::task::block_in_place;

/// How often all connections are cut in one round.
const CUTS: usize = 10;

async fn serve(files: &TempSqlite, url: &str) -> Result<HeddleProcess> {
    let server = account::plan(files.dir())?.database_url(url).env("HEDDLE_LOG", "warn").start().await?;
    round::store_workflow(&server).await?;
    Ok(server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_a_killed_postgres_loses_and_doubles_nothing() -> Result<()> {
    let postgres = Postgres::start()?;
    let files = TempSqlite::new()?;
    let server = serve(&files, &postgres.database()?.url).await?;
    for number in 0..rounds() {
        fault::survive(&server, number, async || {
            let so_far = server.log().len();
            block_in_place(|| postgres.kill())?;
            fault::noticed(&server, so_far).await?;
            block_in_place(|| postgres.launch())
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g2_cut_connections_lose_and_double_nothing() -> Result<()> {
    let postgres = Postgres::start()?;
    let database = postgres.database()?;
    let files = TempSqlite::new()?;
    let server = serve(&files, &database.url).await?;
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}' AND backend_type = 'client backend'",
        database.name
    );
    for number in 0..rounds().div_ceil(2) {
        fault::survive(&server, number, async || {
            for _ in 0..CUTS {
                // Each cut finds connections that were made since the last one.
                let found = until("connections to cut", Duration::from_secs(30), || async {
                    let found = block_in_place(|| postgres.sql("postgres", &cut)).ok()?;
                    found.parse().ok().filter(|&found: &usize| found > 0)
                });
                found.await?;
            }
            Ok(())
        })
        .await?;
    }
    ensure!(
        server.log().contains("the commit will be tried again")
            || server.log().contains("outcome of a commit is unknown"),
        "no cut hit a commit"
    );
    Ok(())
}
