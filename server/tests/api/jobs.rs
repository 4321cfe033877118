//! `/api/v1/jobs`.

use crate::support::{EXAMPLE, World, make, node_status, on_both, one_job, unique};
use anyhow::Result;
use serde_json::{Value, json};

on_both!(
    the_example_offers_the_job_of_its_branch, g4_stale_tokens_change_nothing, failing_jobs_are_tried_again,
    activation_is_bounded
);

async fn the_example_offers_the_job_of_its_branch(world: &World) -> Result<()> {
    let admin = world.admin();
    for (value, done, action, other) in [(12, "任务A", "doTaskA", "任务B"), (5, "任务B", "doTaskB", "任务A")] {
        let (name, action) = (unique("示例"), format!("{action}-{}", unique("t")));
        let text = EXAMPLE
            .replace("示例流程", &name)
            .replace("doTaskA", &if value > 10 { action.clone() } else { "otherA".into() });
        let text = text.replace("doTaskB", &if value > 10 { "otherB".into() } else { action.clone() });
        admin.post_yaml("/api/v1/workflows", &text).await?.expect_status(201)?;
        let instance = admin.start(&name, json!({"variable": value})).await?;
        assert_eq!(instance["status"], "RUNNING");
        let body = json!({"types": [action], "worker": "w", "max_jobs": 10, "wait_ms": 5_000});
        let taken = admin.post("/api/v1/jobs/activate", &body).await?.expect_status(200)?;
        assert_eq!(taken["jobs"].as_array().unwrap().len(), 1, "{taken}");
        let job = &taken["jobs"][0];
        assert_eq!(
            (&job["instance_id"], job["node_id"].as_str(), job["attempt"].as_u64()),
            (&instance["id"], Some(done), Some(1))
        );
        let path = format!("/api/v1/jobs/{}/complete", job["id"].as_str().unwrap());
        admin.post(&path, &json!({"token": job["token"], "output": {"好": true}})).await?.expect_status(204)?;
        let ended = admin
            .get(&format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap()))
            .await?
            .expect_status(200)?;
        assert_eq!(ended["status"], "COMPLETED", "{ended:#}");
        assert_eq!((node_status(&ended, done).as_str(), node_status(&ended, other).as_str()), ("COMPLETED", "SKIPPED"));
        let node = ended["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == done).unwrap();
        assert_eq!(node["output"], json!({"好": true}));
    }
    Ok(())
}

async fn start_one(world: &World, retry: Value) -> Result<(Value, Value, String)> {
    let admin = world.admin();
    let (name, action) = (unique("job"), unique("action"));
    let mut definition = one_job(&name, &action);
    if !retry.is_null() {
        definition["nodes"][1]["retry"] = retry;
    }
    make(&admin, &definition).await?;
    let instance = admin.start(&name, json!({})).await?;
    let body = json!({"types": [action], "worker": "w", "wait_ms": 5_000});
    let taken = admin.post("/api/v1/jobs/activate", &body).await?.expect_status(200)?;
    Ok((instance, taken["jobs"][0].clone(), action))
}

async fn g4_stale_tokens_change_nothing(world: &World) -> Result<()> {
    let admin = world.admin();
    let (instance, job, _) = start_one(world, Value::Null).await?;
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    for token in ["0000000000000001", "nonsense", ""] {
        for (verb, body) in [
            ("complete", json!({"token": token, "output": 1})),
            ("fail", json!({"token": token})),
            ("heartbeat", json!({"token": token})),
        ] {
            assert_eq!(
                admin.post(&format!("{path}/{verb}"), &body).await?.expect_status(409)?["code"],
                "STALE_TOKEN",
                "{verb}"
            );
        }
    }
    let kept = admin
        .post(&format!("{path}/heartbeat"), &json!({"token": job["token"], "lease_ms": 60_000}))
        .await?
        .expect_status(200)?;
    assert!(kept["lease_until"].as_str() > job["lease_until"].as_str());
    admin.post(&format!("{path}/complete"), &json!({"token": job["token"], "output": 1})).await?.expect_status(204)?;
    admin.post(&format!("{path}/complete"), &json!({"token": job["token"], "output": 2})).await?.expect_status(409)?;
    let ended = admin
        .get(&format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap()))
        .await?
        .expect_status(200)?;
    assert_eq!(ended["status"], "COMPLETED");
    admin.post("/api/v1/jobs/job_00000000000000000000000000/complete", &json!({"token": "1"})).await?;
    admin.post("/api/v1/jobs/nonsense/complete", &json!({"token": "1"})).await?.expect_status(404)?;
    Ok(())
}

async fn failing_jobs_are_tried_again(world: &World) -> Result<()> {
    let admin = world.admin();
    let (instance, job, action) = start_one(world, json!({"max_attempts": 2, "base_delay": "1ms"})).await?;
    let body = json!({"token": job["token"], "code": "TRY", "message": "不行", "retryable": true});
    admin.post(&format!("/api/v1/jobs/{}/fail", job["id"].as_str().unwrap()), &body).await?.expect_status(204)?;
    let again = admin
        .post("/api/v1/jobs/activate", &json!({"types": [action], "worker": "w", "wait_ms": 10_000}))
        .await?
        .expect_status(200)?;
    let second = &again["jobs"][0];
    assert_eq!((second["attempt"].as_u64(), &second["key"]), (Some(2), &job["key"]), "{again}");
    assert_ne!(second["token"], job["token"]);
    let body = json!({"token": second["token"], "code": "NO", "class": "business", "retryable": false});
    admin.post(&format!("/api/v1/jobs/{}/fail", second["id"].as_str().unwrap()), &body).await?.expect_status(204)?;
    let failed = admin
        .get(&format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap()))
        .await?
        .expect_status(200)?;
    assert_eq!(
        (failed["status"].as_str(), failed["error"]["code"].as_str()),
        (Some("FAILED"), Some("NO")),
        "{failed:#}"
    );
    Ok(())
}

async fn activation_is_bounded(world: &World) -> Result<()> {
    let admin = world.admin();
    for wrong in [
        json!({"types": [], "worker": "w"}),
        json!({"types": ["x"], "worker": "w", "max_jobs": 0}),
        json!({"types": ["x"], "worker": "w", "max_jobs": 501}),
        json!({"types": ["x"], "worker": "w", "lease_ms": 1}),
        json!({"types": ["x"], "worker": "w", "unknown": 1}),
    ] {
        admin.post("/api/v1/jobs/activate", &wrong).await?.expect_status(422)?;
    }
    let none = admin
        .post("/api/v1/jobs/activate", &json!({"types": [unique("nothing")], "worker": "w", "wait_ms": 50}))
        .await?
        .expect_status(200)?;
    assert_eq!(none["jobs"], json!([]));
    Ok(())
}
