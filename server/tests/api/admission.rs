//! Under a flood: what is refused says when to come again, what is accepted ends.

use crate::support::{ADMIN, PASSWORD, fresh, make, one_step, unique};
use anyhow::Result;
use futures::StreamExt;
use heddle_testkit::until;
use serde_json::json;
use std::time::Duration;

/// Starts at once; many times what the server of this test lets in.
const STARTS: usize = 600;

#[tokio::test]
async fn g12_a_flood_is_refused_with_a_time_and_what_was_accepted_ends() -> Result<()> {
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("heddle.toml"), "[admission]\nrequests = 2\n")?;
    let process = fresh(&dir)?.admin(ADMIN, PASSWORD).start().await?;
    let form = [("grant_type", "password"), ("username", ADMIN), ("password", PASSWORD)];
    let stranger = process.client()?;
    let signed_in = stranger.request(reqwest::Method::POST, "/api/v1/auth/token").form(&form);
    let signed_in = stranger.send(signed_in).await?.expect_status(200)?;
    let client = stranger.with_token(signed_in["access_token"].as_str().unwrap());
    let name = unique("flood");
    make(&client, &one_step(&name)).await?;

    let (name, client) = (&name, &client);
    let starts = futures::stream::iter(0..STARTS).map(|n| async move {
        let start = client.request(reqwest::Method::POST, "/api/v1/workflow-instances");
        client.send(start.json(&json!({"workflow": name, "input": {"n": n}}))).await
    });
    let answers: Vec<_> = starts.buffer_unordered(STARTS).collect().await;
    let (mut accepted, mut refused) = (Vec::new(), 0);
    for answer in answers {
        let answer = answer?;
        match answer.status.as_u16() {
            202 => accepted.push(answer.json()["id"].as_str().unwrap().to_owned()),
            status => {
                assert!(status == 429 || status == 503, "{status}");
                let seconds: u64 = answer.header("retry-after").expect("a time to come again").parse()?;
                assert!((1..=30).contains(&seconds), "{seconds}");
                assert_eq!(answer.json()["retry_after"], seconds);
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && !accepted.is_empty(), "{refused} refused, {} accepted", accepted.len());
    for id in &accepted {
        let path = format!("/api/v1/workflow-instances/{id}");
        until("an accepted start to end", Duration::from_secs(30), || async {
            let instance = client.get(&path).await.ok()?.expect_status(200).ok()?;
            (instance["status"] == "COMPLETED").then_some(())
        })
        .await?;
    }
    let listed =
        client.get(&format!("/api/v1/workflow-instances?workflow={name}&limit=200")).await?.expect_status(200)?;
    let there = listed["items"].as_array().unwrap().len();
    assert!(there == accepted.len() || there == 200, "{there} are there, {} were accepted", accepted.len());

    // A batch never fails for its own size: its starts come in as those before them are on disk.
    let batch = json!({"items": (0..20).map(|n| json!({"workflow": name, "input": {"n": n}})).collect::<Vec<_>>()});
    let batch = client.post("/api/v1/workflow-instances/batch", &batch).await?.expect_status(202)?;
    assert!(batch["items"].as_array().unwrap().iter().all(|item| item["id"].is_string()), "{batch}");
    Ok(())
}
