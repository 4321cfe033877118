//! A definition with several mistakes: all are named with line and column, and nothing is stored.

use anyhow::{Context, Result};
use heddle_process_tests::account::{Running, running};

/// Line 7: an id for the second time. Line 10: an expression that does not parse. Line 12: an edge to nowhere.
const THREE_MISTAKES: &str = "\
apiVersion: heddle/v1
name: mistaken
nodes:
  - { id: start, type: start }
  - { id: check, type: decision }
  - { id: done, type: end }
  - { id: done, type: end }
edges:
  - { from: start, to: check }
  - { from: check, to: done, condition: \"${amount >}\" }
  - { from: check, to: done, default: true }
  - { from: check, to: nowhere }
";

#[tokio::test]
async fn every_mistake_has_its_place_and_nothing_is_stored() -> Result<()> {
    let Running { client, server: _server, files: _files } = running().await?;
    let refused = client.post_yaml("/api/v1/workflows", THREE_MISTAKES).await?;
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let problem = refused.expect_status(422)?;
    assert_eq!(problem["code"], "INVALID_DEFINITION");
    let errors = problem["errors"].as_array().context("no errors")?;
    let lines: Vec<u64> =
        errors.iter().filter(|e| e["severity"] == "error").filter_map(|e| e["line"].as_u64()).collect();
    for line in [7, 10, 12] {
        assert!(lines.contains(&line), "no error on line {line}: {errors:#?}");
    }
    assert!(errors.iter().all(|e| e["column"].as_u64().is_some_and(|c| c > 0)), "{errors:#?}");
    assert_eq!(client.get("/api/v1/workflows").await?.expect_status(200)?["items"], serde_json::json!([]));
    Ok(())
}

#[tokio::test]
async fn messages_are_chinese_for_who_asks_in_chinese() -> Result<()> {
    let Running { client, server: _server, files: _files } = running().await?;
    let request = client.request(reqwest::Method::POST, "/api/v1/workflows/validate");
    let request = request.header("accept-language", "zh-CN,zh;q=0.9").header("content-type", "application/yaml");
    let answer = client.send(request.body(THREE_MISTAKES)).await?.expect_status(200)?;
    assert_eq!(answer["valid"], false);
    let first = answer["diagnostics"][0]["message"].as_str().context("no message")?;
    assert!(first.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{first}");
    Ok(())
}

/// Every whole definition in the guides and the language's pages, as a reader would copy it.
#[tokio::test]
async fn the_definitions_in_the_docs_are_valid() -> Result<()> {
    let Running { client, server: _server, files: _files } = running().await?;
    // Asked while it runs: checkouts may share a target directory, and so this test.
    let docs = std::path::PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../docs");
    let mut seen = 0;
    for page in ["guides/write-a-workflow.md", "language/README.md"] {
        let text = std::fs::read_to_string(docs.join(page))?;
        let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        // What leaves something out (`…`) shows a form and is no definition.
        for block in blocks.filter(|b| (b.starts_with("name:") || b.starts_with("apiVersion:")) && !b.contains('…')) {
            let answer = client.post_yaml("/api/v1/workflows/validate", block).await?.expect_status(200)?;
            assert_eq!(answer["valid"], true, "{page}: {block}\n{answer:#}");
            seen += 1;
        }
    }
    assert!(seen >= 2, "only {seen} definitions were found");
    Ok(())
}
