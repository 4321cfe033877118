//! Idempotency keys: claimed in the same transaction as what they protect.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0023_idempotency_key",
    up: &[
        r"CREATE TABLE idempotency_key (
  workspace_id {id} NOT NULL,
  -- With the operation that it belongs to.
  key TEXT NOT NULL,
  body_hash {bytes} NOT NULL,
  -- The answer to repeat; NULL while the first request is still at work, until pending_until.
  response TEXT,
  pending_until {int},
  created_at {int} NOT NULL,
  expires_at {int} NOT NULL,
  PRIMARY KEY (workspace_id, key)
) {strict}",
        "CREATE INDEX idempotency_key_expires ON idempotency_key (expires_at)",
    ],
    down: &[
        "DROP TABLE idempotency_key",
    ],
};
