//! The attempts that are ready, each in a place that is used again: queues move small places, never the attempts.

use super::core::About;
use super::line::LineIx;

/// A ready attempt.
#[derive(Debug)]
pub(super) struct Entry<T> {
    pub(super) about: About,
    pub(super) line: LineIx,
    /// Its number in the order of arrival.
    pub(super) arrived: u64,
    /// Not in its line, but parked.
    pub(super) parked: Option<super::parked::Gate>,
    pub(super) what: T,
}

/// Ready attempts by their place.
#[derive(Debug)]
pub(super) struct Entries<T> {
    entries: Vec<Option<Entry<T>>>,
    free: Vec<u32>,
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Entries<T> {
    pub(super) fn insert(&mut self, entry: Entry<T>) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.entries[slot as usize] = Some(entry);
                slot
            }
            None => {
                self.entries.push(Some(entry));
                (self.entries.len() - 1) as u32
            }
        }
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Entry<T>> {
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Entry<T>> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<Entry<T>> {
        let entry = self.entries.get_mut(slot as usize)?.take();
        if entry.is_some() {
            self.free.push(slot);
        }
        entry
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Entry<T>)> {
        self.entries.iter().enumerate().filter_map(|(slot, entry)| Some((slot as u32, entry.as_ref()?)))
    }
}
