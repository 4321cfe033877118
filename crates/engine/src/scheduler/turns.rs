//! Which of several queues is served: the first that has something, and in their turn the others, so that none of them starves.

use heddle_model::limits::AGEING_TURN;

/// A set of small numbers: the queues that have something. The lower goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Filled(u16);

impl Filled {
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn insert(&mut self, queue: u8) {
        self.0 |= 1 << queue;
    }

    pub(super) const fn remove(&mut self, queue: u8) {
        self.0 &= !(1 << queue);
    }

    pub(super) const fn contains(self, queue: u8) -> bool {
        self.0 & (1 << queue) != 0
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn first(self) -> Option<u8> {
        if self.0 == 0 { None } else { Some(self.0.trailing_zeros() as u8) }
    }

    /// The next one after `last`, round and round.
    const fn after(self, last: u8) -> Option<u8> {
        let later = self.0 & (u16::MAX << last) & !(1 << last);
        Self(if later == 0 { self.0 } else { later }).first()
    }
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turns {
    served: u8,
    /// The queue that was last served out of its order.
    last: u8,
}

impl Turns {
    const fn is_turn(self) -> bool {
        self.served as u64 == AGEING_TURN - 1
    }

    /// The queue to serve: the first, or in its turn one of the others.
    pub(super) const fn choose(self, filled: Filled) -> Option<u8> {
        let Some(first) = filled.first() else { return None };
        if self.is_turn() {
            let mut others = filled;
            others.remove(first);
            if let Some(aged) = others.after(self.last) {
                return Some(aged);
            }
        }
        Some(first)
    }

    /// This queue was served.
    pub(super) const fn served(&mut self, queue: u8) {
        if self.is_turn() {
            *self = Self { served: 0, last: queue };
        } else {
            self.served += 1;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn in_their_turn_the_others_are_served_round_and_round() {
        let mut filled = Filled::default();
        [0, 5, 9, 15].into_iter().for_each(|queue| filled.insert(queue));
        let mut turns = Turns::default();
        let mut aged = Vec::new();
        for start in 1..=AGEING_TURN * 6 {
            let queue = turns.choose(filled).unwrap();
            if start % AGEING_TURN == 0 {
                aged.push(queue);
            } else {
                assert_eq!(queue, 0);
            }
            turns.served(queue);
        }
        assert_eq!(aged, [5, 9, 15, 5, 9, 15]);
    }

    #[test]
    fn a_queue_that_is_alone_is_served_always() {
        let mut filled = Filled::default();
        filled.insert(3);
        let mut turns = Turns::default();
        for _ in 0..AGEING_TURN * 2 {
            assert_eq!(turns.choose(filled), Some(3));
            turns.served(3);
        }
        assert_eq!(turns.choose(Filled::default()), None);
    }
}
