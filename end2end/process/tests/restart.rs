//! What outlives a restart, and what a start prints only once.

use std::time::Duration;

use anyhow::Result;
use heddle_process_tests::account::{Running, running};
use heddle_testkit::{Heddle, TempSqlite};

#[tokio::test]
async fn a_token_outlives_a_clean_stop_and_a_kill() -> Result<()> {
    let Running { server, client, files: _files } = running().await?;
    let server = server.terminate(Duration::from_secs(15)).await?.start().await?;
    assert_eq!(client.get("/api/v1/workflows").await?.status, 200, "after SIGTERM");
    let _server = server.kill()?.start().await?;
    assert_eq!(client.get("/api/v1/workflows").await?.status, 200, "after kill -9");
    Ok(())
}

#[tokio::test]
async fn the_set_up_link_is_printed_until_an_administrator_exists() -> Result<()> {
    let files = TempSqlite::new()?;
    let server = Heddle::new(files.dir())?.start().await?;
    assert!(server.log().contains("/setup?"), "{}", server.log());
    let again = server.kill()?.admin("first", "a password for process tests only").start().await?;
    assert!(!again.log().contains("/setup?"), "an administrator exists: {}", again.log());
    assert_eq!(again.client()?.get("/setup").await?.status, 404);
    Ok(())
}
