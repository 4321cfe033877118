//! `script`: JavaScript of the author, in a process of its own that can compute and nothing else (`child`, `confine`). This side
//! starts it, bounds it from outside, and reads what came of it.

mod child;
mod confine;
mod run;
mod wire;

pub use child::child;
pub use confine::confine;

use crate::config::{info, invalid, read, until_cancelled};
use crate::process::{self, Caps, Finished, ProcessError};
use async_trait::async_trait;
use heddle_engine::tasks::{ErrorClass, Task, TaskError, TaskInfo, TaskOutput, TaskType};
use heddle_model::limits;
use heddle_model::value::Value;
use serde::{Deserialize, Serialize};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;
use wire::{Answer, Order};

/// The argument that makes a program run one script and end: see `child`.
pub const CHILD: &str = "__script";

/// The only variable of a script's process: how much address space the allocator of the product takes at the start, in KiB. Its usual
/// gigabyte would be there before the limit is set, and so be free to use.
pub const ALLOCATOR: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "65536");

/// Code of a script on a server where scripts are off.
pub const SCRIPT_DISABLED: &str = "SCRIPT_DISABLED";
/// Code of what a script throws, unless it has a `code` of its own.
pub const SCRIPT_ERROR: &str = "SCRIPT_ERROR";
/// Code of a source that is not JavaScript.
pub const SCRIPT_SYNTAX: &str = "SCRIPT_SYNTAX";
/// Code of a script that computed longer than `time_ms`.
pub const SCRIPT_CPU: &str = "SCRIPT_CPU";
/// Code of a script whose process got no end in time, because the machine is busy. Worth a retry.
pub const SCRIPT_TIMEOUT: &str = "SCRIPT_TIMEOUT";
/// Code of a script that wanted more memory than `memory_mb`.
pub const SCRIPT_MEMORY: &str = "SCRIPT_MEMORY";
/// Code of a script that waits for a promise that nothing resolves.
pub const SCRIPT_PENDING: &str = "SCRIPT_PENDING";
/// Code of a result that is larger than a script may return.
pub const SCRIPT_TOO_LARGE: &str = "SCRIPT_TOO_LARGE";
/// Code of a result that is not JSON: it holds itself, or a BigInt.
pub const SCRIPT_RESULT: &str = "SCRIPT_RESULT";
/// Code of a process that could not be started or broke down. Worth a retry.
pub const SCRIPT_PROCESS: &str = "SCRIPT_PROCESS";

/// The operator's settings of the `script` task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScriptConfig {
    /// Whether scripts run at all.
    pub enabled: bool,
    /// Scripts that may run at a time; absent: `limits::SCRIPT_SLOTS`.
    pub slots: Option<usize>,
}

impl Default for ScriptConfig {
    fn default() -> Self {
        Self { enabled: true, slots: None }
    }
}

/// The `script` task.
#[derive(Debug, Clone)]
pub struct Script {
    config: ScriptConfig,
    program: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptTask {
    source: String,
    #[serde(default)]
    input: Value,
    memory_mb: Option<u64>,
    time_ms: Option<u64>,
}

impl Script {
    /// The task with an operator's settings. The program that runs must call `child` when its first argument is `CHILD`.
    pub fn new(config: &ScriptConfig) -> Self {
        Self { config: config.clone(), program: None }
    }

    /// The same with another program as the process of scripts.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    async fn call(&self, task: &Task) -> Result<TaskOutput, TaskError> {
        if !self.config.enabled {
            let message = "scripts are off on this server; an operator may turn them on with `enabled = true` under `[tasks.script]`";
            return Err(permanent(SCRIPT_DISABLED, message));
        }
        let config: ScriptTask = read(&task.input)?;
        let order = order(config)?;
        let text = serde_json::to_vec(&order).map_err(|error| invalid(error.to_string()))?;
        let mut command = match self.program.clone().map_or_else(this_program, Ok) {
            Ok(program) => Command::new(program),
            Err(error) => return Err(broken(format!("the program cannot be found ({})", error.kind()))),
        };
        command.arg(CHILD).env_clear().env(ALLOCATOR.0, ALLOCATOR.1).current_dir("/");
        let caps = Caps { stdout: limits::SCRIPT_ANSWER_BYTES, stderr: limits::SHELL_ERROR_BYTES };
        let wall = Duration::from_millis(limits::SCRIPT_START_MS + limits::SCRIPT_WALL_FACTOR * order.time_ms);
        // Dropping the future at the end of the time kills the process.
        match tokio::time::timeout(wall, process::run(command, &text, caps)).await {
            Err(_) => {
                let message = format!("the script's process was not done within {} ms", wall.as_millis());
                Err(TaskError::new(ErrorClass::Timeout, SCRIPT_TIMEOUT, message))
            }
            Ok(Err(ProcessError::TooLarge)) => Err(too_large()),
            Ok(Err(error)) => Err(broken(error.to_string())),
            Ok(Ok(finished)) => judge(&finished, &order),
        }
    }
}

/// This very program, even where its file was replaced by a newer one meanwhile.
fn this_program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

fn order(config: ScriptTask) -> Result<Order, TaskError> {
    let memory_mb = config.memory_mb.unwrap_or(limits::SCRIPT_MEMORY_MB_DEFAULT);
    let time_ms = config.time_ms.unwrap_or(limits::SCRIPT_CPU_MS_DEFAULT);
    for (name, value, most) in
        [("memory_mb", memory_mb, limits::SCRIPT_MEMORY_MB), ("time_ms", time_ms, limits::SCRIPT_CPU_MS)]
    {
        if value == 0 || value > most {
            return Err(invalid(format!("`{name}` is {value}; it may be 1 to {most}")));
        }
    }
    if config.source.len() > limits::SCRIPT_SOURCE_BYTES {
        return Err(invalid(format!("`source` is longer than {} bytes", limits::SCRIPT_SOURCE_BYTES)));
    }
    Ok(Order { source: config.source, input: config.input, memory_mb, time_ms })
}

/// From the end of a process to an output or an error.
fn judge(finished: &Finished, order: &Order) -> Result<TaskOutput, TaskError> {
    if !finished.status.success() {
        return Err(match finished.status.signal() {
            // SIGXCPU, or the kill behind it.
            Some(9 | 24) => cpu(order),
            Some(signal) => broken(format!(
                "the script's process was ended by signal {signal}; it may have wanted more memory than there is"
            )),
            None => broken("the script's process broke down".to_owned()),
        });
    }
    let answer = serde_json::from_slice(&finished.stdout)
        .map_err(|_| broken("the script's process gave no answer".to_owned()))?;
    match answer {
        Answer::Done { result, logs } => {
            let output = serde_json::from_str::<Value>(&result)
                .map_err(|error| permanent(SCRIPT_RESULT, format!("the result cannot be read as JSON: {error}")))?;
            let logs = logs.into_iter().map(|(level, line)| (level.into(), line)).collect();
            Ok(TaskOutput { logs, ..TaskOutput::value(output) })
        }
        Answer::Thrown { code, message, place } => {
            let code = code.filter(|code| is_code(code)).unwrap_or_else(|| SCRIPT_ERROR.to_owned());
            let mut error = TaskError::new(ErrorClass::Business, code, message);
            error.details = place.map_or(Value::Null, |place| heddle_model::value::json!({ "at": place }));
            Err(error)
        }
        Answer::Syntax { message } => Err(permanent(SCRIPT_SYNTAX, message)),
        Answer::Cpu => Err(cpu(order)),
        Answer::Memory => Err(permanent(
            SCRIPT_MEMORY,
            format!("the script wanted more than {} MiB; raise `memory_mb`, or hold less at a time", order.memory_mb),
        )),
        Answer::Pending => Err(permanent(SCRIPT_PENDING, "the script waits for a promise that nothing resolves")),
        Answer::TooLarge => Err(too_large()),
        Answer::NotJson { message } => Err(permanent(SCRIPT_RESULT, format!("the result is not JSON: {message}"))),
    }
}

/// Whether a script may fail with this code: the form that codes have.
fn is_code(code: &str) -> bool {
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    code.starts_with(|c: char| c.is_ascii_uppercase())
        && code.len() <= limits::SCRIPT_CODE_BYTES
        && code.chars().all(fits)
}

fn permanent(code: &str, message: impl Into<String>) -> TaskError {
    TaskError::new(ErrorClass::Business, code, message).permanent()
}

fn broken(message: String) -> TaskError {
    TaskError::new(ErrorClass::System, SCRIPT_PROCESS, message)
}

fn cpu(order: &Order) -> TaskError {
    let message = format!(
        "the script computed for more than {} ms; raise `time_ms` (at most {})",
        order.time_ms,
        limits::SCRIPT_CPU_MS
    );
    // It would do so again.
    TaskError::new(ErrorClass::Timeout, SCRIPT_CPU, message).permanent()
}

fn too_large() -> TaskError {
    permanent(SCRIPT_TOO_LARGE, format!("the result is larger than {} bytes", limits::SCRIPT_RESULT_BYTES))
}

#[async_trait]
impl TaskType for Script {
    fn info(&self) -> TaskInfo {
        info("script")
    }

    fn slots(&self) -> Option<usize> {
        Some(self.config.slots.unwrap_or(limits::SCRIPT_SLOTS).max(1))
    }

    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        until_cancelled(&task, self.call(&task)).await
    }
}
