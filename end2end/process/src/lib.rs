//! Tests of the real binary as a process: clients that remember what they were told, and a checker that holds their memory
//! against what the server says after it was killed. Everything goes over HTTP, as for any stranger.

pub mod account;
pub mod checker;
pub mod clients;
pub mod cluster;
pub mod fault;
pub mod history;
pub mod place;
pub mod round;
pub mod workflow;

/// How many rounds a crash test runs: 5, and 25 in the long run.
pub fn rounds() -> usize {
    if std::env::var_os("HEDDLE_LONG").is_some() { 25 } else { 5 }
}
