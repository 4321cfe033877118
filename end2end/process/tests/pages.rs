//! The binary serves its pages from any working directory (the testkit starts it in its data directory): every file that a page
//! names is there, may be cached for ever, and the page forbids what it does not need.

use anyhow::{Context, Result};
use heddle_process_tests::account::{Running, running};

#[tokio::test]
async fn a_page_brings_everything_it_names() -> Result<()> {
    let Running { server, .. } = running().await?;
    let stranger = server.client()?;
    let page = stranger.get("/signin").await?;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").context("no content security policy")?;
    let scripts =
        policy.split(';').find(|part| part.trim_start().starts_with("script-src")).context("no script-src")?;
    assert!(
        scripts.contains("nonce-") && !scripts.contains("unsafe-inline") && !scripts.contains("'unsafe-eval'"),
        "{scripts}"
    );
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let named: Vec<&str> = page.text.split('"').filter(|word| word.starts_with("/pkg/")).collect();
    let kinds = [".js", ".wasm", ".css"];
    for kind in kinds {
        assert!(
            named.iter().any(|name| name.ends_with(kind)),
            "the page names no {kind}: build with `cargo xtask build`"
        );
    }
    for name in named {
        let name = name.split(['#', '\\']).next().unwrap_or(name);
        let file = stranger.get(name).await?;
        assert_eq!(file.status, 200, "{name}");
        let cache = file.header("cache-control").unwrap_or_default();
        assert!(cache.contains("immutable"), "{name} may be kept for ever, but says {cache:?}");
    }
    Ok(())
}
