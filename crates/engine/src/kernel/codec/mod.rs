//! The stored form of events and snapshots: a version byte, then postcard.
//!
//! A reader knows all versions up to its own and turns older ones into today's types; a newer one is an error, not a guess.

mod v1;

use super::event::Event;
use super::state::InstanceState;
use heddle_model::plan::NodeIx;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The version that is written: 2 brought scopes, 3 callers and permits of shared names, 4 rollbacks, versions and paused nodes.
const VERSION: u8 = 4;

/// More zeros than an older state lacks fields: an empty field is one zero, and fields are only added at the end.
const LATER_FIELDS: usize = 16;

/// Stored bytes that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Written by a newer server, or damaged.
    #[error("format version {0} is not known to this server")]
    Version(u8),
    /// Damaged.
    #[error("the stored bytes are damaged: {0}")]
    Damaged(String),
    /// A value that has no stored form.
    #[error("cannot be encoded: {0}")]
    Encode(String),
}

/// What one journal row holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Row {
    /// Executions that the events are about, and their nodes.
    pub executions: Vec<(u32, NodeIx)>,
    /// The events, in order.
    pub events: Vec<Event>,
}

/// A journal row, encoded.
pub fn encode_row(row: &Row) -> Result<Arc<[u8]>, CodecError> {
    encode(row)
}

/// Reads what [`encode_row`] wrote.
pub fn decode_row(bytes: &[u8]) -> Result<Row, CodecError> {
    match bytes.first() {
        // Events were only added since: old rows read as they are.
        Some(1..=3) => read(bytes),
        _ => decode(bytes),
    }
}

/// A snapshot, encoded.
pub fn encode_state(state: &InstanceState) -> Result<Arc<[u8]>, CodecError> {
    encode(state)
}

/// Reads what [`encode_state`] wrote.
pub fn decode_state(bytes: &[u8]) -> Result<InstanceState, CodecError> {
    match bytes.first() {
        Some(1) => read::<v1::State>(bytes).map(Into::into),
        // Fields were only added at the end since: what an older state has none of is empty.
        Some(2 | 3) => read(&[bytes, &[0; LATER_FIELDS]].concat()),
        _ => decode(bytes),
    }
}

/// The chained checksum of a journal row: CRC-32 (IEEE) of the events, seeded with the previous row's.
pub fn checksum(previous: u32, events: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(previous);
    hasher.update(events);
    hasher.finalize()
}

fn encode<T: serde::Serialize + ?Sized>(value: &T) -> Result<Arc<[u8]>, CodecError> {
    let bytes = postcard::to_extend(value, vec![VERSION]).map_err(|why| CodecError::Encode(why.to_string()))?;
    Ok(bytes.into())
}

/// What stands behind the version byte.
fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    postcard::from_bytes(bytes.get(1..).unwrap_or_default()).map_err(|why| CodecError::Damaged(why.to_string()))
}

fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    match bytes.split_first() {
        Some((&VERSION, _)) => read(bytes),
        Some((&version, _)) => Err(CodecError::Version(version)),
        None => Err(CodecError::Damaged("empty".to_owned())),
    }
}
