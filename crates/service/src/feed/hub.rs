//! Who waits for what: one task takes the engine's hints and wakes the subscriptions that they concern.

use heddle_engine::runtime::Committed;
use heddle_model::ids::{InstanceId, WorkspaceId};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;

/// Changed instances that a list subscription remembers; beyond, it reads its page again.
const CHANGED: usize = 1_000;

/// The subscriptions of this server.
#[derive(Clone)]
pub(crate) struct Hub {
    rooms: Arc<Rooms>,
}

#[derive(Default)]
struct Rooms {
    next: AtomicU64,
    instances: Waiting<(WorkspaceId, InstanceId), Notify>,
    lists: Waiting<WorkspaceId, Inbox>,
}

/// Who waits for what: by thing, then by the number of the place.
type Waiting<K, T> = Mutex<HashMap<K, HashMap<u64, Arc<T>>>>;

/// What has changed since a list subscription last looked.
#[derive(Default)]
pub(super) struct Inbox {
    changed: Mutex<Changed>,
    woken: Notify,
}

/// Instances that have changed.
#[derive(Default)]
pub(super) struct Changed {
    /// Which.
    pub(super) instances: BTreeSet<InstanceId>,
    /// More than are remembered.
    pub(super) overflow: bool,
}

/// A place in the hub; given up when dropped.
pub(super) struct Place<T> {
    rooms: Arc<Rooms>,
    key: Key,
    number: u64,
    /// What wakes.
    pub(super) signal: Arc<T>,
}

#[derive(Clone, Copy)]
enum Key {
    Instance(WorkspaceId, InstanceId),
    List(WorkspaceId),
}

impl Hub {
    /// Begins to take hints.
    pub(crate) fn start(mut hints: Receiver<Committed>, mut elsewhere: watch::Receiver<u64>) -> Self {
        let hub = Self { rooms: Arc::default() };
        let rooms = hub.rooms.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    hint = hints.recv() => match hint {
                        Ok(hint) => rooms.wake(&hint),
                        Err(RecvError::Lagged(_)) => rooms.wake_all(),
                        Err(RecvError::Closed) => return,
                    },
                    // Another server has written something, and does not say what.
                    rung = elsewhere.changed() => match rung {
                        Ok(()) => rooms.wake_all(),
                        Err(_) => return,
                    },
                }
            }
        });
        hub
    }

    /// Waits for one instance.
    pub(super) fn instance(&self, workspace: WorkspaceId, instance: InstanceId) -> Place<Notify> {
        let number = self.rooms.next.fetch_add(1, Ordering::Relaxed);
        let signal = Arc::new(Notify::new());
        lock(&self.rooms.instances).entry((workspace, instance)).or_default().insert(number, signal.clone());
        Place { rooms: self.rooms.clone(), key: Key::Instance(workspace, instance), number, signal }
    }

    /// Waits for any instance of a workspace.
    pub(super) fn list(&self, workspace: WorkspaceId) -> Place<Inbox> {
        let number = self.rooms.next.fetch_add(1, Ordering::Relaxed);
        let signal = Arc::new(Inbox::default());
        lock(&self.rooms.lists).entry(workspace).or_default().insert(number, signal.clone());
        Place { rooms: self.rooms.clone(), key: Key::List(workspace), number, signal }
    }
}

impl Rooms {
    fn wake(&self, hint: &Committed) {
        if let Some(waiting) = lock(&self.instances).get(&(hint.workspace, hint.instance)) {
            waiting.values().for_each(|signal| signal.notify_one());
        }
        if let Some(waiting) = lock(&self.lists).get(&hint.workspace) {
            waiting.values().for_each(|inbox| inbox.put(hint.instance));
        }
    }

    /// Hints were lost: everybody looks for themselves.
    fn wake_all(&self) {
        lock(&self.instances).values().flat_map(HashMap::values).for_each(|signal| signal.notify_one());
        lock(&self.lists).values().flat_map(HashMap::values).for_each(|inbox| inbox.overflow());
    }
}

impl Inbox {
    /// Waits until something has changed.
    pub(super) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// What has changed since the last time.
    pub(super) fn take(&self) -> Changed {
        std::mem::take(&mut *lock(&self.changed))
    }

    fn put(&self, instance: InstanceId) {
        let mut changed = lock(&self.changed);
        if changed.instances.len() < CHANGED {
            changed.instances.insert(instance);
        } else if !changed.instances.contains(&instance) {
            changed.overflow = true;
        }
        drop(changed);
        self.woken.notify_one();
    }

    fn overflow(&self) {
        lock(&self.changed).overflow = true;
        self.woken.notify_one();
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        match self.key {
            Key::Instance(workspace, instance) => leave(&self.rooms.instances, &(workspace, instance), self.number),
            Key::List(workspace) => leave(&self.rooms.lists, &workspace, self.number),
        }
    }
}

fn leave<K: Eq + std::hash::Hash, V>(rooms: &Mutex<HashMap<K, HashMap<u64, V>>>, key: &K, number: u64) {
    let mut rooms = lock(rooms);
    if let Some(waiting) = rooms.get_mut(key) {
        waiting.remove(&number);
        if waiting.is_empty() {
            rooms.remove(key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while holding a lock leaves maps that are still maps.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use heddle_model::ids::WorkflowId;
    use heddle_model::lifecycle::InstanceStatus;

    fn hint(workspace: u128, instance: u128) -> Committed {
        Committed {
            workspace: WorkspaceId::from_u128(workspace),
            workflow: WorkflowId::from_u128(1),
            instance: InstanceId::from_u128(instance),
            seq: 1,
            status: InstanceStatus::Running,
        }
    }

    #[tokio::test]
    async fn a_hint_wakes_those_it_concerns_and_nobody_else() {
        let (send, receive) = tokio::sync::broadcast::channel(16);
        let (_rings, elsewhere) = watch::channel(0);
        let hub = Hub::start(receive, elsewhere);
        let ours = hub.instance(WorkspaceId::from_u128(1), InstanceId::from_u128(7));
        let foreign = hub.list(WorkspaceId::from_u128(2));
        let list = hub.list(WorkspaceId::from_u128(1));
        let _ = send.send(hint(1, 7));
        ours.signal.notified().await;
        list.signal.woken().await;
        assert_eq!(list.signal.take().instances.into_iter().collect::<Vec<_>>(), [InstanceId::from_u128(7)]);
        assert!(foreign.signal.take().instances.is_empty());
    }

    #[tokio::test]
    async fn too_many_changes_overflow_and_places_are_given_up() {
        let rooms = Hub { rooms: Arc::default() };
        let place = rooms.list(WorkspaceId::from_u128(1));
        for instance in 0..=CHANGED {
            rooms.rooms.wake(&hint(1, instance as u128));
        }
        let changed = place.signal.take();
        assert!(changed.overflow && changed.instances.len() == CHANGED);
        drop(place);
        assert!(lock(&rooms.rooms.lists).is_empty());
    }
}
