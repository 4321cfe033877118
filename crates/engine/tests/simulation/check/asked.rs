//! What clients asked, against what happened: starts, commands, messages.

use super::Evidence;
use crate::server::Answer;
use heddle_model::ids::InstanceId;
use std::collections::BTreeMap;

/// I1 and I10: what was acknowledged exists, once; what exists was asked for, and has ended or is open.
pub(super) fn starts(evidence: &Evidence<'_>) {
    let world = evidence.world;
    let starts = evidence.history.starts.lock().unwrap().clone();
    let mut of_wish: BTreeMap<u64, Vec<InstanceId>> = BTreeMap::new();
    for folded in evidence.instances.values() {
        let Some(wish) = folded.state.input.0["wish"].as_u64() else {
            world.violation(format!("I10: nobody asked for {}", folded.state.id));
            continue;
        };
        of_wish.entry(wish).or_default().push(folded.state.id);
    }
    for (wish, instances) in &of_wish {
        if instances.len() > 1 {
            world.violation(format!("I1: wish {wish} has {instances:?}"));
        }
    }
    for start in &starts {
        let exists = |id: &InstanceId| evidence.instances.contains_key(id);
        match &start.answer {
            Answer::Done(told) if !exists(told) || of_wish.get(&start.wish) != Some(&vec![*told]) => {
                world.violation(format!(
                    "I1: {told} was acknowledged for {}: {:?}",
                    start.wish,
                    of_wish.get(&start.wish)
                ));
            }
            Answer::Refused(why) if exists(&start.instance) => {
                world.violation(format!("I1: {} was refused ({why}) and exists", start.instance));
            }
            _ => {}
        }
    }
    let created = world.notes().created.len();
    if created != evidence.instances.len() {
        world.violation(format!("I10: {created} were created, {} are there", evidence.instances.len()));
    }
}

/// Commands that leave a word in the journal: heard once where acknowledged, never where refused.
pub(super) fn commands(evidence: &Evidence<'_>) {
    for asked in evidence.history.asked.lock().unwrap().iter().filter(|it| !matches!(it.word, "message" | "signal")) {
        let Some(folded) = evidence.instances.get(&asked.instance) else { continue };
        let heard = folded.heard.get(&asked.actor).copied().unwrap_or(0);
        let fits = match asked.answer {
            Answer::Done(()) => heard == 1,
            Answer::Refused(_) => heard == 0,
            Answer::Unknown => heard <= 1,
        };
        if !fits {
            evidence.world.violation(format!(
                "G2: {} ({}) of {} was {:?} and is in the journal {heard} times",
                asked.actor, asked.word, asked.instance, asked.answer
            ));
        }
    }
}

/// I6: a message that was acknowledged was consumed once, or can be seen; one that was refused left nothing.
pub(super) fn messages(evidence: &Evidence<'_>) {
    for asked in evidence.history.asked.lock().unwrap().iter() {
        let Some(number) = asked.message else { continue };
        let Some(folded) = evidence.instances.get(&asked.instance) else { continue };
        let seen = folded.messages.get(&number).copied().unwrap_or_default();
        let arrived = seen.consumed + seen.kept + seen.held + seen.dropped > 0;
        let fits = match asked.answer {
            Answer::Done(()) => arrived,
            Answer::Refused(_) => !arrived,
            Answer::Unknown => true,
        };
        if !fits || seen.consumed > 1 || seen.consumed + seen.dropped > 1 {
            evidence
                .world
                .violation(format!("I6: message {number} of {} was {:?}: {seen:?}", asked.instance, asked.answer));
        }
    }
}
