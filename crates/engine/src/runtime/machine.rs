//! What the engine takes from the machine that it runs on beside time (`clock`): randomness, and tasks of its own.
//!
//! Everything else follows from what it is asked and what the database answers. A simulation gives it another machine, and can so
//! replay a run from a number and stop an engine in the middle of any step (crates/engine/tests/simulation).

use futures::future::BoxFuture;

/// Randomness and tasks.
pub trait Machine: std::fmt::Debug + Send + Sync + 'static {
    /// Fills `bytes` with randomness good enough for what nobody may guess.
    fn random(&self, bytes: &mut [u8]);
    /// Runs a task on its own until its end.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}

/// The machine as the operating system and tokio show it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealMachine;

impl Machine for RealMachine {
    fn random(&self, bytes: &mut [u8]) {
        if let Err(why) = getrandom::fill(bytes) {
            // Without randomness no id is safe to give: the process cannot go on.
            tracing::error!(%why, "the operating system gives no randomness");
            std::process::abort();
        }
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }
}
