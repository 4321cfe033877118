//! `/api/v1/workflows`.

use crate::support::{EXAMPLE, World, make, on_both, one_job, one_step, unique};
use anyhow::Result;
use heddle_testkit::Client;
use reqwest::Method;
use serde_json::{Value, json};

on_both!(
    the_example_of_the_docs_is_stored_as_it_stands,
    three_mistakes_are_named_and_nothing_is_stored,
    a_taken_name_is_refused,
    applying_by_name_makes_versions_only_for_changes,
    replacing_honours_if_match,
    lists_are_filtered_sorted_and_paged,
    a_workflow_leaves_in_three_forms,
    deleting_waits_for_running_instances,
);

async fn the_example_of_the_docs_is_stored_as_it_stands(world: &World) -> Result<()> {
    let client = world.somebody("default", "developer").await?;
    let name = unique("示例");
    let text = EXAMPLE.replace("示例流程", &name);
    let answer = client.post_yaml("/api/v1/workflows", &text).await?;
    let location = answer.header("location").unwrap().to_owned();
    let etag = answer.header("etag").unwrap().to_owned();
    let made = answer.expect_status(201)?;
    assert_eq!((made["name"].as_str(), made["version"].as_u64()), (Some(name.as_str()), Some(1)));
    assert_eq!(etag, format!("\"{}\"", made["version_id"].as_str().unwrap()));
    assert_eq!(made["definition"]["version"].to_string(), "1.0", "the author's label is kept as it was written");
    let got = client.get(&location).await?.expect_status(200)?;
    assert_eq!(got["definition"], made["definition"]);
    let yaml = client.get(&format!("{location}?format=yaml")).await?;
    assert_eq!(yaml.header("content-type"), Some("application/yaml"));
    assert_eq!(yaml.text, text, "the author's own text");
    Ok(())
}

/// The very bytes of the docs, in a workspace of its own because the name is fixed.
#[tokio::test]
async fn the_example_is_stored_byte_for_byte() -> Result<()> {
    for world in [crate::support::sqlite(), crate::support::postgres()] {
        let workspace = unique("example");
        world.command(&["admin", "workspace", "add", &workspace])?;
        let client = world.somebody(&workspace, "developer").await?;
        let made = client.post_yaml("/api/v1/workflows", EXAMPLE).await?.expect_status(201)?;
        assert_eq!(made["name"], "示例流程");
    }
    Ok(())
}

async fn three_mistakes_are_named_and_nothing_is_stored(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("broken");
    let text = format!(
        "name: {name}\nnodes:\n  - {{ id: start, type: start }}\n  - {{ id: work, type: log, confg: {{}} }}\n  - {{ id: choose, type: decision }}\n  - {{ id: end, type: end }}\nedges:\n  - {{ from: start, to: work }}\n  - {{ from: work, to: choose }}\n  - {{ from: choose, to: end, condition: \"${{1 +}}\" }}\n  - {{ from: choose, to: nowhere }}\n"
    );
    let problem = admin.post_yaml("/api/v1/workflows", &text).await?.expect_status(422)?;
    assert_eq!(problem["code"], "INVALID_DEFINITION");
    let errors: Vec<&Value> =
        problem["errors"].as_array().unwrap().iter().filter(|error| error["severity"] == "error").collect();
    let at = |line: u64| errors.iter().filter(|error| error["line"] == line).collect::<Vec<_>>();
    assert!(!at(4).is_empty(), "the unknown field `confg`: {problem:#}");
    assert!(at(4).iter().any(|error| error["suggestion"] == "config"), "with the nearest word: {problem:#}");
    assert!(!at(10).is_empty(), "the broken expression: {problem:#}");
    assert!(!at(11).is_empty(), "the edge to nowhere: {problem:#}");
    assert!(errors.iter().all(|error| error["column"].as_u64().is_some_and(|column| column >= 1)), "{problem:#}");
    let listed = admin.get(&format!("/api/v1/workflows?q={name}")).await?.expect_status(200)?;
    assert_eq!(listed["items"], json!([]), "nothing was stored");
    Ok(())
}

async fn a_taken_name_is_refused(world: &World) -> Result<()> {
    let admin = world.admin();
    let definition = one_step(&unique("taken"));
    make(&admin, &definition).await?;
    let problem = admin.post("/api/v1/workflows", &definition).await?.expect_status(409)?;
    assert_eq!(problem["code"], "NAME_TAKEN");
    Ok(())
}

async fn applying_by_name_makes_versions_only_for_changes(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("应用");
    let path = format!("/api/v1/workflows/by-name/{name}");
    let mut definition = one_step(&name);
    let first = admin.put(&path, &definition).await?.expect_status(201)?;
    let again = admin.put(&path, &definition).await?.expect_status(200)?;
    assert_eq!((again["version"].as_u64(), &again["version_id"]), (Some(1), &first["version_id"]));
    definition["description"] = json!("changed");
    let second = admin.put(&path, &definition).await?.expect_status(200)?;
    assert_eq!((second["version"].as_u64(), &second["id"]), (Some(2), &first["id"]));
    admin.put(&format!("/api/v1/workflows/by-name/{name}x"), &definition).await?.expect_status(422)?;

    let id = first["id"].as_str().unwrap();
    let versions = admin.get(&format!("/api/v1/workflows/{id}/versions")).await?.expect_status(200)?;
    let numbers: Vec<u64> =
        versions["items"].as_array().unwrap().iter().map(|version| version["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 1]);
    let old = admin.get(&format!("/api/v1/workflows/{id}/versions/1")).await?.expect_status(200)?;
    assert_eq!(old["definition"].get("description"), None);
    let at_one = admin.get(&format!("/api/v1/workflows/{id}?version=1")).await?.expect_status(200)?;
    assert_eq!(at_one["version"], 1);
    admin.get(&format!("/api/v1/workflows/{id}/versions/3")).await?.expect_status(404)?;
    Ok(())
}

async fn replacing_honours_if_match(world: &World) -> Result<()> {
    let admin = world.admin();
    let mut definition = one_step(&unique("replace"));
    let made = make(&admin, &definition).await?;
    let path = format!("/api/v1/workflows/{}", made["id"].as_str().unwrap());
    let seen = format!("\"{}\"", made["version_id"].as_str().unwrap());
    definition["description"] = json!("one");
    let request = admin.request(Method::PUT, &path).header("if-match", &seen).json(&definition);
    admin.send(request).await?.expect_status(200)?;
    definition["description"] = json!("two");
    let request = admin.request(Method::PUT, &path).header("if-match", &seen).json(&definition);
    assert_eq!(admin.send(request).await?.expect_status(412)?["code"], "PRECONDITION_FAILED");
    let current = admin.get(&path).await?;
    let etag = current.header("etag").unwrap().to_owned();
    let cached = admin.request(Method::GET, &path).header("if-none-match", etag);
    assert_eq!(admin.send(cached).await?.status.as_u16(), 304);
    Ok(())
}

async fn names(client: &Client, query: &str) -> Result<Vec<String>> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            client.get(&format!("/api/v1/workflows?{query}&limit=2&cursor={cursor}")).await?.expect_status(200)?;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return Ok(names),
        }
    }
}

async fn lists_are_filtered_sorted_and_paged(world: &World) -> Result<()> {
    let workspace = unique("lists");
    world.command(&["admin", "workspace", "add", &workspace])?;
    let client = world.somebody(&workspace, "developer").await?;
    for name in ["乙", "alpha", "甲", "beta", "100%_sure"] {
        let mut definition = one_step(name);
        definition["tags"] = json!([if name.is_ascii() { "latin" } else { "汉字" }]);
        make(&client, &definition).await?;
    }
    assert_eq!(names(&client, "").await?.len(), 5);
    assert_eq!(names(&client, "q=ALPHA").await?, ["alpha"]);
    assert_eq!(names(&client, "q=%25_").await?, ["100%_sure"], "a pattern's signs are plain text");
    assert_eq!(names(&client, "q=%25").await?.len(), 1);
    let mut tagged = names(&client, "tag=%E6%B1%89%E5%AD%97").await?;
    tagged.sort();
    assert_eq!(tagged, ["乙", "甲"]);
    assert_eq!(names(&client, "sort=-created_at").await?.first().map(String::as_str), Some("100%_sure"));
    Ok(())
}

async fn a_workflow_leaves_in_three_forms(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("forms");
    let made = make(&admin, &one_step(&name)).await?;
    let path = format!("/api/v1/workflows/{}", made["id"].as_str().unwrap());
    let yaml = admin.get(&format!("{path}?format=yaml")).await?.text;
    assert!(yaml.contains(&format!("name: {name}")), "{yaml}");
    let executable = admin.get(&format!("{path}?format=executable")).await?.expect_status(200)?;
    assert_eq!(executable["id"], made["id"]);
    assert_eq!(executable["tasks"][0]["next"][0]["id"], "say", "{executable}");
    admin.get(&format!("{path}?format=bpmn")).await?.expect_status(422)?;
    for (media_type, body) in [("application/yaml", yaml), ("application/json", made["definition"].to_string())] {
        let request =
            admin.request(Method::POST, "/api/v1/workflows/validate").header("content-type", media_type).body(body);
        assert_eq!(admin.send(request).await?.expect_status(200)?["valid"], true, "{media_type}");
    }
    Ok(())
}

async fn deleting_waits_for_running_instances(world: &World) -> Result<()> {
    let admin = world.admin();
    let name = unique("delete");
    let made = make(&admin, &one_job(&name, "nobodyDoesThis")).await?;
    let path = format!("/api/v1/workflows/{}", made["id"].as_str().unwrap());
    let instance = admin.start(&name, json!({})).await?;
    let instance_path = format!("/api/v1/workflow-instances/{}", instance["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).await?.expect_status(409)?["code"], "INSTANCES_RUNNING");
    admin.delete(&format!("{path}?force=true")).await?.expect_status(204)?;
    assert_eq!(admin.get(&instance_path).await?.expect_status(200)?["status"], "TERMINATED", "history stays");
    admin.get(&path).await?.expect_status(404)?;
    admin.post("/api/v1/workflow-instances", &json!({"workflow": name})).await?.expect_status(404)?;
    make(&admin, &one_step(&name)).await?;
    Ok(())
}
