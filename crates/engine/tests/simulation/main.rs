//! Deterministic simulation: the real runtime over the memory storage, in virtual time, on one thread, with everything that is up to
//! chance taken from a seed (docs/TESTING.md, ring 2½).
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod chance;
mod check;
mod clients;
mod flows;
mod gate;
mod history;
mod operator;
mod owners;
mod scenario;
mod server;
mod store;
mod tasks;
mod workers;
mod world;
#[path = "../common/wrapped.rs"]
mod wrapped;

use std::ops::Range;
use std::panic::AssertUnwindSafe;

/// Seeds of a usual run, and of a long one.
const SEEDS: u64 = 2_000;
const SEEDS_LONG: u64 = 50_000;
/// Failing seeds after which a run gives up.
const ENOUGH: usize = 10;

/// The seeds to run: `HEDDLE_SEED=7` or `HEDDLE_SEED=7..90`, else the first so many.
fn seeds() -> Range<u64> {
    let Ok(wanted) = std::env::var("HEDDLE_SEED") else {
        return 0..if std::env::var_os("HEDDLE_LONG").is_some() { SEEDS_LONG } else { SEEDS };
    };
    match wanted.split_once("..") {
        Some((from, to)) => from.parse().unwrap()..to.parse().unwrap(),
        None => {
            let seed = wanted.parse().unwrap();
            seed..seed + 1
        }
    }
}

#[test]
fn every_seed_keeps_every_invariant() {
    let seeds = seeds();
    // With one seed the trace is wanted.
    let shown = seeds.end - seeds.start == 1 && std::env::var_os("HEDDLE_TRACE").is_some();
    let (mut failed, mut ran, mut lines) = (Vec::new(), 0u64, 0u64);
    for seed in seeds {
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| scenario::run(seed, shown)));
        ran += 1;
        let violations = match result {
            Ok(outcome) => {
                lines += outcome.lines;
                outcome.violations
            }
            Err(_) => vec!["it panicked; the message stands above".to_owned()],
        };
        if !violations.is_empty() {
            eprintln!("\nseed {seed} fails:");
            violations.iter().for_each(|violation| eprintln!("  {violation}"));
            eprintln!(
                "  replay: HEDDLE_SEED={seed} HEDDLE_TRACE=1 cargo test -p heddle-engine --test simulation every_seed"
            );
            failed.push(seed);
            if failed.len() >= ENOUGH {
                break;
            }
        }
    }
    eprintln!("{ran} seeds, {lines} lines of trace");
    assert!(failed.is_empty(), "{} of {ran} seeds fail: {failed:?}", failed.len());
}

#[test]
fn g4_every_late_write_of_a_frozen_owner_is_refused() {
    owners::an_old_fence_opens_nothing();
    for seed in 0..100 {
        let outcome = owners::frozen_owner(seed, false);
        assert!(outcome.violations.is_empty(), "seed {seed}: {:#?}", outcome.violations);
    }
}

/// Where seeds choose steps at random, this takes each one: the engine dies instead of its n-th step, for every n of a small run.
#[test]
fn death_at_every_single_step_of_a_run() {
    let steps = scenario::death_at(11, u64::MAX).1;
    assert!(steps > 100, "{steps} steps");
    for step in 1..=steps {
        let (outcome, _) = scenario::death_at(11, step);
        assert!(outcome.violations.is_empty(), "step {step}: {:#?}", outcome.violations);
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..40 {
        let (first, second) = (scenario::run(seed, false), scenario::run(seed, false));
        assert_eq!(first, second, "seed {seed} depends on something else than its number");
        assert!(first.lines > 20);
    }
}
