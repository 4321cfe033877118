//! The queue between instances and writers: whoever puts a transition waits until it is committed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

/// Most transitions in one transaction.
pub(super) const BATCH: usize = 1000;

/// One step of one instance.
#[derive(Debug)]
pub(super) struct Transition {
    pub(super) instance: i64,
    pub(super) seq: i32,
    pub(super) kind: i16,
    /// The event, as JSON.
    pub(super) payload: String,
    /// The instance's state after it, as JSON.
    pub(super) state: String,
    done: oneshot::Sender<()>,
}

/// Hands transitions to writers; an instance always to the same one.
#[derive(Debug, Clone)]
pub(super) struct Log {
    writers: Arc<Vec<mpsc::UnboundedSender<Transition>>>,
    commits: Arc<AtomicU64>,
}

/// What a writer takes from.
#[derive(Debug)]
pub(super) struct Queue {
    from: mpsc::UnboundedReceiver<Transition>,
    commits: Arc<AtomicU64>,
}

impl Log {
    /// A log and one queue per writer.
    pub(super) fn new(writers: usize) -> (Self, Vec<Queue>) {
        let commits = Arc::new(AtomicU64::new(0));
        let (to, from): (Vec<_>, Vec<_>) = (0..writers)
            .map(|_| {
                let (to, from) = mpsc::unbounded_channel();
                (to, Queue { from, commits: commits.clone() })
            })
            .unzip();
        (Self { writers: Arc::new(to), commits }, from)
    }

    /// Puts one transition; the answer comes after its commit.
    pub(super) fn put(&self, instance: i64, seq: i32, kind: i16) -> oneshot::Receiver<()> {
        let (done, answer) = oneshot::channel();
        let payload = format!("{{\"node\":\"n{kind}\",\"in\":{{\"v\":{seq}}},\"out\":{{\"v\":{seq}}}}}");
        let state = format!("{{\"tokens\":[{{\"at\":\"n{kind}\",\"v\":{seq}}}]}}");
        let writer = &self.writers[usize::try_from(instance).unwrap_or(0) % self.writers.len()];
        // A writer that has died drops the sender, and whoever waits hears of it.
        let _ = writer.send(Transition { instance, seq, kind, payload, state, done });
        answer
    }

    /// Transactions so far.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

impl Queue {
    /// Waits for work and takes whatever has gathered; false when nobody will put any more.
    pub(super) async fn take(&mut self, batch: &mut Vec<Transition>) -> bool {
        self.from.recv_many(batch, BATCH).await > 0
    }

    /// The same for a thread.
    pub(super) fn take_blocking(&mut self, batch: &mut Vec<Transition>) -> bool {
        self.from.blocking_recv_many(batch, BATCH) > 0
    }

    /// Tells everybody in the batch that it is on disk.
    pub(super) fn committed(&self, batch: &mut Vec<Transition>) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        for transition in batch.drain(..) {
            let _ = transition.done.send(());
        }
    }
}

/// The newest state of each instance in a batch, by instance.
pub(super) fn newest(batch: &[Transition]) -> Vec<(i64, i32, &str)> {
    let mut newest: HashMap<i64, (i32, &str)> = HashMap::with_capacity(batch.len());
    for t in batch {
        let entry = newest.entry(t.instance).or_insert((t.seq, &t.state));
        if t.seq >= entry.0 {
            *entry = (t.seq, &t.state);
        }
    }
    let mut rows: Vec<_> = newest.into_iter().map(|(id, (seq, state))| (id, seq, state)).collect();
    // A fixed order keeps two writers from waiting for each other's rows.
    rows.sort_unstable_by_key(|row| row.0);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_state_wins_and_everybody_is_told() {
        let (log, mut queues) = Log::new(1);
        let answers = [log.put(2, 0, 0), log.put(1, 1, 1), log.put(1, 2, 1)];
        let mut batch = Vec::new();
        assert!(queues[0].take(&mut batch).await);
        let rows: Vec<_> = newest(&batch).iter().map(|r| (r.0, r.1)).collect();
        assert_eq!(rows, [(1, 2), (2, 0)]);
        queues[0].committed(&mut batch);
        for answer in answers {
            assert!(answer.await.is_ok());
        }
        assert_eq!(log.commits(), 1);
    }
}
