//! Commands and messages for a shard that another server owns; the owner consumes each in the same transaction as its effects.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0020_inbox",
    up: &[
        r"CREATE TABLE inbox (
  shard {small} NOT NULL,
  id {id} NOT NULL,
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  -- Given by the sender: the same one is taken once.
  message_id TEXT NOT NULL,
  payload {bytes} NOT NULL,
  created_at {int} NOT NULL,
  PRIMARY KEY (shard, id),
  UNIQUE (workspace_id, instance_id, message_id)
) {strict}",
    ],
    down: &[
        "DROP TABLE inbox",
    ],
};
