//! The `script` task with its real child process: what scripts can do, and some forty that want more than they may have.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use heddle_engine::tasks::{ErrorClass, TaskType};
use heddle_model::limits;
use heddle_model::value::{Value, json};
use heddle_tasks::script::*;
use std::time::{Duration, Instant};
use support::{failure, run, task};

const PROGRAM: &str = env!("CARGO_BIN_EXE_heddle-script-child");

fn script() -> Script {
    Script::new(&ScriptConfig::default()).with_program(PROGRAM)
}

fn source(text: &str) -> Value {
    json!({ "source": text })
}

async fn result(text: &str) -> Value {
    run(&script(), source(text)).await.unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[tokio::test]
async fn input_goes_in_and_a_result_comes_out() {
    let input = json!({ "source": "const sum = input.lines.reduce((all, line) => all + line.amount, 0);\nreturn { sum, 大: sum > 10, name: input['名'] };",
        "input": { "lines": [{ "amount": 4 }, { "amount": 8.5 }], "名": "订单 \"7\" \\ \u{2028}" } });
    let output = run(&script(), input).await.unwrap();
    assert_eq!(output, json!({ "sum": 12.5, "大": true, "name": "订单 \"7\" \\ \u{2028}" }));
    for (text, want) in [
        ("return 1 + 1", json!(2)),
        ("", json!(null)),
        ("return undefined", json!(null)),
        ("return () => 1", json!(null)),
        ("return [NaN, undefined, new Date(0), /x/.test('x')]", json!([null, null, "1970-01-01T00:00:00.000Z", true])),
        ("return await Promise.all([1, Promise.resolve(2)])", json!([1, 2])),
        ("const wait = async () => 3; return await wait() // the end", json!(3)),
        ("return typeof input", json!("object")),
        ("return [...new Set([1, 1, 2])].length + new Map([[1, 2]]).get(1)", json!(4)),
        ("return '金额'.normalize('NFC').length", json!(2)),
        ("return String(this)", json!("undefined")),
    ] {
        assert_eq!(result(text).await, want, "{text}");
    }
}

#[tokio::test]
async fn what_is_thrown_becomes_an_error_with_its_code() {
    let thrown = "const e = new Error('没有 of it'); e.code = 'OUT_OF_STOCK'; throw e";
    let error = run(&script(), source(thrown)).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class, error.retryable), ("OUT_OF_STOCK", ErrorClass::Business, true));
    assert_eq!(error.message, "没有 of it");
    for (text, code, part) in [
        ("throw new TypeError('wrong')", SCRIPT_ERROR, "TypeError: wrong"),
        ("throw 'only a text'", SCRIPT_ERROR, "only a text"),
        ("throw null", SCRIPT_ERROR, "null"),
        ("return nothing.here", SCRIPT_ERROR, "nothing"),
        ("await Promise.reject(new Error('late'))", SCRIPT_ERROR, "late"),
        ("const e = new Error('x'); e.code = 'small letters'; throw e", SCRIPT_ERROR, "x"),
        ("const e = new Error('x'); e.code = 'A'.repeat(100); throw e", SCRIPT_ERROR, "x"),
        ("throw new Error('x'.repeat(1e6))", SCRIPT_ERROR, "xxx"),
        ("return {", SCRIPT_SYNTAX, "SyntaxError"),
        ("import fs from 'fs'", SCRIPT_SYNTAX, "SyntaxError"),
        ("with (input) { return 1 }", SCRIPT_SYNTAX, "SyntaxError"),
        ("const a = {}; a.a = a; return a", SCRIPT_RESULT, "circular"),
        ("return 10n", SCRIPT_RESULT, "BigInt"),
        ("return { toJSON() { throw new Error('no') } }", SCRIPT_RESULT, "no"),
        ("let a = []; for (let i = 0; i < 500; i++) a = [a]; return a", SCRIPT_RESULT, "recursion"),
        ("return '\\ud800'", SCRIPT_RESULT, "JSON"),
    ] {
        let error = run(&script(), source(text)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.class), (code, ErrorClass::Business), "{text}: {error}");
        assert!(
            error.message.contains(part) && error.message.chars().count() <= limits::SCRIPT_MESSAGE_CHARS + 100,
            "{text}: {error}"
        );
    }
}

#[tokio::test]
async fn the_console_writes_into_the_log_within_bounds() {
    let output = script()
        .execute(task(source("console.log('行', { a: 1 }, undefined); console.warn('w'); return 1")))
        .await
        .unwrap();
    assert_eq!(output.logs, [("info".into(), "行 {\"a\":1} undefined".to_owned()), ("warn".into(), "w".to_owned())]);
    let output = script()
        .execute(task(source("for (let i = 0; i < 1000; i++) console.log('x'.repeat(1000)); return 1")))
        .await
        .unwrap();
    let bytes: usize = output.logs.iter().map(|(_, line)| line.len()).sum();
    assert!(output.logs.len() <= limits::SCRIPT_LOG_LINES && bytes <= limits::LOG_MESSAGE_BYTES, "{bytes}");
}

/// Each must end within its limits, and with one of the codes.
#[tokio::test]
async fn scripts_that_never_end_or_take_everything_are_ended() {
    const CPU: &[&str] = &[SCRIPT_CPU];
    const MEMORY: &[&str] = &[SCRIPT_MEMORY];
    const EITHER: &[&str] = &[SCRIPT_CPU, SCRIPT_MEMORY, SCRIPT_PROCESS, SCRIPT_ERROR, SCRIPT_TOO_LARGE];
    const STACK: &[&str] = &[SCRIPT_ERROR, SCRIPT_MEMORY, SCRIPT_CPU];
    for (text, codes) in [
        ("for (;;);", CPU),
        ("while (true) { try { for (;;); } catch {} finally { for (;;); } }", CPU),
        ("await (async () => { for (;;) await null })()", CPU),
        ("const f = () => Promise.resolve().then(f); await f()", CPU),
        ("return /^(a+)+$/.test('a'.repeat(40) + '!')", CPU),
        ("return { toJSON() { for (;;); } }", CPU),
        ("throw { get message() { for (;;); } }", &[SCRIPT_ERROR, SCRIPT_CPU]),
        ("const e = new Error('x'); Object.defineProperty(e, 'name', { get() { for (;;); } }); throw e", CPU),
        ("const e = new Error('x'); Object.defineProperty(e, 'code', { get() { for (;;); } }); throw e", CPU),
        ("return new Proxy({}, { ownKeys() { for (;;); } })", CPU),
        ("Object.prototype.toJSON = function () { for (;;); }; return {}", CPU),
        ("const a = []; a.length = 2 ** 32 - 1; return a.sort().length", EITHER),
        ("return [].concat(...Array(1e7).fill([1])).length", EITHER),
        ("return Array(2 ** 31).fill(0).length", EITHER),
        ("return 'x'.repeat(2 ** 29).length", EITHER),
        ("let s = 'x'; for (;;) s += s", EITHER),
        ("const all = []; for (;;) all.push(new Array(1000).fill(all.length))", EITHER),
        ("const all = []; for (;;) all.push({})", EITHER),
        ("let m = new Map(); for (let i = 0; ; i++) m.set(i, 'x'.repeat(1000))", EITHER),
        ("return new ArrayBuffer(2 ** 33).byteLength", EITHER),
        ("const all = []; for (;;) all.push(new Uint8Array(1e6))", MEMORY),
        ("const all = []; for (;;) { try { all.push(new Uint8Array(1e6).fill(1)) } catch { } }", CPU),
        ("return 2n ** 100000000n > 1n", EITHER),
        ("let n = 3n; for (;;) n *= n", EITHER),
        ("return JSON.parse('['.repeat(1e6))", STACK),
        ("return JSON.stringify((() => { let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return a })())", STACK),
        ("const f = () => f(); return f()", STACK),
        ("const f = () => { try { f() } finally { f() } }; f()", CPU),
        ("class A { get x() { return this.x } } return new A().x", STACK),
        ("const p = new Proxy({}, { get: (t, k, r) => r[k] }); return p.x", STACK),
        ("return eval('('.repeat(1e5))", STACK),
        ("return new Function('return '.concat('['.repeat(1e5)))()", STACK),
        ("return new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('x')", STACK),
        ("return 'x'.repeat(300000)", &[SCRIPT_TOO_LARGE]),
        ("return Array(200000).fill(1)", &[SCRIPT_TOO_LARGE]),
        ("return { toJSON: () => '\\u0000'.repeat(100000) }", &[SCRIPT_TOO_LARGE]),
        ("await new Promise(() => {})", &[SCRIPT_PENDING]),
        ("await { then() {} }", &[SCRIPT_PENDING]),
        ("return new Promise(() => {})", &[SCRIPT_PENDING]),
        ("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); return 1", &[SCRIPT_ERROR]),
    ] {
        let begun = Instant::now();
        let (code, class, retryable) = failure(&script(), json!({ "source": text, "time_ms": 100 })).await;
        assert!(codes.contains(&code.as_str()), "{text}: {code}");
        assert_eq!(class == ErrorClass::Timeout, code == SCRIPT_CPU, "{text}");
        assert!(!(retryable && code == SCRIPT_CPU), "{text}: it would do so again");
        let wall = limits::SCRIPT_START_MS + limits::SCRIPT_WALL_FACTOR * 100;
        assert!(begun.elapsed() < Duration::from_millis(wall + 2_000), "{text}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn there_is_nothing_of_the_world_inside() {
    for name in [
        "require", "process", "std", "os", "bjson", "fetch", "XMLHttpRequest", "WebSocket", "Deno", "Bun", "Worker",
        "setTimeout", "setInterval", "print", "load", "read", "scriptArgs", "gc", "navigator", "window", "global",
        "module",
    ] {
        assert_eq!(result(&format!("return typeof {name}")).await, json!("undefined"), "{name}");
    }
    for (text, part) in [
        ("return await import('std')", ""),
        ("return await import('/etc/passwd')", ""),
        ("return (() => {}).constructor('return process')()", "process"),
        ("return ({}).constructor.constructor('return this.std.open(\"/etc/passwd\")')()", ""),
        ("return globalThis.constructor.constructor('return require')()", "require"),
        ("Error.prepareStackTrace = (_, frames) => frames; return new Error().stack[0].getThis().process.env", ""),
    ] {
        let error = run(&script(), source(text)).await.unwrap_err();
        assert!(error.code == SCRIPT_ERROR && error.message.contains(part), "{text}: {error}");
    }
    // Whatever a script breaks is broken for itself alone.
    result("Object.prototype.x = 1; Array.prototype.push = null; JSON.stringify = null; globalThis.Promise = null; return 1").await;
    assert_eq!(result("return typeof ({}).x").await, json!("undefined"));
    assert_eq!(
        result("}); globalThis.out = 1; (function () { return 2").await,
        json!(2),
        "closing the function early is no way out"
    );
}

#[test]
fn even_machine_code_could_do_nothing_in_there() {
    let probe =
        std::process::Command::new(PROGRAM).arg("probe").env_clear().env(ALLOCATOR.0, ALLOCATOR.1).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&probe.stdout), "possible: \n", "{probe:?}");
}

#[tokio::test]
async fn limits_can_be_raised_up_to_a_bound() {
    let busy = "const end = Date.now() + 400; while (Date.now() < end); return 'x'.repeat(70 * 2 ** 20).length";
    let raised = json!({ "source": busy, "time_ms": 5_000, "memory_mb": 128 });
    assert_eq!(run(&script(), raised).await.unwrap(), json!(70 * 1024 * 1024));
    for wrong in [
        json!({}),
        json!({ "source": 1 }),
        json!({ "source": "return 1", "time_ms": 0 }),
        json!({ "source": "return 1", "time_ms": limits::SCRIPT_CPU_MS + 1 }),
        json!({ "source": "return 1", "memory_mb": 0 }),
        json!({ "source": "return 1", "memory_mb": limits::SCRIPT_MEMORY_MB + 1 }),
        json!({ "source": "x".repeat(limits::SCRIPT_SOURCE_BYTES + 1) }),
        json!({ "source": "return 1", "typo": 1 }),
    ] {
        assert_eq!(failure(&script(), wrong).await, ("CONFIG_INVALID".into(), ErrorClass::Business, false));
    }
}

#[tokio::test]
async fn operators_can_switch_it_off_and_a_missing_program_is_told() {
    let off = Script::new(&ScriptConfig { enabled: false, slots: None }).with_program(PROGRAM);
    assert_eq!(failure(&off, source("return 1")).await, (SCRIPT_DISABLED.into(), ErrorClass::Business, false));
    let missing = script().with_program("/no/such/program");
    assert_eq!(failure(&missing, source("return 1")).await, (SCRIPT_PROCESS.into(), ErrorClass::System, true));
    // A program that is not a script's child gives no answer.
    assert_eq!(failure(&script().with_program("/bin/true"), source("return 1")).await.0, SCRIPT_PROCESS);
}

#[tokio::test]
async fn a_cancelled_script_is_gone() {
    // A name of its own, to tell it from the scripts of other tests.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    std::os::unix::fs::symlink(PROGRAM, &program).unwrap();
    let name = program.display().to_string();
    let script = script().with_program(program);
    let task = task(json!({ "source": "for (;;);", "time_ms": 10_000 }));
    let (cancelled, running) = (task.cancelled.clone(), tokio::spawn(async move { script.execute(task).await }));
    let mine = || children().contains(&name);
    heddle_testkit::until("it runs", Duration::from_secs(10), || async { mine().then_some(()) }).await.unwrap();
    cancelled.cancel();
    assert_eq!(running.await.unwrap().unwrap_err().code, "CANCELLED");
    // A quarter of the time that it has for itself.
    heddle_testkit::until("it is gone", Duration::from_millis(2_500), || async { (!mine()).then_some(()) })
        .await
        .unwrap();
}

/// The command lines of this test's child processes.
fn children() -> String {
    let me = std::process::id().to_string();
    let is_mine = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.split(' ').nth(1) == Some(&me))
    };
    let pids = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    pids.filter(|pid| is_mine(pid))
        .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok())
        .collect()
}
