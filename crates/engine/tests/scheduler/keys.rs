//! Concurrency keys: who may begin.

use super::support::workspace;
use heddle_engine::scheduler::{Holder, Keys, PermitName, PermitWish, Verdict};
use heddle_model::definition::AtLimit;
use heddle_model::ids::InstanceId;
use proptest::prelude::*;

fn holder(n: u32) -> Holder {
    Holder::Job(InstanceId::from_u128(u128::from(n)), 0)
}

fn wish(key: &str, n: u32, limit: u32, at_limit: AtLimit) -> PermitWish {
    let name = PermitName { workspace: workspace(1), of_instances: false, key: key.into() };
    PermitWish { name, holder: holder(n), limit, at_limit, priority: 5, has_begun: false }
}

#[test]
fn one_too_many_waits_until_another_ends_the_most_urgent_first() {
    let mut keys = Keys::default();
    assert_eq!(keys.acquire(wish("a", 1, 2, AtLimit::Queue)), [Verdict::Granted(holder(1))]);
    assert_eq!(keys.acquire(wish("a", 2, 2, AtLimit::Queue)), [Verdict::Granted(holder(2))]);
    assert_eq!(keys.acquire(wish("a", 3, 2, AtLimit::Queue)), []);
    assert_eq!(keys.acquire(PermitWish { priority: 9, ..wish("a", 4, 2, AtLimit::Queue) }), []);
    assert_eq!(
        keys.acquire(wish("b", 5, 2, AtLimit::Queue)),
        [Verdict::Granted(holder(5))],
        "another value of the key"
    );
    let why = keys.why(holder(3)).unwrap();
    assert_eq!((&*why.key, why.limit, why.holders, why.ahead), ("a", 2, vec![holder(1), holder(2)], 1));
    assert_eq!(keys.why(holder(1)), None, "it does not wait");
    assert_eq!(keys.release(holder(1)), [Verdict::Granted(holder(4))]);
    assert_eq!(keys.release(holder(1)), [], "a second time nothing happens");
    assert_eq!(keys.release(holder(3)), [], "it waited, and does so no more");
    assert_eq!(keys.release(holder(2)), []);
    assert_eq!(keys.known().into_iter().collect::<Vec<_>>(), [holder(4), holder(5)]);
}

#[test]
fn one_too_many_is_refused_or_takes_the_place_of_the_oldest() {
    let mut keys = Keys::default();
    keys.acquire(wish("a", 1, 2, AtLimit::Reject));
    keys.acquire(wish("a", 2, 2, AtLimit::Reject));
    assert_eq!(keys.acquire(wish("a", 3, 2, AtLimit::Reject)), [Verdict::Refused(holder(3))]);
    assert_eq!(
        keys.acquire(wish("a", 4, 2, AtLimit::Replace)),
        [Verdict::Replaced(holder(1)), Verdict::Granted(holder(4))]
    );
    assert_eq!(keys.release(holder(1)), [], "who was replaced holds nothing");
    assert_eq!(keys.acquire(wish("a", 5, 2, AtLimit::Reject)), [Verdict::Refused(holder(5))]);
}

#[test]
fn what_has_begun_holds_whatever_the_limit_and_is_not_counted_twice() {
    let mut keys = Keys::default();
    let begun = |n| PermitWish { has_begun: true, ..wish("a", n, 1, AtLimit::Queue) };
    keys.acquire(begun(1));
    assert_eq!(keys.acquire(begun(2)), [Verdict::Granted(holder(2))]);
    assert_eq!(keys.acquire(begun(2)), [Verdict::Granted(holder(2))]);
    keys.acquire(wish("a", 3, 1, AtLimit::Queue));
    assert_eq!(keys.release(holder(1)), [], "there is still one");
    assert_eq!(keys.release(holder(2)), [Verdict::Granted(holder(3))]);
}

#[test]
fn keys_of_instances_and_of_tasks_never_meet_nor_those_of_workspaces() {
    let mut keys = Keys::default();
    keys.acquire(wish("a", 1, 1, AtLimit::Queue));
    let mut of_instance = wish("a", 2, 1, AtLimit::Queue);
    of_instance.name.of_instances = true;
    assert_eq!(keys.acquire(of_instance), [Verdict::Granted(holder(2))]);
    let mut elsewhere = wish("a", 3, 1, AtLimit::Queue);
    elsewhere.name.workspace = workspace(2);
    assert_eq!(keys.acquire(elsewhere), [Verdict::Granted(holder(3))]);
}

proptest! {
    /// Never more than the limit hold a key, and all who wait hold it in the end.
    #[test]
    fn never_too_many_and_nobody_forgotten(steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 1..200)) {
        const LIMIT: u32 = 3;
        let mut keys = Keys::default();
        let (mut wished, mut holding, mut ended) = (0_u32, Vec::new(), 0_u32);
        let note = |verdicts: Vec<Verdict>, holding: &mut Vec<Holder>| {
            for verdict in verdicts {
                let Verdict::Granted(holder) = verdict else { panic!("{verdict:?}") };
                holding.push(holder);
            }
        };
        for (begins, which) in steps {
            if begins {
                wished += 1;
                note(keys.acquire(wish("k", wished, LIMIT, AtLimit::Queue)), &mut holding);
            } else if !holding.is_empty() {
                let ends = holding.swap_remove(which.index(holding.len()));
                ended += 1;
                note(keys.release(ends), &mut holding);
            }
            prop_assert_eq!(holding.len() as u32, LIMIT.min(wished - ended), "as many as may, and no more");
        }
        while let Some(ends) = holding.pop() {
            ended += 1;
            note(keys.release(ends), &mut holding);
        }
        prop_assert_eq!(ended, wished);
        prop_assert!(keys.known().is_empty());
    }
}
