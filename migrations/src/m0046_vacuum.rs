//! PostgreSQL: tables whose rows change or go are vacuumed before a fiftieth (or, where little changes, a twentieth) of them is dead, not
//! a fifth, and without pauses: the default would leave twenty million dead rows in a table of a hundred million. Where rows are
//! rewritten in place and no index holds what changes, each page keeps room for it.
//!
//! `workflow_instance`, `job`, `inbox`, `reply`, `subscription`, `message`, `permit`, `human_task_offer`, `node_instance` and
//! `node_tally` have their settings from the beginning. A test names the tables that need none.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0046_vacuum",
    up: &[
        // Only appended to, until retention deletes the oldest: those pages are wanted again soon.
        "postgres: ALTER TABLE journal SET (autovacuum_vacuum_scale_factor = 0.02)",
        "postgres: ALTER TABLE task_log SET (autovacuum_vacuum_scale_factor = 0.02)",
        // Rewritten every so many events, whole, the state beside the row.
        "postgres: ALTER TABLE snapshot SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0, \
         toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_cost_delay = 0)",
        // Their rows come and go.
        "postgres: ALTER TABLE timer SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
        "postgres: ALTER TABLE idempotency_key SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
        // Written a few times each: a claim and an end change what indexes hold, a draft does not.
        "postgres: ALTER TABLE human_task SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)",
        "postgres: ALTER TABLE incident SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)",
        "postgres: ALTER TABLE search_value SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)",
        "postgres: ALTER TABLE batch_item SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)",
        // Few rows, rewritten all the time: leases, heartbeats, progress.
        "postgres: ALTER TABLE batch SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)",
        "postgres: ALTER TABLE server_node SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)",
        "postgres: ALTER TABLE shard_lease SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)",
        // Lists are planned by what is known of their columns: a tenth of ten million instances is too late to look again.
        "postgres: ALTER TABLE workflow_instance SET (autovacuum_analyze_scale_factor = 0.02)",
    ],
    down: &[
        "postgres: ALTER TABLE workflow_instance RESET (autovacuum_analyze_scale_factor)",
        "postgres: ALTER TABLE shard_lease RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        "postgres: ALTER TABLE server_node RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        "postgres: ALTER TABLE batch RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        "postgres: ALTER TABLE batch_item RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
        "postgres: ALTER TABLE search_value RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
        "postgres: ALTER TABLE incident RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
        "postgres: ALTER TABLE human_task RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
        "postgres: ALTER TABLE idempotency_key RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
        "postgres: ALTER TABLE timer RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
        "postgres: ALTER TABLE snapshot RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay, \
         toast.autovacuum_vacuum_scale_factor, toast.autovacuum_vacuum_cost_delay)",
        "postgres: ALTER TABLE task_log RESET (autovacuum_vacuum_scale_factor)",
        "postgres: ALTER TABLE journal RESET (autovacuum_vacuum_scale_factor)",
    ],
};
