//! What clients asked and what they were told: the only memory that outlives the server.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// What a client knows of one start, by its business key.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The input.
    pub n: i64,
    /// The instance it was told; none as long as no answer came.
    pub acknowledged: Option<String>,
}

/// What a worker knows of one job, by instance.
#[derive(Debug, Clone, Default)]
pub struct Completion {
    /// How often the server said that a completion was accepted.
    pub accepted: usize,
}

/// All starts and all completions of a test.
#[derive(Debug, Default)]
pub struct History {
    starts: Mutex<BTreeMap<String, Start>>,
    completions: Mutex<BTreeMap<String, Completion>>,
}

impl History {
    /// A client is about to send this start.
    pub fn asked(&self, key: &str, n: i64) {
        lock(&self.starts).entry(key.to_owned()).or_default().n = n;
    }

    /// The server told the instance of this start. Another instance for the same start is an error of the server.
    pub fn told(&self, key: &str, instance: &str) -> Result<(), String> {
        let mut starts = lock(&self.starts);
        let start = starts.entry(key.to_owned()).or_default();
        match &start.acknowledged {
            Some(before) if before != instance => Err(format!("start {key} was {before}, now it is {instance}")),
            _ => {
                start.acknowledged = Some(instance.to_owned());
                Ok(())
            }
        }
    }

    /// The server accepted a completion of this instance's job.
    pub fn accepted(&self, instance: &str) {
        lock(&self.completions).entry(instance.to_owned()).or_default().accepted += 1;
    }

    /// Starts whose answer never came.
    pub fn unanswered(&self) -> Vec<(String, i64)> {
        let starts = lock(&self.starts);
        starts.iter().filter(|(_, s)| s.acknowledged.is_none()).map(|(key, s)| (key.clone(), s.n)).collect()
    }

    /// All starts.
    pub fn starts(&self) -> BTreeMap<String, Start> {
        lock(&self.starts).clone()
    }

    /// All completions, by instance.
    pub fn completions(&self) -> BTreeMap<String, Completion> {
        lock(&self.completions).clone()
    }
}

/// A poisoned lock only says that another test thread failed; its memory is still true.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_becomes_two_instances_is_noticed() {
        let history = History::default();
        history.asked("a", 1);
        assert_eq!(history.unanswered(), [("a".to_owned(), 1)]);
        assert!(history.told("a", "wi_1").is_ok());
        assert!(history.told("a", "wi_1").is_ok(), "the same answer again is fine");
        assert!(history.told("a", "wi_2").is_err());
        assert!(history.unanswered().is_empty());
    }
}
