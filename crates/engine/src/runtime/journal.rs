//! A stored journal, decoded and its chain of checksums tested.

use super::actor::Damaged;
use crate::kernel::{InstanceState, codec};
use crate::storage::{JournalRow, Stored};
use heddle_model::ids::{InstanceId, VersionId};

/// What storage has of an instance.
pub(super) struct Journal {
    /// The state of the last snapshot, and its checksum.
    pub(super) snapshot: Option<(InstanceState, u32)>,
    /// The rows after it.
    pub(super) rows: Vec<Read>,
    /// Of the last row.
    pub(super) checksum: u32,
}

/// A row.
pub(super) struct Read {
    pub(super) at: i64,
    pub(super) last_seq: u64,
    pub(super) row: codec::Row,
}

impl Journal {
    pub(super) fn read(instance: InstanceId, stored: &Stored) -> Result<Self, Damaged> {
        let snapshot = match &stored.snapshot {
            Some(snapshot) => {
                let state =
                    codec::decode_state(&snapshot.state).map_err(|why| Damaged::new(instance, why.to_string()))?;
                Some((state, snapshot.checksum))
            }
            None => None,
        };
        let mut checksum = snapshot.as_ref().map_or(0, |(_, checksum)| *checksum);
        let rows = stored.journal.iter().map(|row| read(instance, &mut checksum, row)).collect::<Result<_, _>>()?;
        Ok(Self { snapshot, rows, checksum })
    }

    /// The versions that it names.
    pub(super) fn versions(&self) -> impl Iterator<Item = VersionId> + '_ {
        let first = self.snapshot.iter().map(|(state, _)| state.version);
        first.chain(self.rows.iter().flat_map(|read| read.row.versions()))
    }
}

/// The next row of a journal.
pub(super) fn read(instance: InstanceId, checksum: &mut u32, row: &JournalRow) -> Result<Read, Damaged> {
    *checksum = codec::checksum(*checksum, &row.events);
    if *checksum != row.checksum {
        return Err(Damaged::new(instance, format!("the checksum of event {} does not match", row.first_seq)));
    }
    let decoded = codec::decode_row(&row.events).map_err(|why| Damaged::new(instance, why.to_string()))?;
    Ok(Read { at: row.at, last_seq: row.first_seq + u64::from(row.count) - 1, row: decoded })
}
