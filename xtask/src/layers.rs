//! Who may depend on whom: the table of docs/ARCHITECTURE.md, held against `cargo metadata`.
//! Counted are the dependencies of the shipped code; what only tests use may reach anywhere.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell::{cargo, output};

/// Package and what it may name of our own packages.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("heddle-expr", &[]),
    ("heddle-model", &["heddle-expr"]),
    ("heddle-diagram", &["heddle-model"]),
    ("heddle-collab", &["heddle-model"]),
    ("heddle-api", &["heddle-model"]),
    ("heddle-engine", &["heddle-model", "heddle-expr"]),
    ("heddle-tasks", &["heddle-engine", "heddle-model", "heddle-expr"]),
    ("heddle-store", &["heddle-engine", "heddle-model"]),
    (
        "heddle-service",
        &["heddle-api", "heddle-collab", "heddle-engine", "heddle-store", "heddle-tasks", "heddle-model"],
    ),
    ("heddle-app", &["heddle-model", "heddle-api", "heddle-diagram", "heddle-collab"]),
    ("heddle-frontend", &["heddle-app"]),
    ("heddle-migrations", &[]),
    (
        "heddle-server",
        &[
            "heddle-app", "heddle-api", "heddle-model", "heddle-service", "heddle-store", "heddle-tasks",
            "heddle-migrations",
        ],
    ),
];

/// Accepted in spite of the table, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("heddle-server", "heddle-engine", "the wiring of main starts the runtime and hands it its storage and task types"),
    ("heddle-store", "heddle-migrations", "who connects brings the schema up to date; only these two crates name SQL"),
];

/// Packages that are not shipped: they may name anything.
const NOT_SHIPPED: &[&str] =
    &["xtask", "xtask-wasm", "heddle-pages", "heddle-testkit", "heddle-bench", "heddle-process-tests"];

/// Outside crates with one home: nobody else may name them.
const HOMES: &[(&[&str], &[&str])] = &[
    (&["sea-orm", "sea-orm-migration", "sqlx"], &["heddle-store", "heddle-migrations"]),
    (&["reqwest"], &["heddle-tasks", "heddle-service"]),
    (&["axum"], &["heddle-server", "heddle-app"]),
    (&["leptos"], &["heddle-app", "heddle-frontend", "heddle-server"]),
    (&["cel"], &["heddle-expr"]),
    (&["yrs"], &["heddle-collab"]),
    (&["serde-saphyr"], &["heddle-model"]),
    (&["wasm-bindgen", "web-sys", "js-sys"], &["heddle-app", "heddle-frontend"]),
];

/// Runs on the server and in the browser alike, so without threads, sockets, files or a clock.
const PURE: &[&str] = &["heddle-expr", "heddle-model", "heddle-diagram", "heddle-collab"];
const IMPURE: &[&str] = &["tokio", "tokio-util", "axum", "tower", "reqwest", "getrandom", "async-trait"];

/// Prints every breach, then fails if there was one.
pub(crate) fn check() -> Result<()> {
    let text = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let packages = read(&serde_json::from_str(&text)?).context("reading the answer of `cargo metadata`")?;
    let breaches = breaches(&packages);
    for breach in &breaches {
        println!("{breach}");
    }
    if !breaches.is_empty() {
        bail!("{} breaches of the dependency table of docs/ARCHITECTURE.md", breaches.len());
    }
    println!("layers: {} packages hold the dependency table, {} exceptions", packages.len(), EXCEPTIONS.len());
    Ok(())
}

/// Package → names of its normal and build dependencies.
type Packages = BTreeMap<String, Vec<String>>;

fn read(metadata: &Value) -> Option<Packages> {
    let package = |p: &Value| {
        let shipped = |d: &&Value| d["kind"].as_str() != Some("dev");
        let names = p["dependencies"].as_array()?.iter().filter(shipped).filter_map(|d| d["name"].as_str());
        Some((p["name"].as_str()?.to_owned(), names.map(str::to_owned).collect()))
    };
    metadata["packages"].as_array()?.iter().map(package).collect()
}

fn breaches(packages: &Packages) -> Vec<String> {
    let mut found = Vec::new();
    for (name, dependencies) in packages.iter().filter(|(name, _)| !NOT_SHIPPED.contains(&name.as_str())) {
        let Some((_, may)) = MAY_NAME.iter().find(|(n, _)| n == name) else {
            found.push(format!("{name}: not in the table (xtask/src/layers.rs)"));
            continue;
        };
        for dependency in dependencies.iter().map(String::as_str) {
            let ours = packages.contains_key(dependency);
            let excepted = EXCEPTIONS.iter().any(|(from, to, _)| from == name && *to == dependency);
            if ours && !may.contains(&dependency) && !excepted {
                found.push(format!("{name} may not depend on {dependency}"));
            }
            if let Some((_, homes)) = HOMES.iter().find(|(crates, _)| crates.contains(&dependency))
                && !homes.contains(&name.as_str())
                && !excepted
            {
                found.push(format!("{name} may not name {dependency}: its home is {}", homes.join(", ")));
            }
            if PURE.contains(&name.as_str()) && IMPURE.contains(&dependency) {
                found.push(format!("{name} is pure and may not depend on {dependency}"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(list: &[(&str, &[&str])]) -> Packages {
        list.iter().map(|(n, d)| ((*n).to_owned(), d.iter().map(|d| (*d).to_owned()).collect())).collect()
    }

    #[test]
    fn the_direction_is_held() {
        let fine = packages(&[
            ("heddle-expr", &["cel"]),
            ("heddle-model", &["heddle-expr"]),
            ("heddle-engine", &["heddle-model", "tokio"]),
        ]);
        assert_eq!(breaches(&fine), Vec::<String>::new());
        let turned = packages(&[("heddle-expr", &["heddle-model"]), ("heddle-model", &[])]);
        assert_eq!(breaches(&turned), ["heddle-expr may not depend on heddle-model"]);
    }

    #[test]
    fn outside_crates_stay_at_home_and_pure_ones_stay_pure() {
        assert_eq!(breaches(&packages(&[("heddle-service", &["sea-orm"])])).len(), 1);
        assert_eq!(
            breaches(&packages(&[("heddle-model", &["tokio"])])),
            ["heddle-model is pure and may not depend on tokio"]
        );
    }

    #[test]
    fn a_new_package_must_find_its_place() {
        assert_eq!(breaches(&packages(&[("heddle-new", &[])])), ["heddle-new: not in the table (xtask/src/layers.rs)"]);
        assert_eq!(breaches(&packages(&[("heddle-testkit", &["heddle-store", "reqwest"])])), Vec::<String>::new());
    }
}
