//! `/api/openapi.json`.

use crate::support::{World, on_both};
use anyhow::Result;
use serde_json::Value;

on_both!(the_document_is_complete_and_its_references_resolve);

async fn the_document_is_complete_and_its_references_resolve(world: &World) -> Result<()> {
    let document = world.stranger().get("/api/openapi.json").await?.expect_status(200)?;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in
            item.as_object().unwrap().iter().filter(|(_, operation)| operation.get("responses").is_some())
        {
            let shown = format!("{method} {path}");
            assert!(
                ids.insert(operation["operationId"].as_str().expect(&shown).to_owned()),
                "{shown}: the operation's id is taken"
            );
            assert!(operation["summary"].is_string() || operation["description"].is_string(), "{shown}");
            for name in path.split(['{', '}']).skip(1).step_by(2) {
                let declared = operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|parameter| parameter["name"] == name && parameter["in"] == "path");
                assert!(declared, "{shown} does not declare {{{name}}}");
            }
            if operation.get("x-permission").is_some() {
                assert!(operation["security"].is_array(), "{shown}");
                assert!(operation["responses"]["401"]["content"]["application/problem+json"].is_object(), "{shown}");
            }
        }
    }
    resolve(&document, &document);
    for scheme in ["bearer", "password", "session"] {
        assert!(document["components"]["securitySchemes"][scheme].is_object(), "{scheme}");
    }
    Ok(())
}

fn resolve(document: &Value, value: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target} is nowhere");
            }
            members.values().for_each(|member| resolve(document, member));
        }
        Value::Array(items) => items.iter().for_each(|item| resolve(document, item)),
        _ => {}
    }
}
