//! Hostile texts (`corpus.txt`): each gives a value or a typed error, in bounded time, on an ordinary 2 MiB thread of a debug build.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_expr::{MapScope, Program};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Slower than this in a debug build, and a hostile text could hold up a server.
const PATIENCE: Duration = Duration::from_secs(8);

fn scope() -> MapScope {
    let mut nested = json!(1);
    for _ in 0..60 {
        nested = json!({"b": nested});
    }
    let mut scope = MapScope::of(json!({
        "a": nested, "l": [[[[1]]]], "x": "x", "nothing": null, "ten": (0..10).collect::<Vec<_>>(), "thousands": (0..9_000).collect::<Vec<_>>(),
        "many": (0..200_000).collect::<Vec<_>>(), "long": "x".repeat(1_500_000),
    }));
    scope.now_ms = 1_795_334_400_000;
    scope
}

/// Writes out the repetitions of a case.
fn expand(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let digits: String = rest[start + 1..].chars().take_while(char::is_ascii_digit).collect();
        let body = start + 1 + digits.len();
        if digits.is_empty() || !rest[body..].starts_with(':') {
            out.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
            continue;
        }
        out.push_str(&rest[..start]);
        let (inside, after) = inside(&rest[body + 1..]);
        let count: usize = digits.parse().unwrap();
        let parts: Vec<&str> = inside.split('^').collect();
        match parts.as_slice() {
            [open, middle, close] => out.push_str(&format!("{}{middle}{}", open.repeat(count), close.repeat(count))),
            _ => out.push_str(&inside.repeat(count)),
        }
        rest = after;
    }
    out + rest
}

/// Splits at the brace that closes a repetition: the one that balances.
fn inside(text: &str) -> (&str, &str) {
    let mut open = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return (&text[..at], &text[at + 1..]),
            '}' => open -= 1,
            _ => {}
        }
    }
    (text, "")
}

fn outcome(source: &str, scope: &MapScope) -> (String, String) {
    match Program::compile(source) {
        Err(error) => {
            assert!(source.get(error.offset..error.offset + error.len).is_some(), "{source}: {error:?}");
            (format!("compile:{}", error.code), error.to_string())
        }
        Ok(program) => match program.eval(scope) {
            Ok(value) => ("value".into(), value.to_string().chars().take(80).collect()),
            Err(error) => (format!("eval:{}", error.code), error.message_en),
        },
    }
}

#[test]
fn hostile_texts_end_in_a_value_or_a_typed_error() {
    let cases: Vec<&str> =
        include_str!("corpus.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert!(cases.len() > 140);
    let run = move || {
        let scope = scope();
        let mut wrong = Vec::new();
        for case in cases {
            let mut parts = case.splitn(3, " | ");
            let (name, want, source) = (parts.next().unwrap(), parts.next().unwrap(), expand(parts.next().unwrap()));
            let start = Instant::now();
            let (got, detail) = outcome(&source, &scope);
            let took = start.elapsed();
            if (want != "any" && got != want) || took > PATIENCE {
                wrong.push(format!("{name}: wanted {want}, got {got} after {took:?} ({detail})"));
            }
            if std::env::var_os("CORPUS_TIMES").is_some() {
                eprintln!("{took:>12?} {name}: {got} {detail}");
            }
        }
        wrong
    };
    // The stack of an ordinary worker thread.
    let wrong = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap().join().unwrap();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn an_evaluation_deep_in_a_small_stack_does_not_overflow() {
    let program = Program::compile(&format!("{}a{}", "(1 + ".repeat(40), ")".repeat(40))).unwrap();
    let scope = MapScope::of(json!({"a": "x"}));
    let failed = std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(move || program.eval(&scope).map_err(|error| error.code.as_str()))
        .unwrap()
        .join()
        .unwrap();
    assert_eq!(failed, Err("type"));
}

#[test]
fn the_same_text_gives_the_same_value_every_time() {
    let scope = MapScope::of(json!({"m": {"z": 1, "b": 2, "q": 3, "a": 4, "x": {"d": 1, "c": 2}}}));
    let first: Value =
        Program::compile("[m, m.map(k, k), m.keys(), m.filter(k, k != 'b')]").unwrap().eval(&scope).unwrap();
    for _ in 0..50 {
        let again =
            Program::compile("[m, m.map(k, k), m.keys(), m.filter(k, k != 'b')]").unwrap().eval(&scope).unwrap();
        assert_eq!(again.to_string(), first.to_string());
    }
    assert_eq!(first[1], json!(["a", "b", "q", "x", "z"]));
}
