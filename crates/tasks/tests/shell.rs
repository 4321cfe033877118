//! The `shell` task with real commands.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use heddle_engine::tasks::{ErrorClass, TaskType};
use heddle_model::ids::WorkspaceId;
use heddle_model::limits;
use heddle_model::value::json;
use heddle_tasks::shell::{SHELL_DISABLED, SHELL_NOT_JSON, SHELL_TOO_LARGE, Shell, ShellConfig};
use std::time::{Duration, Instant};
use support::{failure, run, task};

const LIMIT: Duration = Duration::from_secs(20);

fn shell() -> Shell {
    Shell::new(&ShellConfig { enabled: true, ..ShellConfig::default() })
}

fn code(text: &str, class: ErrorClass, retryable: bool) -> (String, ErrorClass, bool) {
    (text.to_owned(), class, retryable)
}

#[tokio::test]
async fn it_is_off_by_default_and_in_other_workspaces() {
    let off = Shell::new(&ShellConfig::default());
    assert_eq!(failure(&off, json!({ "command": "true" })).await, code(SHELL_DISABLED, ErrorClass::Business, false));
    let config =
        |id| ShellConfig { enabled: true, workspaces: vec![WorkspaceId::from_u128(id)], ..ShellConfig::default() };
    assert_eq!(failure(&Shell::new(&config(9)), json!({ "command": "true" })).await.0, SHELL_DISABLED);
    run(&Shell::new(&config(1)), json!({ "command": "true" })).await.unwrap();
}

#[tokio::test]
async fn arguments_input_and_variables_arrive_as_they_are() {
    let evil = "'; touch hacked; $(id) `id` \n\"金额\"";
    let input = json!({ "command": "printf '%s|%s|' \"$1\" \"$2\"; cat; printf '|%s|%s' \"$GREETING\" \"$HEDDLE_KEY\"; ls >&2",
        "args": [evil, 7], "stdin": {"行": [1]}, "env": {"GREETING": "你好 $PATH"} });
    let output = run(&shell(), input).await.unwrap();
    assert_eq!(output["stdout"], json!(format!("{evil}|7|{{\"行\":[1]}}|你好 $PATH|wi_1/步骤/1")));
    assert_eq!((&output["code"], &output["stderr"]), (&json!(0), &json!("")), "the folder is new and empty");
}

#[tokio::test]
async fn the_servers_environment_is_not_passed_on() {
    // Set by cargo for every test, so it stands for whatever a server has.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let input = json!({ "command": "printf %s \"$CARGO_MANIFEST_DIR\"; printf %s \"${PATH:+path}\"" });
    assert_eq!(run(&shell(), input.clone()).await.unwrap()["stdout"], json!("path"));
    let named =
        ShellConfig { enabled: true, environment: Some(vec!["CARGO_MANIFEST_DIR".into()]), ..ShellConfig::default() };
    let output = run(&Shell::new(&named), input).await.unwrap();
    let own = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    assert!(output["stdout"].as_str().unwrap().starts_with(&own));
}

#[tokio::test]
async fn each_attempt_has_a_folder_that_is_gone_afterwards_unless_one_is_named() {
    let output = run(&shell(), json!({ "command": "echo x > file; pwd" })).await.unwrap();
    let folder = output["stdout"].as_str().unwrap().trim().to_owned();
    assert!(folder.contains("heddle-shell-") && !std::path::Path::new(&folder).exists(), "{folder}");
    let kept = tempfile::tempdir().unwrap();
    let config = ShellConfig { enabled: true, directory: Some(kept.path().to_owned()), ..ShellConfig::default() };
    run(&Shell::new(&config), json!({ "command": "echo x > file" })).await.unwrap();
    assert_eq!(std::fs::read_to_string(kept.path().join("file")).unwrap(), "x\n");
    let gone = ShellConfig { directory: Some(kept.path().join("nothing")), ..config };
    let error = run(&Shell::new(&gone), json!({ "command": "true" })).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), ("SHELL_START", ErrorClass::System));
    assert!(!error.message.contains("nothing"), "{error}");
}

#[tokio::test]
async fn ends_are_told_apart() {
    let error = run(&shell(), json!({ "command": "echo out; echo why >&2; exit 3" })).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class, error.retryable), ("SHELL_EXIT_3", ErrorClass::Business, true));
    assert_eq!(error.details, json!({ "code": 3, "stdout": "out\n", "stderr": "why\n" }));
    assert_eq!(
        failure(&shell(), json!({ "command": "exit 75" })).await,
        code("SHELL_EXIT_75", ErrorClass::System, true)
    );
    assert_eq!(
        failure(&shell(), json!({ "command": "kill -9 $$" })).await,
        code("SHELL_SIGNAL_9", ErrorClass::System, true)
    );
    assert_eq!(failure(&shell(), json!({ "command": "no-such-program" })).await.0, "SHELL_EXIT_127");
    assert_eq!(run(&shell(), json!({ "command": "exit 3", "expect": [0, 3] })).await.unwrap()["code"], json!(3));
    let json_out = json!({ "command": "echo '{\"数\": 1}'", "format": "json" });
    assert_eq!(run(&shell(), json_out).await.unwrap()["stdout"], json!({ "数": 1 }));
    let not = json!({ "command": "echo nope", "format": "json" });
    assert_eq!(failure(&shell(), not).await, code(SHELL_NOT_JSON, ErrorClass::Business, false));
}

#[tokio::test]
async fn too_much_output_ends_the_command_and_errors_are_cut() {
    let begun = Instant::now();
    let endless = json!({ "command": "yes", "max_bytes": 1000 });
    assert_eq!(failure(&shell(), endless).await, code(SHELL_TOO_LARGE, ErrorClass::Business, false));
    assert!(begun.elapsed() < LIMIT);
    let exact = json!({ "command": "printf %s 0123456789", "max_bytes": 10 });
    assert_eq!(run(&shell(), exact).await.unwrap()["stdout"], json!("0123456789"));
    let loud = run(&shell(), json!({ "command": "head -c 1000000 /dev/zero >&2; echo done" })).await.unwrap();
    assert_eq!(
        (loud["stderr"].as_str().unwrap().len(), &loud["stdout"]),
        (limits::SHELL_ERROR_BYTES, &json!("done\n"))
    );
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_killed() {
    let begun = Instant::now();
    let output = run(&shell(), json!({ "command": "sleep 1000 & echo $!" })).await.unwrap();
    assert!(begun.elapsed() < LIMIT, "a child that holds the pipe is not waited for");
    gone(output["stdout"].as_str().unwrap().trim()).await;
}

#[tokio::test]
async fn a_timeout_or_a_cancel_kills_the_whole_group() {
    for cancel in [false, true] {
        let kept = tempfile::tempdir().unwrap();
        let shell = Shell::new(&ShellConfig {
            enabled: true,
            directory: Some(kept.path().to_owned()),
            ..ShellConfig::default()
        });
        let task = task(json!({ "command": "sleep 1000 & echo $! > pid.new; mv pid.new pid; wait" }));
        let (cancelled, running) = (task.cancelled.clone(), tokio::spawn(async move { shell.execute(task).await }));
        let pid = heddle_testkit::until("the command runs", LIMIT, || async {
            std::fs::read_to_string(kept.path().join("pid")).ok()
        });
        let pid = pid.await.unwrap();
        if cancel {
            cancelled.cancel();
            assert_eq!(running.await.unwrap().unwrap_err().code, "CANCELLED");
        } else {
            // What a timeout does: the future is dropped.
            running.abort();
            assert!(running.await.unwrap_err().is_cancelled());
        }
        gone(pid.trim()).await;
    }
}

/// Waits until a process is dead (a zombie that nobody has reaped yet counts).
async fn gone(pid: &str) {
    let stat = format!("/proc/{pid}/stat");
    heddle_testkit::until("the process is dead", LIMIT, || async {
        let state = std::fs::read_to_string(&stat).ok().and_then(|text| Some(text.rsplit_once(") ")?.1.chars().next()));
        matches!(state, None | Some(Some('Z' | 'X'))).then_some(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn wrong_configs_are_told() {
    for wrong in [
        json!({}),
        json!({ "command": " " }),
        json!({ "command": "a\0b" }),
        json!({ "command": "true", "args": ["\0"] }),
        json!({ "command": "true", "env": {"A=B": "x"} }),
        json!({ "command": "true", "env": {"1": "x"} }),
        json!({ "command": "true", "env": {"A": "x\0"} }),
        json!({ "command": "true", "max_bytes": 0 }),
        json!({ "command": "true", "max_bytes": limits::SHELL_OUTPUT_BYTES + 1 }),
        json!({ "command": "true", "args": ["x".repeat(limits::SHELL_COMMAND_BYTES)] }),
        json!({ "command": "true", "typo": 1 }),
    ] {
        assert_eq!(failure(&shell(), wrong).await, code("CONFIG_INVALID", ErrorClass::Business, false));
    }
}
