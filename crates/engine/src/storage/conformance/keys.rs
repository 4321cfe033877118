//! The books of concurrency keys come to what [`Keys`] comes to, whoever asks, and nobody who is gone stands in them.

use super::Subject;
use super::make::Maker;
use crate::scheduler::{Holder, KeyAsk, Keys, PermitName, PermitWish, Verdict};
use crate::storage::{Content, Fence, Storage};
use heddle_model::definition::AtLimit;
use heddle_model::ids::{InstanceId, ServerId, WorkspaceId};
use std::collections::BTreeSet;
use std::sync::Arc;

fn wish(workspace: WorkspaceId, key: &str, holder: Holder, limit: u32) -> PermitWish {
    let of_instances = matches!(holder, Holder::Instance(_));
    let name = PermitName { workspace, of_instances, key: Arc::from(key) };
    PermitWish { name, holder, limit, at_limit: AtLimit::Queue, priority: 5, has_begun: false }
}

/// What one ask comes to: the verdict for who asked, and those for others.
async fn ask(storage: &dyn Storage, fence: Fence, ask: KeyAsk) -> (Vec<Verdict>, Vec<Verdict>) {
    let (own, sent) = storage.keep_books(fence, &[ask]).await.unwrap();
    let told = sent.iter().map(|parcel| match &parcel.content {
        Content::Verdict(verdict) if verdict.holder().instance() == parcel.instance => *verdict,
        other => panic!("{other:?}"),
    });
    (own, told.collect())
}

/// A long random game: the rows and the pure books say the same after each ask.
pub async fn comes_to_what_the_books_come_to(subject: &impl Subject) {
    let storage = subject.storage();
    let maker = Maker::new(&*storage).await;
    let instances: Vec<InstanceId> = (0..7).map(|_| maker.instance()).collect();
    let mut books = Keys::default();
    let mut dice = 0x9e37_79b9_u64;
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let mut attempt = 0;
    for round in 0..300 {
        let instance = instances[roll(7) as usize];
        let holder = match roll(3) {
            0 => Holder::Instance(instance),
            1 => Holder::Job(instance, roll(2) as u32),
            _ => {
                attempt += roll(2) as u32;
                Holder::Attempt(instance, 1, attempt)
            }
        };
        let asked = if roll(3) == 0 {
            KeyAsk::Release(maker.workspace, holder)
        } else {
            let at_limit = [AtLimit::Queue, AtLimit::Queue, AtLimit::Reject, AtLimit::Replace][roll(4) as usize];
            let key = ["a", "客户"][roll(2) as usize];
            let plain = wish(maker.workspace, key, holder, 1 + roll(3) as u32);
            KeyAsk::Acquire(PermitWish { at_limit, priority: roll(10) as u8, has_begun: roll(9) == 0, ..plain })
        };
        let expected = match asked.clone() {
            KeyAsk::Acquire(wish) => books.acquire(wish),
            KeyAsk::Release(_, holder) => books.release(holder),
        };
        let is_acquire = matches!(asked, KeyAsk::Acquire(_));
        let (own, others): (Vec<_>, Vec<_>) =
            expected.into_iter().partition(|verdict| is_acquire && verdict.holder() == holder);
        assert_eq!(ask(&*storage, maker.fence, asked.clone()).await, (own, others), "{round}: {asked:?}");
        let shards: Vec<u16> = instances.iter().map(|it| it.shard()).collect();
        let known: BTreeSet<Holder> =
            storage.key_holders(&shards).await.unwrap().into_iter().map(|(_, holder)| holder).collect();
        assert_eq!(known, books.known(), "{round}: {asked:?}");
        for &holder in &known {
            assert_eq!(storage.key_wait(maker.workspace, holder).await.unwrap(), books.why(holder), "{round}");
        }
    }
}

/// Asking again, as after an answer that was lost or a restart, changes nothing; a later attempt has the place of an earlier one.
pub async fn keeps_a_place_over_restarts(subject: &impl Subject) {
    let storage = subject.storage();
    let maker = Maker::new(&*storage).await;
    let (one, two, three) = (maker.instance(), maker.instance(), maker.instance());
    let first = |attempt| Holder::Attempt(one, 4, attempt);
    let acquire = |holder| KeyAsk::Acquire(wish(maker.workspace, "a", holder, 1));
    assert_eq!(ask(&*storage, maker.fence, acquire(first(1))).await.0, [Verdict::Granted(first(1))]);
    for _ in 0..2 {
        for holder in [Holder::Job(two, 1), Holder::Job(three, 1)] {
            assert_eq!(ask(&*storage, maker.fence, acquire(holder)).await, (vec![], vec![]));
        }
    }
    let new = storage.acquire("conformance").await.unwrap().fence;
    assert_eq!(ask(&*storage, new, acquire(first(2))).await.0, [Verdict::Granted(first(2))]);
    // The end of the earlier attempt, heard late, frees nothing.
    assert_eq!(ask(&*storage, new, KeyAsk::Release(maker.workspace, first(1))).await, (vec![], vec![]));
    let next = ask(&*storage, new, KeyAsk::Release(maker.workspace, first(2))).await;
    assert_eq!(next, (vec![], vec![Verdict::Granted(Holder::Job(two, 1))]));
}

/// Only the owner of a shard asks for its instances; whatever anyone gives back is free.
pub async fn hears_no_wish_of_a_stale_owner(subject: &impl Subject) {
    let storage = subject.storage();
    let maker = Maker::new(&*storage).await;
    let holder = Holder::Job(maker.instance(), 1);
    let acquire = KeyAsk::Acquire(wish(maker.workspace, "a", holder, 1));
    let stale = Fence { server: ServerId::from_u128(7), epoch: 1 };
    assert_eq!(ask(&*storage, stale, acquire.clone()).await, (vec![], vec![]));
    assert!(storage.key_holders(&[holder.instance().shard()]).await.unwrap().is_empty());
    assert_eq!(ask(&*storage, maker.fence, acquire).await.0, [Verdict::Granted(holder)]);
    ask(&*storage, stale, KeyAsk::Release(maker.workspace, holder)).await;
    assert!(storage.key_holders(&[holder.instance().shard()]).await.unwrap().is_empty());
}

/// Many at the same time, in transactions that name several keys in any order: never more hold a permit than may.
pub async fn lets_in_no_more_than_may(subject: &impl Subject) {
    let storage = subject.storage();
    let maker = Maker::new(&*storage).await;
    let tasks: Vec<_> = (0..8_u32)
        .map(|n| {
            let (storage, fence, workspace) = (storage.clone(), maker.fence, maker.workspace);
            let holders: Vec<Holder> = (0..6).map(|_| Holder::Job(maker.instance(), n)).collect();
            tokio::spawn(async move {
                let key = |place: usize| ["a", "b", "c"][(place + n as usize) % 3];
                let asks: Vec<_> = holders
                    .iter()
                    .enumerate()
                    .map(|(place, &holder)| KeyAsk::Acquire(wish(workspace, key(place), holder, 3)))
                    .collect();
                storage.keep_books(fence, &asks).await.unwrap();
                holders
            })
        })
        .collect();
    let mut holders = Vec::new();
    for task in tasks {
        holders.extend(task.await.unwrap());
    }
    let mut gone = BTreeSet::new();
    loop {
        let mut inside = Vec::new();
        for &holder in holders.iter().filter(|holder| !gone.contains(*holder)) {
            if storage.key_wait(maker.workspace, holder).await.unwrap().is_none() {
                inside.push(holder);
            }
        }
        if inside.is_empty() {
            break;
        }
        assert!(inside.len() <= 9, "three of each of three keys: {inside:?}");
        let leave = inside.iter().map(|&holder| KeyAsk::Release(maker.workspace, holder)).collect::<Vec<_>>();
        storage.keep_books(maker.fence, &leave).await.unwrap();
        gone.extend(inside);
    }
    assert_eq!(gone.len(), 48, "all had their turn");
}
