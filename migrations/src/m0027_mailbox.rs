//! Who waits for a message or a signal by name, and messages that wait for a receiver.
//!
//! `name` and `key` are what is matched: very long ones are cut and end with their hash, because an index holds them. Whole they are in the
//! letter.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0027_mailbox",
    up: &[
        r"CREATE TABLE subscription (
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  -- In the instance.
  number {small} NOT NULL,
  shard {small} NOT NULL,
  -- 0: a message, 1: a signal.
  awaits {small} NOT NULL,
  name TEXT NOT NULL,
  -- Only a message with the same key, or like it without one, fits.
  key TEXT,
  since {int} NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, number),
  FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id) ON DELETE CASCADE
) {keyed_queue}",
        "CREATE INDEX subscription_line ON subscription (workspace_id, awaits, name, key, since, instance_id, number)",
        r"CREATE TABLE message (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  sent_at {int} NOT NULL,
  expires_at {int} NOT NULL,
  name TEXT NOT NULL,
  key TEXT,
  -- The whole of it, as JSON.
  letter TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
) {queue}",
        "CREATE INDEX message_line ON message (workspace_id, name, key, sent_at, id)",
        "CREATE INDEX message_expires ON message (expires_at)",
    ],
    down: &[
        "DROP TABLE message",
        "DROP TABLE subscription",
    ],
};
