//! Which shards this server owns, and which server should own which.

use heddle_model::limits::SHARDS;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

const WORDS: usize = (SHARDS as usize).div_ceil(64);

/// The shards that this server owns at the moment: where a request is sent to. The lanes' own lists decide.
#[derive(Debug, Default)]
pub(super) struct Shards {
    bits: [AtomicU64; WORDS],
    /// Until then the database may call shards this server's that it does not know to be; `i64::MAX`: until that is settled.
    doubtful: AtomicI64,
}

impl Shards {
    pub(super) fn owns(&self, shard: u16) -> bool {
        let word = self.bits.get(usize::from(shard / 64));
        word.is_some_and(|word| word.load(Ordering::SeqCst) & (1 << (shard % 64)) != 0)
    }

    pub(super) fn set(&self, shard: u16, owned: bool) {
        let Some(word) = self.bits.get(usize::from(shard / 64)) else { return };
        if owned {
            word.fetch_or(1 << (shard % 64), Ordering::SeqCst);
        } else {
            word.fetch_and(!(1 << (shard % 64)), Ordering::SeqCst);
        }
    }

    /// Until when the database may see it differently.
    pub(super) fn doubtful(&self) -> i64 {
        self.doubtful.load(Ordering::SeqCst)
    }

    pub(super) fn doubt(&self, until: i64) {
        self.doubtful.store(until, Ordering::SeqCst);
    }

    pub(super) fn any(&self) -> bool {
        self.bits.iter().any(|word| word.load(Ordering::SeqCst) != 0)
    }

    pub(super) fn list(&self) -> Vec<u16> {
        (0..SHARDS).filter(|&shard| self.owns(shard)).collect()
    }
}

/// Who of these should own a shard: the one with the highest weight for it ("A name-based mapping scheme for rendezvous", Thaler and
/// Ravishankar, 1996). A server that comes or goes moves only the shards that it gets or had.
pub(super) fn rendezvous<'a>(names: impl IntoIterator<Item = &'a str>, shard: u16) -> Option<&'a str> {
    names.into_iter().max_by_key(|name| (weight(name, shard), *name))
}

/// FNV-1a over the name, then the shard, mixed (SplitMix64): equal on every server, whatever its build.
fn weight(name: &str, shard: u16) -> u64 {
    let hash = name
        .bytes()
        .chain(shard.to_be_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn shards_are_spread_evenly_and_few_move_when_one_joins() {
        let (two, three) = (["a", "b"], ["a", "b", "c"]);
        let of = |names: &[&'static str]| -> Vec<&'static str> {
            (0..SHARDS).map(|shard| rendezvous(names.iter().copied(), shard).unwrap()).collect()
        };
        let (before, after) = (of(&two), of(&three));
        let mut counts = BTreeMap::new();
        after.iter().for_each(|name| *counts.entry(*name).or_insert(0) += 1);
        assert!(counts.values().all(|&count| (55..=115).contains(&count)), "{counts:?}");
        let moved = before.iter().zip(&after).filter(|(before, after)| before != after);
        assert!(moved.clone().all(|(_, after)| *after == "c"), "only to the one that joins");
        assert_eq!(moved.count(), counts["c"]);
    }

    #[test]
    fn what_is_owned_is_kept_by_shard() {
        let shards = Shards::default();
        assert!(!shards.any());
        [0, 63, 64, 255].into_iter().for_each(|shard| shards.set(shard, true));
        shards.set(63, false);
        assert_eq!(shards.list(), [0, 64, 255]);
        assert!(!shards.owns(SHARDS));
    }
}
