//! `shell`: runs a command of the server's machine. Off unless an operator turns it on: whoever may edit workflows can then do there
//! whatever the server's account may.

use crate::config::{info, invalid, read, text};
use crate::process::{self, Caps, Finished, ProcessError};
use async_trait::async_trait;
use heddle_engine::tasks::{ErrorClass, Task, TaskError, TaskInfo, TaskOutput, TaskType};
use heddle_model::ids::WorkspaceId;
use heddle_model::limits;
use heddle_model::value::{Map, Value, json};
use serde::{Deserialize, Serialize};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use tokio::process::Command;

/// Code of a command on a server, or in a workspace, where `shell` is off.
pub const SHELL_DISABLED: &str = "SHELL_DISABLED";
/// Code of a command that could not be started.
pub const SHELL_START: &str = "SHELL_START";
/// Code of a command that wrote more than allowed; it was killed.
pub const SHELL_TOO_LARGE: &str = "SHELL_TOO_LARGE";
/// Code of output that should have been JSON.
pub const SHELL_NOT_JSON: &str = "SHELL_NOT_JSON";

/// What reads the command.
const SHELL: &str = "/bin/sh";
/// Variables of the server's environment that a command sees where the operator names none.
const ENVIRONMENT: [&str; 4] = ["PATH", "LANG", "LC_ALL", "TZ"];
/// "Try again later", by the convention of sysexits.h.
const TEMPORARY: i32 = 75;

/// The operator's settings of the `shell` task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShellConfig {
    /// Whether commands run at all.
    pub enabled: bool,
    /// Workspaces whose workflows may run commands; none named: all.
    pub workspaces: Vec<WorkspaceId>,
    /// Where commands run; absent: in a new empty folder each time, which is removed afterwards.
    pub directory: Option<PathBuf>,
    /// Variables of the server's environment that commands see; absent: `PATH`, `LANG`, `LC_ALL` and `TZ`.
    pub environment: Option<Vec<String>>,
    /// Commands that may run at a time; absent: `limits::SHELL_SLOTS`.
    pub slots: Option<usize>,
}

/// The `shell` task.
#[derive(Debug, Clone)]
pub struct Shell {
    config: ShellConfig,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShellTask {
    command: String,
    #[serde(default)]
    args: Vec<Value>,
    #[serde(default)]
    env: Map<String, Value>,
    stdin: Option<Value>,
    #[serde(default)]
    expect: Vec<i32>,
    #[serde(default)]
    format: Format,
    max_bytes: Option<usize>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Text,
    Json,
}

impl Shell {
    /// The task with an operator's settings.
    pub fn new(config: &ShellConfig) -> Self {
        Self { config: config.clone() }
    }

    async fn call(&self, task: &Task) -> Result<TaskOutput, TaskError> {
        if !self.config.enabled {
            let message = "commands are off on this server; an operator may turn them on with `enabled = true` under `[tasks.shell]`";
            return Err(TaskError::new(ErrorClass::Business, SHELL_DISABLED, message).permanent());
        }
        if !crate::config::is_open_to(&self.config.workspaces, task.workspace) {
            let message =
                "commands are off in this workspace; an operator may add it to `workspaces` under `[tasks.shell]`";
            return Err(TaskError::new(ErrorClass::Business, SHELL_DISABLED, message).permanent());
        }
        let config: ShellTask = read(&task.input)?;
        check(&config)?;
        let most =
            crate::config::max_bytes(config.max_bytes, limits::SHELL_OUTPUT_BYTES_DEFAULT, limits::SHELL_OUTPUT_BYTES)?;
        let (folder, _kept) = self.folder()?;
        let mut command = Command::new(SHELL);
        command.arg("-c").arg(&config.command).arg("sh").args(config.args.iter().map(text)).current_dir(folder);
        self.environment(&mut command, &config, task);
        let stdin = config.stdin.as_ref().map(text).unwrap_or_default();
        let caps = Caps { stdout: most, stderr: limits::SHELL_ERROR_BYTES };
        let finished = process::run(command, stdin.as_bytes(), caps).await.map_err(|error| failed(&error, most))?;
        judge(&config, &finished)
    }

    /// Where the command runs, and what removes that place.
    fn folder(&self) -> Result<(PathBuf, Option<tempfile::TempDir>), TaskError> {
        if let Some(folder) = &self.config.directory {
            return Ok((folder.clone(), None));
        }
        let made = tempfile::Builder::new().prefix("heddle-shell-").tempdir();
        let made = made.map_err(|error| failed(&ProcessError::Start(error), 0))?;
        Ok((made.path().to_owned(), Some(made)))
    }

    /// Nothing of the server's environment but what the operator named: it may hold passwords.
    fn environment(&self, command: &mut Command, config: &ShellTask, task: &Task) {
        command.env_clear();
        let named = self.config.environment.as_deref();
        let names = named.map_or_else(|| ENVIRONMENT.to_vec(), |names| names.iter().map(String::as_str).collect());
        // The one place where a task asks for the environment, by names that the operator gave.
        command.envs(names.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(config.env.iter().map(|(name, value)| (name, text(value))));
        command
            .env("HEDDLE_INSTANCE", task.instance.to_string())
            .env("HEDDLE_NODE", &*task.node)
            .env("HEDDLE_KEY", &task.key)
            .env("HEDDLE_ATTEMPT", task.attempt.to_string());
    }
}

fn check(config: &ShellTask) -> Result<(), TaskError> {
    let no_zero = |what: &str, value: &str| {
        if value.contains('\0') {
            Err(invalid(format!("{what} holds a character U+0000, which no program can be given")))
        } else {
            Ok(())
        }
    };
    if config.command.trim().is_empty() {
        return Err(invalid("`command` is empty"));
    }
    no_zero("`command`", &config.command)?;
    let mut bytes = config.command.len();
    for arg in &config.args {
        let arg = text(arg);
        no_zero("`args`", &arg)?;
        bytes += arg.len();
    }
    for (name, value) in &config.env {
        let (fits, value) = (name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()), text(value));
        if !fits || name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(invalid(format!(
                "`env` has `{name}`; write letters, digits and _, not beginning with a digit"
            )));
        }
        no_zero("`env`", &value)?;
        bytes += name.len() + value.len();
    }
    if bytes > limits::SHELL_COMMAND_BYTES {
        return Err(invalid(format!(
            "`command`, `args` and `env` have {bytes} bytes, more than {}; give large data as `stdin`",
            limits::SHELL_COMMAND_BYTES
        )));
    }
    Ok(())
}

/// From an end to an output, or to the error of that end.
fn judge(config: &ShellTask, finished: &Finished) -> Result<TaskOutput, TaskError> {
    let stderr = String::from_utf8_lossy(&finished.stderr);
    let Some(code) = finished.status.code() else {
        let signal = finished.status.signal().unwrap_or_default();
        let mut error = TaskError::new(
            ErrorClass::System,
            format!("SHELL_SIGNAL_{signal}"),
            format!("the command was ended by signal {signal}"),
        );
        error.details = json!({ "signal": signal, "stderr": stderr });
        return Err(error);
    };
    let expected = if config.expect.is_empty() { code == 0 } else { config.expect.contains(&code) };
    if !expected {
        let class = if code == TEMPORARY { ErrorClass::System } else { ErrorClass::Business };
        let mut error =
            TaskError::new(class, format!("SHELL_EXIT_{code}"), format!("the command ended with exit code {code}"));
        let stdout = String::from_utf8_lossy(&finished.stdout[..finished.stdout.len().min(limits::SHELL_ERROR_BYTES)]);
        error.details = json!({ "code": code, "stdout": stdout, "stderr": stderr });
        return Err(error);
    }
    let stdout = match config.format {
        Format::Text => Value::String(String::from_utf8_lossy(&finished.stdout).into_owned()),
        Format::Json => serde_json::from_slice(&finished.stdout).map_err(|error| {
            TaskError::new(ErrorClass::Business, SHELL_NOT_JSON, format!("the output is not JSON: {error}")).permanent()
        })?,
    };
    Ok(TaskOutput::value(json!({ "code": code, "stdout": stdout, "stderr": stderr })))
}

fn failed(error: &ProcessError, most: usize) -> TaskError {
    match error {
        ProcessError::TooLarge => TaskError::new(
            ErrorClass::Business,
            SHELL_TOO_LARGE,
            format!(
                "the output is larger than {most} bytes; raise `max_bytes` (at most {}) or write less",
                limits::SHELL_OUTPUT_BYTES
            ),
        )
        .permanent(),
        // Not the system's words: they may hold paths of the server.
        ProcessError::Start(why) => {
            TaskError::new(ErrorClass::System, SHELL_START, format!("the command cannot be started ({})", why.kind()))
        }
        ProcessError::Io(why) => TaskError::new(
            ErrorClass::System,
            SHELL_START,
            format!("the command's output cannot be read ({})", why.kind()),
        ),
    }
}

#[async_trait]
impl TaskType for Shell {
    fn info(&self) -> TaskInfo {
        info("shell")
    }

    fn slots(&self) -> Option<usize> {
        Some(self.config.slots.unwrap_or(limits::SHELL_SLOTS).max(1))
    }

    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        crate::config::until_cancelled(&task, self.call(&task)).await
    }
}
