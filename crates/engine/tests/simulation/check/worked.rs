//! I3 and I4: results that were taken, against attempts that really ran and tokens that were really given out.

use super::Evidence;
use crate::server::Answer;
use heddle_model::ids::InstanceId;
use heddle_model::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Built-in tasks: an attempt runs once, after the commit that begins it; the result that is taken is that attempt's own.
pub(super) fn built_in(evidence: &Evidence<'_>) {
    let world = evidence.world;
    let runs = world.notes().runs.clone();
    let mut ran = BTreeSet::new();
    for (place, run) in runs.iter().enumerate() {
        if !ran.insert((run.key.clone(), run.attempt)) {
            world.violation(format!("G3: attempt {} of {} ran twice (run {place})", run.attempt, run.key));
        }
        let Some(folded) = evidence.instances.get(&run.instance) else {
            world.violation(format!("G3: run {place} of {} is of no instance", run.key));
            continue;
        };
        let begun = folded.begun.get(&(run.key.clone(), run.attempt)).copied();
        if begun.is_none_or(|begun| begun > run.order) {
            world.violation(format!("G3: attempt {} of {} ran before its start was durable", run.attempt, run.key));
        }
    }
    for folded in evidence.instances.values() {
        let mut taken = BTreeMap::new();
        for result in &folded.taken {
            let number = result.what.0.get("run").and_then(Value::as_u64).or_else(|| {
                result.what.0.as_str().and_then(|text| text.strip_prefix("run ")).and_then(|text| text.parse().ok())
            });
            let Some(number) = number else { continue };
            let run = &runs[number as usize];
            let own = run.instance == folded.state.id && run.node == result.node && run.attempt == result.attempt;
            // Held while the instance was paused, and taken after it: by the same execution.
            if !own || *taken.entry(number).or_insert(result.number) != result.number {
                world.violation(format!("I3: {} took {run:?} as {result:?}", folded.state.id));
            }
        }
    }
}

/// Jobs: a token's answer is taken at most once, while the token is the job's newest, and for the attempt it was given for.
pub(super) fn external(evidence: &Evidence<'_>) {
    let world = evidence.world;
    let notes = world.notes();
    let (given, offers) = (notes.given.clone(), notes.offers.clone());
    drop(notes);
    let mut taken: BTreeSet<(u64, InstanceId, u32, u32)> = BTreeSet::new();
    for folded in evidence.instances.values() {
        for result in &folded.taken {
            let token = result.what.0.get("token").and_then(Value::as_u64).or_else(|| {
                result.what.0.as_str().and_then(|text| text.strip_prefix("token ")).and_then(|text| text.parse().ok())
            });
            let Some(token) = token else { continue };
            taken.insert((token, folded.state.id, result.number, result.attempt));
            let Some(own) = given.get(&token) else {
                world.violation(format!("I4: token {token:x}, which nobody was given, was taken in {result:?}"));
                continue;
            };
            let offered =
                |before: u64| offers.get(&own.job).and_then(|all| all.iter().rfind(|&&at| at < before).copied());
            if folded.state.id.job(result.number) != own.job || offered(own.order) != offered(result.order) {
                world.violation(format!("I4: token {token:x} of another offer was taken in {result:?}"));
            }
        }
    }
    let worked = evidence.history.worked.lock().unwrap().clone();
    let mut done: BTreeMap<u64, u32> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for answer in &worked {
        match answer.answer {
            Answer::Done(()) => *done.entry(answer.token).or_default() += 1,
            Answer::Unknown => drop(unknown.insert(answer.token)),
            Answer::Refused(_) => {}
        }
        let newer = given.get(&answer.token).is_some_and(|own| {
            given.values().any(|it| it.job == own.job && it.order > own.order && it.order < answer.began)
        });
        if newer && matches!(answer.answer, Answer::Done(())) {
            world.violation(format!("I4: token {:x} was taken after a newer one was given", answer.token));
        }
    }
    for token in worked.iter().map(|it| it.token).collect::<BTreeSet<_>>() {
        let done = done.get(&token).copied().unwrap_or(0);
        let taken = taken.iter().filter(|it| it.0 == token).count() as u32;
        let passed_over = given.get(&token).is_some_and(|own| {
            evidence.instances.get(&own.instance).is_some_and(|folded| folded.passed_over.contains(&own.number))
        });
        let fits = if passed_over && taken == 0 {
            done <= 1
        } else if unknown.contains(&token) {
            done <= 1 && taken <= 1 && done <= taken
        } else {
            done == taken && done <= 1
        };
        if !fits {
            world.violation(format!("I4: token {token:x} was acknowledged {done} times and taken {taken} times"));
        }
    }
}
