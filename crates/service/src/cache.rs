//! A small cache whose entries go stale by themselves.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Values that are believed for a short time.
pub(crate) struct Cache<K, V> {
    entries: Mutex<HashMap<K, (Instant, V)>>,
    believed: Duration,
    most: usize,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// At most `most` entries, each believed for this long.
    pub(crate) fn new(believed: Duration, most: usize) -> Self {
        Self { entries: Mutex::new(HashMap::new()), believed, most }
    }

    /// The value, if it is fresh.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let entries = self.lock();
        let (since, value) = entries.get(key)?;
        (since.elapsed() < self.believed).then(|| value.clone())
    }

    /// Remembers a value.
    pub(crate) fn put(&self, key: K, value: V) {
        let mut entries = self.lock();
        if entries.len() >= self.most && !entries.contains_key(&key) {
            entries.retain(|_, (since, _)| since.elapsed() < self.believed);
            // Still full: a cache may forget everything at any time.
            if entries.len() >= self.most {
                entries.clear();
            }
        }
        entries.insert(key, (Instant::now(), value));
    }

    /// Forgets a value.
    pub(crate) fn remove(&self, key: &K) {
        self.lock().remove(key);
    }

    /// Forgets all values that say so.
    pub(crate) fn remove_where(&self, mut gone: impl FnMut(&K, &V) -> bool) {
        self.lock().retain(|key, (_, value)| !gone(key, value));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, (Instant, V)>> {
        // A panic while holding the lock leaves a map that is still a map.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_go_stale_and_the_number_is_bounded() {
        let cache = Cache::new(Duration::from_secs(3600), 10);
        for key in 0..100 {
            cache.put(key, key);
            assert_eq!(cache.get(&key), Some(key));
            assert!(cache.lock().len() <= 10);
        }
        cache.remove(&99);
        assert_eq!(cache.get(&99), None);
        let stale = Cache::new(Duration::ZERO, 10);
        stale.put(1, 1);
        assert_eq!(stale.get(&1), None);
    }
}
