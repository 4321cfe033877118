//! Definitions as data: the valid ones run as they stand and survive every form; the invalid ones say exactly what is beside them
//! in a file `.expected`. `HEDDLE_UPDATE=1 cargo test -p heddle-model --test fixtures` writes those files anew, for a person to read.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_model::definition::{Definition, Edge};
use heddle_model::diagnostic::{Diagnostic, Lang, Severity, has_errors};
use heddle_model::format::{Format, parse, to_executable, to_json, to_yaml};
use heddle_model::plan::Plan;
use heddle_model::validate::{TaskTypes, examine};
use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<PathBuf> {
    // Asked while it runs: checkouts may share a target directory, and so this test.
    let own = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let folder = own.join("tests/fixtures").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension != "expected"));
    files.sort();
    assert!(files.len() > 3, "fixtures are missing");
    files
}

fn format_of(path: &Path) -> Format {
    if path.extension().unwrap() == "json" { Format::Json } else { Format::Yaml }
}

fn print(found: &[Diagnostic]) -> String {
    let mut out = String::new();
    for problem in found {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        };
        let place = problem.line.zip(problem.column).map_or("-".into(), |(line, column)| format!("{line}:{column}"));
        out.push_str(&format!("{place} {} {severity} {} [{}]\n", problem.code, problem.pointer, problem.ids.join(" ")));
        out.push_str(&format!("    {}\n    {}\n", problem.message(Lang::En), problem.message(Lang::Zh)));
        if let Some(fix) = &problem.fix {
            out.push_str(&format!("    fix {}\n", serde_json::to_string(fix).unwrap()));
        }
    }
    out
}

fn compare(path: &Path, printed: &str) {
    let expected = path.with_extension(format!("{}.expected", path.extension().unwrap().to_str().unwrap()));
    if std::env::var_os("HEDDLE_UPDATE").is_some() {
        fs::write(&expected, printed).unwrap();
    }
    let expected = fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(printed, expected, "{}", path.display());
}

fn by_node(definition: &Definition) -> Definition {
    let mut sorted = definition.clone();
    let place = |edge: &Edge| definition.nodes.iter().position(|node| node.id == edge.from);
    // In the executable form edges stand with the node they leave, those of events behind the others.
    sorted.edges.sort_by_key(|edge| (place(edge), edge.on.is_some()));
    sorted
}

#[test]
fn valid_definitions_run_and_survive_every_form() {
    for path in files("valid") {
        let name = path.display();
        let parsed = parse(fs::read(&path).unwrap(), format_of(&path));
        let (definition, found) = examine(parsed, &TaskTypes::builtin());
        compare(&path, &print(&found));
        assert!(!has_errors(&found), "{name}");
        let definition = definition.unwrap();
        Plan::compile(&definition).unwrap_or_else(|error| panic!("{name}: {error}"));
        let yaml = to_yaml(&definition);
        let again = parse(&yaml, Format::Yaml);
        assert_eq!(again.definition.as_ref(), Some(&definition), "{name}\n{yaml}");
        assert_eq!(to_yaml(&definition), yaml, "writing is stable");
        assert_eq!(
            parse(to_json(&definition).to_string(), Format::Json).definition.as_ref(),
            Some(&definition),
            "{name}"
        );
        let executable = parse(to_executable(&definition).to_string(), Format::Json);
        assert_eq!(executable.diagnostics, [], "{name}");
        assert_eq!(by_node(&executable.definition.unwrap()), by_node(&definition), "{name}");
    }
}

#[test]
fn invalid_definitions_say_everything_that_is_wrong() {
    for path in files("invalid") {
        let parsed = parse(fs::read(&path).unwrap(), format_of(&path));
        let (_, found) = examine(parsed, &TaskTypes::builtin());
        compare(&path, &print(&found));
        assert!(has_errors(&found), "{} has no error", path.display());
        assert!(
            found.iter().all(|problem| problem.line.is_some() && problem.column.is_some()),
            "{}: a problem without a place",
            path.display()
        );
    }
}

#[test]
fn every_code_is_met_by_some_fixture_or_hostile_text() {
    let mut seen = std::collections::BTreeSet::new();
    for path in files("valid").into_iter().chain(files("invalid")) {
        let (_, found) = examine(parse(fs::read(&path).unwrap(), format_of(&path)), &TaskTypes::builtin());
        seen.extend(found.into_iter().map(|problem| problem.code.as_str()));
    }
    // These need texts too large or too strange for a file; tests/hostile.rs meets them.
    let elsewhere = ["W002", "W003", "W004", "W005", "W008", "W012", "W050", "W099"];
    let missing: Vec<&str> = heddle_model::diagnostic::Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !seen.contains(code) && !elsewhere.contains(code))
        .collect();
    assert!(missing.is_empty(), "no fixture shows {missing:?}");
}
