//! The process of one script: reads an order, gives up every right that computing does not need, runs, answers, ends.

use super::confine::confine;
use super::run::run;
use super::wire::Order;
use heddle_model::limits;
use std::io::{Read, Write};
use std::process::ExitCode;

/// Runs the script on the standard input and answers on the standard output. Call it first thing in `main`, before there are threads,
/// open files or secrets in memory, when the program's first argument is [`super::CHILD`].
pub fn child() -> ExitCode {
    let most = limits::PAYLOAD_BYTES + limits::SCRIPT_SOURCE_BYTES + limits::BODY_BYTES;
    let mut text = Vec::new();
    if std::io::stdin().lock().take(most as u64).read_to_end(&mut text).is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(order) = serde_json::from_slice::<Order>(&text) else { return ExitCode::FAILURE };
    drop(text);
    // Without its limits nothing runs.
    if confine(order.memory_mb, order.time_ms).is_err() {
        return ExitCode::FAILURE;
    }
    let answer = serde_json::to_vec(&run(&order)).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    if out.write_all(&answer).and_then(|()| out.flush()).is_err() {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
