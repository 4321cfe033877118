//! The post between instances: parcels in the inbox of the receiver's shard, and answers to doors of other servers (docs/adr/0015).
//!
//! The inbox before this one was never used. A receiver may be made by its first parcel, so nothing here references an instance.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0026_inbox_parcels",
    up: &[
        "DROP TABLE inbox",
        r"CREATE TABLE inbox (
  -- The receiver's.
  shard {small} NOT NULL,
  id {id} NOT NULL,
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  sent_at {int} NOT NULL,
  -- What it is, as JSON.
  content TEXT NOT NULL,
  PRIMARY KEY (shard, id)
) {queue}",
        "CREATE INDEX inbox_order ON inbox (shard, sent_at, id)",
        r"CREATE TABLE reply (
  id {id} NOT NULL PRIMARY KEY,
  content TEXT NOT NULL,
  at {int} NOT NULL
) {queue}",
        "CREATE INDEX reply_at ON reply (at)",
    ],
    down: &[
        "DROP TABLE reply",
        "DROP TABLE inbox",
        r"CREATE TABLE inbox (
  shard {small} NOT NULL,
  id {id} NOT NULL,
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  message_id TEXT NOT NULL,
  payload {bytes} NOT NULL,
  created_at {int} NOT NULL,
  PRIMARY KEY (shard, id),
  UNIQUE (workspace_id, instance_id, message_id)
) {strict}",
    ],
};
