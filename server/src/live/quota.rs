//! How many sockets a user may have open, and how fast a socket may talk.

use crate::state::AppState;
use heddle_model::ids::UserId;
use heddle_model::limits;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One open socket of a user; given back when dropped.
pub(super) struct Seat {
    counts: Arc<Mutex<HashMap<UserId, usize>>>,
    user: UserId,
}

impl Seat {
    /// A seat, unless the user has taken them all.
    pub(super) fn take(state: &AppState, user: UserId) -> Option<Self> {
        let mut counts = state.socket_counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(user).or_default();
        if *count >= limits::SOCKETS_PER_USER {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Self { counts: state.socket_counts.clone(), user })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user);
            }
        }
    }
}

/// Messages of a socket in the present window.
pub(super) struct Pace {
    since: Instant,
    count: u32,
}

/// Over so long messages are counted.
const WINDOW: Duration = Duration::from_secs(10);

impl Pace {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), count: 0 }
    }

    /// Counts a message; `false` when there are too many.
    pub(super) fn admit(&mut self) -> bool {
        if self.since.elapsed() >= WINDOW {
            *self = Self::new();
        }
        self.count += 1;
        self.count <= limits::SOCKET_MESSAGES
    }
}
