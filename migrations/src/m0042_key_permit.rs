//! The books of concurrency keys: who holds a permit of one, who is in line.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0042_key_permit",
    up: &[
        // No reference to the instance: whoever may yet be refused asks before anything of it is stored.
        r"CREATE TABLE key_permit (
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  -- 0 a whole instance, 1 an attempt of a built-in task, 2 a job.
  kind {small} NOT NULL,
  -- The execution; 0 of a whole instance.
  number {small} NOT NULL,
  -- 0 but for attempts.
  attempt {small} NOT NULL,
  shard {small} NOT NULL,
  -- Keys of whole instances and of what they do never meet.
  of_instances {bool} NOT NULL,
  -- How many may hold it at a time.
  permits {int} NOT NULL,
  -- 0 goes first.
  rank {small} NOT NULL,
  -- In line: by the time of asking; with a permit: by that of the grant.
  place {int} NOT NULL,
  granted {bool} NOT NULL,
  -- The value of the key, as it is matched and as it was.
  name TEXT NOT NULL,
  shown TEXT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, kind, number)
) {keyed_queue}",
        "CREATE INDEX key_permit_line ON key_permit (workspace_id, of_instances, name, granted, rank, place, instance_id, kind, number)",
        "CREATE INDEX key_permit_shard ON key_permit (shard)",
    ],
    down: &[
        "DROP TABLE key_permit",
    ],
};
