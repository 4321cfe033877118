//! Ids and randomness: the one place of the engine that draws any.

use super::clock::Clock;
use super::machine::Machine;
use heddle_model::ids::{InstanceId, MessageId, ParcelId, uuid_v7};
use std::sync::{Arc, Mutex, PoisonError};

/// A source of ids: UUIDv7 over a buffered stream of the machine's randomness.
#[derive(Debug)]
pub(super) struct Ids {
    machine: Arc<dyn Machine>,
    buffer: Mutex<Buffer>,
}

#[derive(Debug)]
struct Buffer {
    bytes: [u8; 1024],
    used: usize,
}

impl Ids {
    pub(super) fn new(machine: Arc<dyn Machine>) -> Self {
        Self { machine, buffer: Mutex::new(Buffer { bytes: [0; 1024], used: 1024 }) }
    }

    /// Sixteen random bytes. Ids are not secrets, but tokens prove an attempt, so the source is one that nobody can guess.
    pub(super) fn random(&self) -> u128 {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        if buffer.used + 16 > buffer.bytes.len() {
            self.machine.random(&mut buffer.bytes);
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
