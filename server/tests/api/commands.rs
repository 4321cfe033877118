//! `heddle apply`, `run`, `backup` and `restore`: the real program beside a real server.

use crate::support::{ADMIN, PASSWORD, World, fresh, make, on_both, one_job, one_step, unique};
use anyhow::{Context, Result};
use heddle_testkit::Heddle;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

on_both!(
    files_are_applied, mistakes_are_told_with_their_place, an_instance_is_run_to_its_end,
    nobody_gets_in_without_saying_who
);

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn write(dir: &tempfile::TempDir, name: &str, text: &str) -> Result<String> {
    let path = dir.path().join(name);
    std::fs::write(&path, text)?;
    Ok(path.display().to_string())
}

async fn files_are_applied(world: &World) -> Result<()> {
    let (dir, name) = (tempfile::tempdir()?, format!("流程 {}", unique("a/b")));
    let definition = one_step(&name);
    let file = write(&dir, "flow.json", &definition.to_string())?;
    let first = world.as_admin(&["apply", &file])?;
    assert!(first.status.success() && told(&first).contains(&format!("created {name} v1 wf_")), "{}", told(&first));
    let again = world.as_admin(&["apply", &file])?;
    assert!(again.status.success() && told(&again).contains(&format!("unchanged {name} v1")), "{}", told(&again));
    let changed = definition.to_string().replace("${input}", "changed");
    let other = write(&dir, "other.yaml", &format!("name: {}\nnodes: []\n", unique("empty")))?;
    let both = world.as_admin(&["apply", &write(&dir, "flow.json", &changed)?, &other])?;
    assert!(!both.status.success(), "one of two was refused");
    assert!(told(&both).contains(&format!("new_version {name} v2")), "the other was taken: {}", told(&both));
    assert!(told(&both).contains("1 of 2 files were refused"), "{}", told(&both));
    Ok(())
}

async fn mistakes_are_told_with_their_place(world: &World) -> Result<()> {
    let (dir, name) = (tempfile::tempdir()?, unique("mistakes"));
    let yaml = format!(
        "name: {name}\nnodes:\n  - {{ id: start, type: start }}\n  - {{ id: choose, type: decision }}\n  - {{ id: end, type: end }}\nedges:\n  - {{ from: start, to: choose }}\n  - {{ from: choose, to: end, condition: \"${{1 +}}\" }}\n  - {{ from: choose, to: nowhere }}\n"
    );
    let file = write(&dir, "wrong.yaml", &yaml)?;
    for arguments in [vec!["apply", &file], vec!["apply", "--check", &file]] {
        let refused = world.as_admin(&arguments)?;
        assert!(!refused.status.success());
        assert!(
            told(&refused).contains(&format!("{file}:8:")) && told(&refused).contains(&format!("{file}:9:")),
            "{}",
            told(&refused)
        );
    }
    let list = world.admin().get(&format!("/api/v1/workflows?q={name}")).await?.expect_status(200)?;
    assert_eq!(list["items"], json!([]), "nothing is stored");
    let unreadable = world.as_admin(&["apply", &write(&dir, "broken.yaml", "name: [\n")?])?;
    assert!(!unreadable.status.success() && told(&unreadable).contains("broken.yaml:"), "{}", told(&unreadable));
    let missing = world.as_admin(&["apply", "/no/such/file.yaml"])?;
    assert!(!missing.status.success() && told(&missing).contains("/no/such/file.yaml"), "{}", told(&missing));
    Ok(())
}

async fn an_instance_is_run_to_its_end(world: &World) -> Result<()> {
    let (admin, name) = (world.admin(), unique("run"));
    let mut definition = one_step(&name);
    definition["outputs"] = json!({"answer": "${nodes.say.output}"});
    definition["nodes"][1]["config"] = json!({"value": "${n * 2}"});
    definition["inputs"] = json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
    make(&admin, &definition).await?;
    let done = world.as_admin(&["run", &name, "--input", "{\"n\": 21}"])?;
    assert!(done.status.success(), "{}", told(&done));
    let output: Value = serde_json::from_slice(&done.stdout).with_context(|| told(&done))?;
    assert!(output.to_string().contains("42"), "{output}");
    let wrong = world.as_admin(&["run", &name, "--input", "{\"n\": \"x\"}"])?;
    assert!(!wrong.status.success() && told(&wrong).contains("schema"), "{}", told(&wrong));
    let broken = world.as_admin(&["run", &name, "--input", "[1]"])?;
    assert!(!broken.status.success() && told(&broken).contains("--input"), "{}", told(&broken));
    let waits = unique("waits");
    make(&admin, &one_job(&waits, &unique("nobodyDoesThis"))).await?;
    let left = world.as_admin(&["run", &waits, "--no-wait", "--business-key", "订单 7"])?;
    assert!(left.status.success(), "{}", told(&left));
    let id = String::from_utf8(left.stdout)?.trim().to_owned();
    let seen = admin.get(&format!("/api/v1/workflow-instances/{id}")).await?.expect_status(200)?;
    assert_eq!((seen["status"].as_str(), seen["business_key"].as_str()), (Some("RUNNING"), Some("订单 7")));
    let mut fails = one_step(&unique("fails"));
    fails["nodes"][1] =
        json!({"id": "say", "type": "error", "config": {"code": "NO_STOCK", "message": "nothing left"}});
    let id = make(&admin, &fails).await?["id"].as_str().context("an id")?.to_owned();
    let failed = world.as_admin(&["run", &id])?;
    assert!(!failed.status.success() && told(&failed).contains("NO_STOCK nothing left"), "{}", told(&failed));
    Ok(())
}

async fn nobody_gets_in_without_saying_who(world: &World) -> Result<()> {
    let nobody = world.program(&["run", "x"], &[])?;
    assert!(!nobody.status.success() && told(&nobody).contains("HEDDLE_TOKEN"), "{}", told(&nobody));
    let wrong = world.program(&["run", "x"], &[("HEDDLE_USER", ADMIN), ("HEDDLE_USER_PASSWORD", "not it")])?;
    assert!(!wrong.status.success() && told(&wrong).contains("Wrong user name or password"), "{}", told(&wrong));
    let token = world.program(&["run", "there is none"], &[("HEDDLE_TOKEN", world.token())])?;
    assert!(!token.status.success() && told(&token).contains("there is none"), "{}", told(&token));
    let plain = world.program(&["run", "x", "--url", "http://192.0.2.1"], &[("HEDDLE_TOKEN", "t")])?;
    assert!(!plain.status.success() && told(&plain).contains("plain text"), "{}", told(&plain));
    Ok(())
}

/// Runs the program to its end on the data of this plan.
fn heddle(plan: &Heddle, arguments: &[&str]) -> Result<Output> {
    Ok(plan.command(arguments).output()?)
}

#[tokio::test]
async fn a_copy_made_while_instances_run_is_put_back() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let plan = fresh(&dir)?.admin(ADMIN, PASSWORD);
    let process = plan.clone().start().await?;
    let client = process.client()?.sign_in(ADMIN, PASSWORD).await?;
    let name = unique("kept");
    make(&client, &one_job(&name, "nobodyDoesThis")).await?;
    // Somebody goes on writing all the while.
    let writer = tokio::spawn({
        let (client, name) = (client.clone(), name.clone());
        async move {
            let mut started = 0;
            while client.start(&name, json!({"n": started})).await.is_ok() {
                started += 1;
            }
            started
        }
    });
    let before = client.start(&name, json!({"n": "before"})).await?;
    let copy = dir.path().join("copies").join("one.db");
    let file = copy.display().to_string();
    let made = heddle(&plan, &["backup", &file])?;
    assert!(made.status.success() && told(&made).contains("secret.key"), "{}", told(&made));
    let twice = heddle(&plan, &["backup", &file])?;
    assert!(!twice.status.success() && told(&twice).contains("--force"), "{}", told(&twice));
    assert!(heddle(&plan, &["backup", &file, "--force"])?.status.success());
    let after = client.start(&name, json!({"n": "after"})).await?;
    let unforced = heddle(&plan, &["restore", &file])?;
    assert!(!unforced.status.success() && told(&unforced).contains("--force"), "{}", told(&unforced));
    let in_use = heddle(&plan, &["restore", &file, "--force"])?;
    assert!(!in_use.status.success() && told(&in_use).contains("stop the server"), "{}", told(&in_use));
    client.start(&name, json!({})).await.context("the server has not noticed")?;
    process.terminate(Duration::from_secs(20)).await?;
    assert!(writer.await? > 0);

    let restored = heddle(&plan, &["restore", &file, "--force"])?;
    assert!(restored.status.success() && told(&restored).contains(".replaced-"), "{}", told(&restored));
    let verified = heddle(&plan, &["verify"])?;
    assert!(verified.status.success() && told(&verified).contains("problems 0"), "{}", told(&verified));
    let process = plan.start().await?;
    let client = process.client()?.sign_in(ADMIN, PASSWORD).await?;
    let path = |instance: &Value| format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap());
    assert_eq!(client.get(&path(&before)).await?.expect_status(200)?["status"], "RUNNING");
    assert_eq!(client.get(&path(&after)).await?.status.as_u16(), 404, "started after the copy");
    let done = client.post(&format!("{}/tasks/%E5%B7%A5%E4%BD%9C/complete", path(&before)), &json!({})).await?;
    assert_eq!(done.expect_status(200)?["status"], "COMPLETED", "what was running goes on");
    Ok(())
}

#[tokio::test]
async fn a_restore_makes_a_database_and_takes_nothing_else_for_one() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let plan = fresh(&dir)?.admin(ADMIN, PASSWORD);
    plan.clone().start().await?.terminate(Duration::from_secs(20)).await?;
    let file = dir.path().join("copy.db").display().to_string();
    assert!(heddle(&plan, &["backup", &file])?.status.success());
    assert_eq!(mode(Path::new(&file))?, 0o600, "it holds everybody's data");

    let elsewhere = tempfile::tempdir()?;
    let other = fresh(&elsewhere)?;
    let rubbish = write(&elsewhere, "rubbish.db", &"rubbish".repeat(1_000))?;
    for wrong in [rubbish.as_str(), "/no/such/file.db"] {
        let refused = heddle(&other, &["restore", wrong])?;
        assert!(!refused.status.success() && told(&refused).contains(wrong), "{}", told(&refused));
    }
    let files: Vec<_> = std::fs::read_dir(elsewhere.path())?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    assert_eq!(files, ["rubbish.db"], "nothing is left behind");
    let restored = heddle(&other, &["restore", &file])?;
    assert!(restored.status.success(), "{}", told(&restored));
    std::fs::copy(dir.path().join("secret.key"), elsewhere.path().join("secret.key"))?;
    let process = other.start().await?;
    assert!(process.client()?.sign_in(ADMIN, PASSWORD).await.is_ok());
    Ok(())
}

fn mode(path: &Path) -> Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

#[test]
fn postgres_has_tools_of_its_own() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let plan = fresh(&dir)?.database_url("postgres://nobody@127.0.0.1:1/none");
    for command in ["backup", "restore"] {
        let refused = heddle(&plan, &[command, "copy.db"])?;
        assert!(!refused.status.success() && told(&refused).contains("pg_dump"), "{}", told(&refused));
    }
    Ok(())
}
