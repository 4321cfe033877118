//! Ids and randomness: the one place of the engine that draws any.

use super::clock::Clock;
use heddle_model::ids::{InstanceId, MessageId, ParcelId, uuid_v7};
use std::sync::Mutex;
use std::sync::PoisonError;

/// A source of ids: UUIDv7 over a buffered stream of the operating system's randomness.
#[derive(Debug)]
pub(super) struct Ids {
    buffer: Mutex<Buffer>,
}

#[derive(Debug)]
struct Buffer {
    bytes: [u8; 1024],
    used: usize,
}

impl Default for Ids {
    fn default() -> Self {
        Self { buffer: Mutex::new(Buffer { bytes: [0; 1024], used: 1024 }) }
    }
}

impl Ids {
    /// Sixteen random bytes. Ids are not secrets, but tokens prove an attempt, so the source is the operating system's.
    pub(super) fn random(&self) -> u128 {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        if buffer.used + 16 > buffer.bytes.len() {
            let mut fresh = [0; 1024];
            if let Err(why) = getrandom::fill(&mut fresh) {
                // Without randomness no id is safe to give: the process cannot go on.
                tracing::error!(%why, "the operating system gives no randomness");
                std::process::abort();
            }
            buffer.bytes = fresh;
            buffer.used = 0;
        }
        let mut bytes = [0; 16];
        let at = buffer.used;
        bytes.copy_from_slice(&buffer.bytes[at..at + 16]);
        buffer.used += 16;
        u128::from_be_bytes(bytes)
    }

    pub(super) fn instance(&self, clock: &Clock) -> InstanceId {
        InstanceId::from_u128(uuid_v7(clock.now().max(0) as u64, self.random()))
    }

    pub(super) fn parcel(&self, clock: &Clock) -> ParcelId {
        ParcelId::from_u128(uuid_v7(clock.now().max(0) as u64, self.random()))
    }

    pub(super) fn message(&self, clock: &Clock) -> MessageId {
        MessageId::from_u128(uuid_v7(clock.now().max(0) as u64, self.random()))
    }

    /// A random number that is not 0: 0 stands for "no token".
    pub(super) fn token(&self) -> u64 {
        // 63 bits: databases have signed integers.
        ((self.random() >> 65) as u64).max(1)
    }
}
