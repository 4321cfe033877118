//! The texts of SQLite's commit: each writes one row and is prepared once.

/// Whether the batch's owner still owns its shards.
pub(super) const FENCE: &str = "SELECT 1 FROM server_node WHERE server_id = ?1 AND epoch = ?2";

pub(super) const CREATED: &str = "INSERT INTO workflow_instance (workspace_id, id, workflow_id, version_id, created_at, updated_at, started_at, \
    ended_at, seq, version_number, shard, nodes_ended, nodes_expected, incidents, priority, runnable, unique_business_key, test, status, phase, \
    started_by, business_key, error, parent_id) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)";

/// A step that changes no column which an index knows: SQLite rewrites the entries of every index that an UPDATE names a column of, even
/// when the value stays, so such a column is only asked about here. Not where an event of the batch is there already.
pub(super) const STEPPED: &str = "UPDATE workflow_instance SET updated_at = ?3, seq = ?4, nodes_ended = ?5, nodes_expected = ?6 \
    WHERE workspace_id = ?1 AND id = ?2 AND seq <= ?7 AND incidents = ?8 AND runnable = ?9 AND status = ?10 AND phase = ?11 \
    AND started_at IS ?12 AND ended_at IS ?13 AND error IS ?14";

/// Any other step, with the same values.
pub(super) const MOVED: &str = "UPDATE workflow_instance SET updated_at = ?3, seq = ?4, nodes_ended = ?5, nodes_expected = ?6, incidents = ?8, \
    runnable = ?9, status = ?10, phase = ?11, started_at = ?12, ended_at = ?13, error = ?14 \
    WHERE workspace_id = ?1 AND id = ?2 AND seq <= ?7";

/// After the step, for the few instances that go on in another version.
pub(super) const MIGRATED: &str =
    "UPDATE workflow_instance SET version_id = ?3, version_number = ?4 WHERE workspace_id = ?1 AND id = ?2";

pub(super) const JOURNAL: &str = "INSERT INTO journal (workspace_id, instance_id, first_seq, pos, at, count, checksum, shard, events) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

pub(super) const POSITION: &str = "UPDATE shard_lease SET pos = ?2 WHERE shard = ?1";

pub(super) const NODE: &str = "INSERT INTO node_instance (workspace_id, instance_id, started_at, number, attempt, iteration, node_id, \
    node_type, status, reason, output, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
    ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET started_at = excluded.started_at, \
    attempt = excluded.attempt, iteration = excluded.iteration, node_id = excluded.node_id, node_type = excluded.node_type, \
    status = excluded.status, reason = excluded.reason, output = excluded.output, error = excluded.error";

pub(super) const NODE_GONE: &str =
    "DELETE FROM node_instance WHERE workspace_id = ?1 AND instance_id = ?2 AND number = ?3";

pub(super) const TALLY: &str = "INSERT INTO node_tally AS t (workspace_id, workflow_id, hour, slot, completed, failed, took_ms, node_id) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (workspace_id, workflow_id, hour, slot, node_id) DO UPDATE SET \
    completed = t.completed + excluded.completed, failed = t.failed + excluded.failed, took_ms = t.took_ms + excluded.took_ms";

pub(super) const ARMED: &str = "INSERT INTO timer (workspace_id, instance_id, number, shard, due) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET due = excluded.due, shard = excluded.shard";

pub(super) const DISARMED: &str = "DELETE FROM timer WHERE workspace_id = ?1 AND instance_id = ?2 AND number = ?3";

pub(super) const OFFERED: &str = "INSERT INTO job (workspace_id, id, instance_id, number, state, priority, attempt, token, not_before, \
    lease_until, created_at, held, job_type, node_id, worker, key, input) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) \
    ON CONFLICT (workspace_id, id) DO UPDATE SET number = excluded.number, state = excluded.state, priority = excluded.priority, \
    attempt = excluded.attempt, token = excluded.token, not_before = excluded.not_before, lease_until = excluded.lease_until, \
    created_at = excluded.created_at, held = excluded.held, job_type = excluded.job_type, node_id = excluded.node_id, \
    worker = excluded.worker, key = excluded.key, input = excluded.input";

pub(super) const DONE: &str = "DELETE FROM job WHERE workspace_id = ?1 AND id = ?2";

pub(super) const HELD: &str = "UPDATE job SET held = ?3 WHERE workspace_id = ?1 AND instance_id = ?2";

pub(super) const INCIDENT: &str = "INSERT INTO incident (workspace_id, id, instance_id, number, kind, node_id, code, message, opened_at, resolved_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
    ON CONFLICT (workspace_id, id) DO UPDATE SET kind = excluded.kind, node_id = excluded.node_id, code = excluded.code, \
    message = excluded.message, opened_at = excluded.opened_at, resolved_at = excluded.resolved_at";

pub(super) const SEARCH: &str = "INSERT INTO search_value (workspace_id, instance_id, name, value, value_key) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (workspace_id, instance_id, name) DO UPDATE SET value = excluded.value, value_key = excluded.value_key";

pub(super) const SNAPSHOT: &str = "INSERT INTO snapshot (workspace_id, instance_id, seq, checksum, state) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (workspace_id, instance_id) DO UPDATE SET seq = excluded.seq, checksum = excluded.checksum, state = excluded.state";

/// One that has expired, or that its first request left behind, is taken over.
pub(super) const KEY: &str = "INSERT INTO idempotency_key AS k (workspace_id, key, body_hash, response, created_at, expires_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
    ON CONFLICT (workspace_id, key) DO UPDATE SET body_hash = excluded.body_hash, response = excluded.response, \
    created_at = excluded.created_at, expires_at = excluded.expires_at, pending_until = NULL \
    WHERE k.expires_at <= excluded.created_at OR k.response IS NULL";

pub(super) const LOG: &str = "INSERT INTO task_log (workspace_id, instance_id, number, at, node_id, level, message) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

pub(super) const SENT: &str = "INSERT INTO inbox (shard, id, workspace_id, instance_id, sent_at, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
    ON CONFLICT DO NOTHING";

pub(super) const TAKEN: &str = "DELETE FROM inbox WHERE shard = ?1 AND id = ?2";

pub(super) const ANSWERED: &str = "INSERT INTO reply (id, content, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

pub(super) const SUBSCRIBED: &str = "INSERT INTO subscription (workspace_id, instance_id, number, shard, awaits, name, key, since) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
    ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET shard = excluded.shard, awaits = excluded.awaits, name = excluded.name, \
    key = excluded.key, since = excluded.since";

pub(super) const UNSUBSCRIBED: &str =
    "DELETE FROM subscription WHERE workspace_id = ?1 AND instance_id = ?2 AND number = ?3";

pub(super) const PUBLISHED: &str = "INSERT INTO message (workspace_id, id, sent_at, expires_at, name, key, letter) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
    ON CONFLICT DO NOTHING";

/// A signal to all who wait; the ids keep the order in which signals are sent (`?6`).
pub(super) const SIGNALLED: &str = "INSERT INTO inbox (shard, id, workspace_id, instance_id, sent_at, content) \
    SELECT w.shard, unhex(printf('%012x7%03x8%s', ?3, ?6, substr(hex(randomblob(8)), 2))), ?1, w.instance_id, ?3, ?5 \
    FROM (SELECT DISTINCT shard, instance_id FROM subscription WHERE workspace_id = ?1 AND awaits = 1 AND name = ?4 AND instance_id <> ?2) AS w";

pub(super) const ASKED: &str = "INSERT INTO permit (workspace_id, instance_id, number, shard, permits, since, name, granted) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0) \
    ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET shard = excluded.shard, permits = excluded.permits, since = excluded.since, \
    name = excluded.name, granted = 0";

pub(super) const HUMAN: &str = "INSERT INTO human_task (workspace_id, id, instance_id, workflow_id, asked_at, updated_at, due, escalated_at, \
    ended_at, number, held, node_id, status, title, assignee, config, draft, output) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) \
    ON CONFLICT (workspace_id, id) DO UPDATE SET asked_at = excluded.asked_at, updated_at = excluded.updated_at, due = excluded.due, \
    escalated_at = excluded.escalated_at, ended_at = excluded.ended_at, held = excluded.held, node_id = excluded.node_id, \
    status = excluded.status, title = excluded.title, assignee = excluded.assignee, config = excluded.config, draft = excluded.draft, \
    output = excluded.output";

pub(super) const HUMAN_ENDED: &str = "UPDATE human_task SET status = ?3, ended_at = ?4, updated_at = ?4, held = 0, output = ?5 \
    WHERE workspace_id = ?1 AND id = ?2 AND ended_at IS NULL";

pub(super) const UNOFFERED: &str = "DELETE FROM human_task_offer WHERE workspace_id = ?1 AND id = ?2";

pub(super) const OFFERED_TO: &str = "INSERT INTO human_task_offer (workspace_id, id, who, asked_at) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (workspace_id, id, who) DO UPDATE SET asked_at = excluded.asked_at";

pub(super) const GIVEN_BACK: &str = "DELETE FROM permit WHERE workspace_id = ?1 AND instance_id = ?2 AND number = ?3";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Each statement finds its rows by a key, and the hot one leaves the indexes alone.
    #[tokio::test]
    async fn no_statement_walks_a_table() {
        use sea_orm::{ConnectionTrait, DbBackend, Statement};
        let file = heddle_testkit::TempSqlite::new().unwrap();
        let options = crate::ConnectOptions { url: file.url(), max_connections: None };
        let store = crate::Store::connect(&options).await.unwrap();
        store.migrate().await.unwrap();
        let explain = async |what: &str, sql: &str| {
            let sql = format!("{what} {sql}");
            store.reader().query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap()
        };
        let all = [
            FENCE, CREATED, STEPPED, MOVED, MIGRATED, JOURNAL, POSITION, NODE, ARMED, DISARMED, OFFERED, DONE, HELD,
            INCIDENT, SEARCH, SNAPSHOT, KEY, LOG, SENT, TAKEN, ANSWERED, SUBSCRIBED, UNSUBSCRIBED, PUBLISHED,
            SIGNALLED, ASKED, GIVEN_BACK, HUMAN, HUMAN_ENDED, UNOFFERED, OFFERED_TO,
        ];
        for sql in all {
            for row in explain("EXPLAIN QUERY PLAN", sql).await {
                let detail: String = row.try_get("", "detail").unwrap();
                // One row per server name: there is nothing to find by a key. `w` is what a key has found.
                let small = detail.contains("server_node") || detail == "SCAN w";
                assert!(!detail.starts_with("SCAN") || small, "{sql}: {detail}");
            }
        }
        let opened = |rows: &[sea_orm::QueryResult]| {
            rows.iter().filter(|row| row.try_get::<String>("", "opcode").unwrap() == "OpenWrite").count()
        };
        assert!(opened(&explain("EXPLAIN", MOVED).await) > 2, "the test cannot see indexes");
        // The table, and the primary key by which the row is found.
        assert_eq!(opened(&explain("EXPLAIN", STEPPED).await), 2, "a step rewrites an index");
    }
}
