//! `/api/v1/human-tasks`, `/{id}`, `/{id}/claim`, `/release`, `/assign`, `/draft`, `/complete`.

use crate::support::{ADMIN, PASSWORD, World, fresh, make, node_status, on_both, unique};
use anyhow::Result;
use heddle_testkit::Client;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    they_are_listed_for_those_whom_they_concern,
    of_two_who_claim_at_once_one_has_it,
    a_form_is_filled_in_and_proven,
    who_may_not_is_refused,
    they_are_given_back_and_passed_on,
    what_is_overdue_is_escalated,
    they_end_with_their_nodes,
    a_paused_one_is_in_no_list,
    they_are_listed_page_by_page_and_by_their_due,
    another_workspace_knows_none,
);

/// Somebody who works here.
struct Somebody {
    client: Client,
    name: String,
}

/// A workspace of its own: who runs it, and two who work there.
struct Office {
    workspace: String,
    owner: Client,
    ann: Somebody,
    bob: Somebody,
}

async fn somebody(world: &World, workspace: &str, role: &str) -> Result<Somebody> {
    let client = world.somebody(workspace, role).await?;
    let name = client.get("/api/v1/me").await?.expect_status(200)?["username"].as_str().unwrap().to_owned();
    Ok(Somebody { client, name })
}

async fn office(world: &World) -> Result<Office> {
    let workspace = unique("office");
    world.command(&["admin", "workspace", "add", &workspace])?;
    let owner = world.somebody(&workspace, "owner").await?;
    let ann = somebody(world, &workspace, "task-worker").await?;
    let bob = somebody(world, &workspace, "task-worker").await?;
    Ok(Office { workspace, owner, ann, bob })
}

/// One task with these settings between start and end.
async fn workflow(client: &Client, config: Value) -> Result<String> {
    let name = unique("审批");
    let definition = json!({
        "name": name,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "审批", "type": "human", "config": config, "output": {"answer": "${output}"}},
            {"id": "end", "type": "end"}
        ],
        "edges": [{"from": "start", "to": "审批"}, {"from": "审批", "to": "end"}]
    });
    make(client, &definition).await?;
    Ok(name)
}

/// Starts it; the instance's address, and the task's.
async fn ask(client: &Client, name: &str, input: Value) -> Result<(String, String)> {
    let instance = client.start(name, input).await?;
    let id = instance["id"].as_str().unwrap();
    let found = client.get(&format!("/api/v1/human-tasks?instance={id}")).await?.expect_status(200)?;
    let task = found["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{instance:#} {found:#}"));
    Ok((format!("/api/v1/workflow-instances/{id}"), format!("/api/v1/human-tasks/{task}")))
}

async fn asked(office: &Office, config: Value) -> Result<(String, String)> {
    let name = workflow(&office.owner, config).await?;
    ask(&office.owner, &name, json!({})).await
}

async fn listed(client: &Client, query: &str) -> Result<Vec<String>> {
    let page = client.get(&format!("/api/v1/human-tasks?{query}")).await?.expect_status(200)?;
    Ok(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect())
}

fn id(address: &str) -> String {
    address.rsplit('/').next().unwrap().to_owned()
}

async fn act(client: &Client, address: &str, step: &str, body: Value) -> Result<heddle_testkit::Reply> {
    client.post(&format!("{address}/{step}"), &body).await
}

async fn they_are_listed_for_those_whom_they_concern(world: &World) -> Result<()> {
    let office = office(world).await?;
    let (ann, bob) = (&office.ann, &office.bob);
    let (_, anns) = asked(&office, json!({"title": "给 ${1 + 1}", "candidates": {"users": [ann.name]}})).await?;
    let (_, all) = asked(&office, json!({"candidates": {"roles": ["task-worker"]}})).await?;
    let (_, anybodys) = asked(&office, json!({})).await?;
    let (_, bobs) = asked(&office, json!({"assignee": bob.name})).await?;
    let (_, chiefs) = asked(&office, json!({"candidates": {"roles": ["owner"], "groups": ["task-worker"]}})).await?;
    let of = |addresses: &[&String]| addresses.iter().map(|address| id(address)).collect::<Vec<_>>();
    // Those asked last first.
    assert_eq!(listed(&office.owner, "").await?, of(&[&chiefs, &bobs, &anybodys, &all, &anns]));
    assert_eq!(listed(&ann.client, "").await?, of(&[&anybodys, &all, &anns]));
    assert_eq!(listed(&bob.client, "").await?, of(&[&bobs, &anybodys, &all]));
    assert_eq!(listed(&bob.client, "mine=true").await?, of(&[&bobs]));
    assert_eq!(listed(&bob.client, "claimable=true").await?, of(&[&anybodys, &all]));
    assert_eq!(listed(&office.owner, "claimable=true").await?, of(&[&chiefs, &anybodys]));
    assert_eq!(listed(&office.owner, "status=claimed").await?, of(&[&bobs]));
    assert_eq!(listed(&office.owner, "status=open&mine=true").await?, of(&[]));
    assert_eq!(listed(&bob.client, "status=open").await?, of(&[&anybodys, &all]));
    let task = ann.client.get(&anns).await?.expect_status(200)?;
    assert_eq!(
        (&task["title"], &task["status"], &task["actions"]),
        (&json!("给 2"), &json!("OPEN"), &json!(["claim"])),
        "{task:#}"
    );
    assert_eq!(task["candidates"]["users"], json!([ann.name]));
    bob.client.get(&anns).await?.expect_status(404)?;
    bob.client.get(&chiefs).await?.expect_status(404)?;
    let viewer = world.somebody(&office.workspace, "viewer").await?;
    assert_eq!(viewer.get(&anns).await?.expect_status(200)?["actions"], json!([]));
    let counts = bob.client.get("/api/v1/human-tasks?counts=true&limit=1").await?.expect_status(200)?;
    assert_eq!(counts["counts"], json!({"mine": 1, "mine_overdue": 0, "claimable": 2}));
    let counts = office.owner.get("/api/v1/human-tasks?counts=true&limit=1").await?.expect_status(200)?;
    assert_eq!(
        counts["counts"],
        json!({"mine": 0, "mine_overdue": 0, "claimable": 2, "open": 4, "claimed": 1, "overdue": 0})
    );
    Ok(())
}

async fn of_two_who_claim_at_once_one_has_it(world: &World) -> Result<()> {
    let office = office(world).await?;
    let (ann, bob) = (&office.ann, &office.bob);
    let name = workflow(&office.owner, json!({})).await?;
    for _ in 0..10 {
        let (_, task) = ask(&office.owner, &name, json!({})).await?;
        let claim = |client| act(client, &task, "claim", json!({}));
        let (one, two) = tokio::join!(claim(&ann.client), claim(&bob.client));
        let (one, two) = (one?, two?);
        let (won, lost, winner, loser) =
            if one.status.as_u16() == 200 { (one, two, ann, &bob.client) } else { (two, one, bob, &ann.client) };
        let won = won.expect_status(200)?;
        assert_eq!((&won["status"], &won["assignee"]), (&json!("CLAIMED"), &json!(winner.name)));
        let lost = lost.expect_status(409)?;
        assert_eq!((&lost["code"], &lost["assignee"]), (&json!("TASK_TAKEN"), &json!(winner.name)), "{lost}");
        let request = loser.request(Method::POST, &format!("{task}/claim")).header("accept-language", "zh");
        let chinese = loser.send(request).await?.expect_status(409)?;
        assert!(chinese["detail"].as_str().unwrap().contains("领取"), "{chinese}");
        act(&winner.client, &task, "claim", json!({})).await?.expect_status(200)?;
    }
    Ok(())
}

fn form() -> Value {
    json!({"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}, "理由": {"maxLength": 3}}})
}

async fn a_form_is_filled_in_and_proven(world: &World) -> Result<()> {
    let office = office(world).await?;
    let ann = &office.ann.client;
    let (instance, task) = asked(&office, json!({"form": form(), "candidates": {"users": [office.ann.name]}})).await?;
    act(ann, &task, "claim", json!({})).await?.expect_status(200)?;
    let half = act(ann, &task, "draft", json!({"draft": {"理由": "还没想好"}})).await?.expect_status(200)?;
    assert_eq!((&half["draft"]["理由"], &half["form"]), (&json!("还没想好"), &form()));
    let large = act(ann, &task, "draft", json!({"draft": "x".repeat(64 * 1024)})).await?.expect_status(422)?;
    assert_eq!(large["errors"][0]["pointer"], "/draft", "{large}");
    let wrong =
        act(ann, &task, "complete", json!({"output": {"ok": 1, "理由": "四个字了"}})).await?.expect_status(422)?;
    let mut pointers: Vec<&str> =
        wrong["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/output/ok", "/output/理由"], "{wrong}");
    let request = ann.request(Method::POST, &format!("{task}/complete")).header("accept-language", "zh");
    let wrong = ann.send(request.json(&json!({"output": {}}))).await?.expect_status(422)?;
    assert_eq!(wrong["errors"][0]["message"], "缺少 `ok`。");
    // By the address of the instance the same rules hold.
    let by_instance = format!("{instance}/tasks/审批/complete");
    assert_eq!(ann.post(&by_instance, &json!({"output": {}})).await?.expect_status(422)?["code"], "INVALID_INPUT");
    office.bob.client.post(&by_instance, &json!({"output": {"ok": true}})).await?.expect_status(403)?;
    assert_eq!(ann.get(&task).await?.expect_status(200)?["status"], "CLAIMED");
    let complete = || {
        let request = ann.request(Method::POST, &format!("{task}/complete")).header("idempotency-key", "done");
        ann.send(request.json(&json!({"output": {"ok": true}})))
    };
    let done = complete().await?.expect_status(200)?;
    assert_eq!((&done["status"], &done["output"]), (&json!("DONE"), &json!({"ok": true})), "{done:#}");
    let again = complete().await?;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (200, Some("true")));
    let late = act(ann, &task, "complete", json!({"output": {"ok": true}})).await?.expect_status(409)?;
    assert_eq!((&late["code"], &late["from"]), (&json!("ILLEGAL_TRANSITION"), &json!("DONE")));
    assert_eq!(listed(ann, "status=done&mine=true").await?, [id(&task)]);
    let ended = office.owner.get(&instance).await?.expect_status(200)?;
    assert_eq!((&ended["status"], &ended["variables"]["answer"]["ok"]), (&json!("COMPLETED"), &json!(true)));
    let me = ann.get("/api/v1/me").await?.expect_status(200)?;
    let events = office.owner.get(&format!("{instance}/events")).await?.expect_status(200)?;
    for word in ["command.claim", "command.save", "command.complete"] {
        let of = |event: &&Value| event["type"] == word && event["actor"] == me["id"];
        assert!(events["items"].as_array().unwrap().iter().any(|event| of(&event)), "{word}: {events:#}");
    }
    Ok(())
}

async fn who_may_not_is_refused(world: &World) -> Result<()> {
    let office = office(world).await?;
    let (ann, bob) = (&office.ann.client, &office.bob.client);
    let (_, task) = asked(&office, json!({"candidates": {"users": [office.ann.name]}})).await?;
    for step in ["claim", "release", "complete"] {
        act(bob, &task, step, json!({})).await?.expect_status(404)?;
        act(&world.stranger(), &task, step, json!({})).await?.expect_status(401)?;
    }
    for (step, body) in [("complete", json!({"output": 1})), ("draft", json!({"draft": 1})), ("release", json!({}))] {
        let refused = act(ann, &task, step, body).await?.expect_status(403)?;
        assert_eq!(refused["code"], "FORBIDDEN", "{step}: nobody has it");
    }
    act(ann, &task, "assign", json!({"to": office.ann.name})).await?.expect_status(403)?;
    let viewer = world.somebody(&office.workspace, "viewer").await?;
    act(&viewer, &task, "claim", json!({})).await?.expect_status(403)?;
    let nobody = "/api/v1/human-tasks/tsk_00000000000000000000000000";
    act(ann, nobody, "claim", json!({})).await?.expect_status(404)?;
    assert_eq!(ann.get("/api/v1/human-tasks/tsk_x").await?.expect_status(404)?["code"], "MALFORMED_ID");
    for query in ["status=lost", "cursor=x", "limit=0", "mine=perhaps", "due_before=soon"] {
        ann.get(&format!("/api/v1/human-tasks?{query}")).await?.expect_status(422)?;
    }
    // Who steers completes it without having claimed it, and then it was theirs.
    let done = act(&office.owner, &task, "complete", json!({"output": 1})).await?.expect_status(200)?;
    let me = office.owner.get("/api/v1/me").await?.expect_status(200)?;
    assert_eq!((&done["status"], &done["assignee"]), (&json!("DONE"), &me["username"]));
    Ok(())
}

async fn they_are_given_back_and_passed_on(world: &World) -> Result<()> {
    let office = office(world).await?;
    let (ann, bob) = (&office.ann, &office.bob);
    let eve = somebody(world, &office.workspace, "task-worker").await?;
    let (_, task) = asked(&office, json!({"candidates": {"users": [ann.name, bob.name]}})).await?;
    act(&ann.client, &task, "claim", json!({})).await?.expect_status(200)?;
    act(&ann.client, &task, "draft", json!({"draft": {"half": 1}})).await?.expect_status(200)?;
    act(&ann.client, &task, "release", json!({})).await?.expect_status(200)?;
    assert_eq!(listed(&bob.client, "claimable=true").await?, [id(&task)]);
    assert_eq!(act(&office.owner, &task, "release", json!({})).await?.expect_status(409)?["code"], "CONFLICT");
    let theirs = act(&bob.client, &task, "claim", json!({})).await?.expect_status(200)?;
    assert_eq!(theirs["draft"], json!({"half": 1}), "what was filled in stays with the task");
    act(&bob.client, &task, "assign", json!({"to": eve.name})).await?.expect_status(403)?;
    let passed = act(&bob.client, &task, "assign", json!({"to": ann.name.to_uppercase()})).await?.expect_status(200)?;
    assert_eq!((&passed["assignee"], &passed["draft"]), (&json!(ann.name), &Value::Null), "no longer theirs to see");
    let to = json!({"to": eve.name, "keep_draft": false});
    assert_eq!(act(&office.owner, &task, "assign", to).await?.expect_status(200)?["draft"], Value::Null);
    assert_eq!(listed(&eve.client, "mine=true").await?, [id(&task)]);
    let viewer = somebody(world, &office.workspace, "viewer").await?;
    for nobody in ["nobody-of-this-name", &viewer.name, ADMIN] {
        let refused = act(&office.owner, &task, "assign", json!({"to": nobody})).await?.expect_status(422)?;
        assert_eq!(refused["errors"][0]["pointer"], "/to", "{nobody}");
    }
    act(&eve.client, &task, "complete", json!({})).await?.expect_status(200)?;
    Ok(())
}

async fn what_is_overdue_is_escalated(world: &World) -> Result<()> {
    let office = office(world).await?;
    let (ann, bob) = (&office.ann, &office.bob);
    let config = |escalate: Value| json!({"assignee": ann.name, "due": "200ms", "escalate": escalate, "candidates": {"users": [ann.name]}});
    let (_, to_bob) = asked(&office, config(json!(bob.name))).await?;
    let (_, offered) = asked(&office, config(json!({"candidates": {"users": [bob.name]}}))).await?;
    for (task, status) in [(&to_bob, "CLAIMED"), (&offered, "OPEN")] {
        let task = heddle_testkit::until("the escalation", Duration::from_secs(20), || async {
            let task = office.owner.get(task).await.ok()?.expect_status(200).ok()?;
            task["escalated_at"].is_string().then_some(task)
        })
        .await?;
        assert_eq!((&task["overdue"], &task["status"]), (&json!(true), &json!(status)), "{task:#}");
    }
    assert_eq!(listed(&bob.client, "mine=true").await?, [id(&to_bob)]);
    assert_eq!(listed(&bob.client, "claimable=true").await?, [id(&offered)]);
    assert_eq!(listed(&ann.client, "claimable=true").await?, [id(&offered)], "who was asked first may still do it");
    assert_eq!(office.owner.get(&to_bob).await?.expect_status(200)?["assignee"], json!(bob.name));
    act(&bob.client, &offered, "claim", json!({})).await?.expect_status(200)?;
    act(&bob.client, &offered, "complete", json!({})).await?.expect_status(200)?;
    assert_eq!(office.owner.get(&offered).await?.expect_status(200)?["overdue"], false, "it waits no longer");
    Ok(())
}

async fn they_end_with_their_nodes(world: &World) -> Result<()> {
    let office = office(world).await?;
    let owner = &office.owner;
    let name = workflow(owner, json!({})).await?;
    let action = |word: &str, body: Value| (word.to_owned(), body);
    for ((word, body), status) in [
        (action("skip", json!({"node": "审批"})), "CANCELLED"),
        (action("complete", json!({"node": "审批", "output": 1})), "DONE"),
        (action("terminate", json!({})), "CANCELLED"),
        (action("modify", json!({"changes": [{"cancel": "审批"}, {"start": "end"}]})), "CANCELLED"),
    ] {
        let (instance, task) = ask(owner, &name, json!({})).await?;
        owner.put(&format!("{instance}/actions/{word}"), &body).await?.expect_status(200)?;
        let ended = owner.get(&task).await?.expect_status(200)?;
        assert_eq!((&ended["status"], &ended["actions"]), (&json!(status), &json!([])), "{word}: {ended:#}");
        assert!(!listed(owner, "limit=200").await?.contains(&id(&task)), "{word}");
        assert_eq!(act(owner, &task, "claim", json!({})).await?.expect_status(409)?["code"], "ILLEGAL_TRANSITION");
    }
    let timed = json!({
        "name": unique("限时"),
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "审批", "type": "human", "timeout": "200ms", "on_error": "skip"},
            {"id": "end", "type": "end"}
        ],
        "edges": [{"from": "start", "to": "审批"}, {"from": "审批", "to": "end"}]
    });
    make(owner, &timed).await?;
    let instance = owner.start(timed["name"].as_str().unwrap(), json!({})).await?;
    owner.wait_for(&instance, "COMPLETED").await?;
    let of = format!("instance={}&status=cancelled", instance["id"].as_str().unwrap());
    assert_eq!(listed(owner, &of).await?.len(), 1, "its time was up");
    // Rolled back, the task is withdrawn; it is asked anew, as another one.
    let (instance, task) = ask(owner, &name, json!({})).await?;
    act(owner, &task, "complete", json!({"output": 1})).await?.expect_status(200)?;
    let before = owner.get(&format!("{instance}/events")).await?.expect_status(200)?;
    let asked = before["items"].as_array().unwrap().iter().find(|event| event["type"] == "human.asked").unwrap();
    let back = json!({"to_seq": asked["seq"]});
    let after = owner.put(&format!("{instance}/actions/rollback"), &back).await?.expect_status(200)?;
    assert_eq!(node_status(&after, "审批"), "RUNNING");
    let open = listed(owner, &format!("instance={}", after["id"].as_str().unwrap())).await?;
    assert!(open.len() == 1 && open[0] != id(&task), "{open:?}");
    Ok(())
}

async fn a_paused_one_is_in_no_list(world: &World) -> Result<()> {
    let office = office(world).await?;
    let ann = &office.ann.client;
    let (instance, task) = asked(&office, json!({})).await?;
    act(ann, &task, "claim", json!({})).await?.expect_status(200)?;
    office.owner.put(&format!("{instance}/actions/pause"), &json!({})).await?.expect_status(200)?;
    assert!(listed(ann, "").await?.is_empty() && listed(&office.owner, "").await?.is_empty());
    let paused = ann.get(&task).await?.expect_status(200)?;
    assert_eq!((&paused["paused"], &paused["actions"]), (&json!(true), &json!(["release", "assign", "draft"])));
    assert_eq!(act(ann, &task, "complete", json!({})).await?.expect_status(409)?["code"], "CONFLICT");
    act(ann, &task, "draft", json!({"draft": 1})).await?.expect_status(200)?;
    office.owner.put(&format!("{instance}/actions/resume"), &json!({})).await?.expect_status(200)?;
    assert_eq!(listed(ann, "mine=true").await?, [id(&task)]);
    act(ann, &task, "complete", json!({})).await?.expect_status(200)?;
    Ok(())
}

async fn they_are_listed_page_by_page_and_by_their_due(world: &World) -> Result<()> {
    let office = office(world).await?;
    let owner = &office.owner;
    let name = workflow(owner, json!({"due": "${input.due}"})).await?;
    let mut tasks = Vec::new();
    for due in ["3h", "1h", "2h", "40h", "30m"] {
        tasks.push(id(&ask(owner, &name, json!({ "due": due })).await?.1));
    }
    let newest: Vec<&String> = tasks.iter().rev().collect();
    let soonest: Vec<&String> = [4, 1, 2, 0].map(|at| &tasks[at]).into();
    let tomorrow = heddle_api::Timestamp(now() + 24 * 3_600_000);
    let tomorrow = serde_json::to_value(tomorrow)?.as_str().unwrap().to_owned();
    for (client, query, wanted) in [
        (owner, format!("workflow={name}"), &newest),
        (&office.ann.client, "claimable=true".to_owned(), &newest),
        (owner, format!("due_before={tomorrow}"), &soonest),
        (&office.ann.client, format!("due_before={tomorrow}&mine=true&claimable=true"), &soonest),
    ] {
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("/api/v1/human-tasks?{query}&limit=2{cursor}")).await?.expect_status(200)?;
            paged.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged.iter().collect::<Vec<_>>(), *wanted, "{query}");
    }
    assert!(listed(&office.ann.client, &format!("due_before={tomorrow}&mine=true")).await?.is_empty());
    assert!(listed(owner, "workflow=there-is-none").await?.is_empty());
    Ok(())
}

fn now() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64
}

async fn another_workspace_knows_none(world: &World) -> Result<()> {
    let (one, other) = (office(world).await?, office(world).await?);
    let (_, task) = asked(&one, json!({})).await?;
    assert!(listed(&other.owner, "").await?.is_empty() && listed(&other.ann.client, "").await?.is_empty());
    other.owner.get(&task).await?.expect_status(404)?;
    act(&other.owner, &task, "claim", json!({})).await?.expect_status(404)?;
    act(&one.owner, &task, "assign", json!({"to": other.ann.name})).await?.expect_status(422)?;
    assert_eq!(one.owner.get(&task).await?.expect_status(200)?["status"], "OPEN");
    Ok(())
}

/// What was acknowledged is there after the server was killed, and goes on.
#[tokio::test]
async fn they_outlive_a_killed_server() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let process = fresh(&dir)?.admin(ADMIN, PASSWORD).start().await?;
    let client = process.client()?.sign_in(ADMIN, PASSWORD).await?;
    let (instance, task) = {
        let name = workflow(&client, json!({"form": form(), "due": "1h", "escalate": "nobody"})).await?;
        ask(&client, &name, json!({})).await?
    };
    act(&client, &task, "claim", json!({})).await?.expect_status(200)?;
    act(&client, &task, "draft", json!({"draft": {"理由": "一半"}})).await?.expect_status(200)?;
    let before = client.get(&task).await?.expect_status(200)?;
    let process = process.kill()?.start().await?;
    let client = process.client()?.sign_in(ADMIN, PASSWORD).await?;
    assert_eq!(client.get(&task).await?.expect_status(200)?, before);
    let done = act(&client, &task, "complete", json!({"output": {"ok": true}})).await?.expect_status(200)?;
    assert_eq!(done["status"], "DONE");
    assert_eq!(client.get(&instance).await?.expect_status(200)?["status"], "COMPLETED");
    Ok(())
}
