//! Tasks for people: what lists of them are read from, written with the events of their instances; and to whom those are offered that
//! nobody has taken.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0041_human_task",
    up: &[
        r"CREATE TABLE human_task (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  instance_id {id} NOT NULL,
  workflow_id {id} NOT NULL,
  asked_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  due {int},
  escalated_at {int},
  ended_at {int},
  number {small} NOT NULL,
  held {bool} NOT NULL,
  node_id TEXT NOT NULL,
  status TEXT NOT NULL,
  title TEXT NOT NULL,
  assignee TEXT,
  config TEXT NOT NULL,
  draft TEXT NOT NULL,
  -- What its node gave: executions that have ended have no row.
  output TEXT,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id) ON DELETE CASCADE
) {strict}",
        r"CREATE TABLE human_task_offer (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  -- user:…, group:…, role:…, or * for anybody.
  who TEXT NOT NULL,
  asked_at {int} NOT NULL,
  PRIMARY KEY (workspace_id, id, who),
  FOREIGN KEY (workspace_id, id) REFERENCES human_task (workspace_id, id) ON DELETE CASCADE
) {keyed_queue}",
        "CREATE INDEX human_task_instance ON human_task (workspace_id, instance_id)",
        "CREATE INDEX human_task_open ON human_task (workspace_id, asked_at, id) WHERE ended_at IS NULL",
        "CREATE INDEX human_task_ended ON human_task (workspace_id, asked_at, id) WHERE ended_at IS NOT NULL",
        "CREATE INDEX human_task_due ON human_task (workspace_id, due, id) WHERE ended_at IS NULL AND due IS NOT NULL",
        "CREATE INDEX human_task_mine ON human_task (workspace_id, assignee, asked_at, id) WHERE ended_at IS NULL AND assignee IS NOT NULL",
        "CREATE INDEX human_task_mine_ended ON human_task (workspace_id, assignee, asked_at, id) WHERE ended_at IS NOT NULL AND assignee IS NOT NULL",
        "CREATE INDEX human_task_offer_who ON human_task_offer (workspace_id, who, asked_at, id)",
    ],
    down: &[
        "DROP TABLE human_task_offer",
        "DROP TABLE human_task",
    ],
};
