//! The texts of SQLite's commit: for each table, a statement of n rows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Numbers of rows that statements exist for.
const LENGTHS: [usize; 5] = [128, 32, 8, 3, 1];

/// What a statement of a batch writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Table {
    Created,
    Moved,
    Journal,
    Position,
    Nodes,
    Armed,
    Disarmed,
    Offered,
    Done,
    Held,
    Incidents,
    Search,
    Snapshots,
    Keys,
    Logs,
}

impl Table {
    /// Number of columns, what stands before the rows, what stands after them.
    const fn parts(self) -> (usize, &'static str, &'static str) {
        match self {
            Self::Created => (
                23,
                "INSERT INTO workflow_instance (workspace_id, id, workflow_id, version_id, created_at, updated_at, started_at, ended_at, seq, \
                 version_number, shard, nodes_ended, nodes_expected, incidents, priority, runnable, unique_business_key, test, status, phase, \
                 started_by, business_key, error) VALUES ",
                "",
            ),
            // Each only from the event before its first new one.
            Self::Moved => (
                14,
                "WITH u (workspace_id, id, before, updated_at, started_at, ended_at, seq, nodes_ended, nodes_expected, incidents, runnable, status, \
                 phase, error) AS (VALUES ",
                ") UPDATE workflow_instance AS i SET updated_at = u.updated_at, started_at = u.started_at, ended_at = u.ended_at, seq = u.seq, \
                 nodes_ended = u.nodes_ended, nodes_expected = u.nodes_expected, incidents = u.incidents, runnable = u.runnable, \
                 status = u.status, phase = u.phase, error = u.error \
                 FROM u WHERE i.workspace_id = u.workspace_id AND i.id = u.id AND i.seq = u.before",
            ),
            Self::Journal => (
                9,
                "INSERT INTO journal (workspace_id, instance_id, first_seq, pos, at, count, checksum, shard, events) VALUES ",
                "",
            ),
            Self::Position => (
                2,
                "WITH u (shard, pos) AS (VALUES ",
                ") UPDATE shard_lease AS s SET pos = u.pos FROM u WHERE s.shard = u.shard",
            ),
            Self::Nodes => (
                13,
                "INSERT INTO node_instance (workspace_id, instance_id, started_at, ended_at, number, attempt, iteration, node_id, node_type, \
                 status, reason, output, error) VALUES ",
                " ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at, \
                 attempt = excluded.attempt, iteration = excluded.iteration, node_id = excluded.node_id, node_type = excluded.node_type, \
                 status = excluded.status, reason = excluded.reason, output = excluded.output, error = excluded.error",
            ),
            Self::Armed => (
                5,
                "INSERT INTO timer (workspace_id, instance_id, number, shard, due) VALUES ",
                " ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET due = excluded.due, shard = excluded.shard",
            ),
            Self::Disarmed => (3, "DELETE FROM timer WHERE (workspace_id, instance_id, number) IN (VALUES ", ")"),
            Self::Offered => (
                17,
                "INSERT INTO job (workspace_id, id, instance_id, number, state, priority, attempt, token, not_before, lease_until, created_at, \
                 held, job_type, node_id, worker, key, input) VALUES ",
                " ON CONFLICT (workspace_id, id) DO UPDATE SET number = excluded.number, state = excluded.state, priority = excluded.priority, \
                 attempt = excluded.attempt, token = excluded.token, not_before = excluded.not_before, lease_until = excluded.lease_until, \
                 created_at = excluded.created_at, held = excluded.held, job_type = excluded.job_type, node_id = excluded.node_id, \
                 worker = excluded.worker, key = excluded.key, input = excluded.input",
            ),
            Self::Done => (2, "DELETE FROM job WHERE (workspace_id, id) IN (VALUES ", ")"),
            Self::Held => (
                3,
                "WITH h (workspace_id, instance_id, held) AS (VALUES ",
                ") UPDATE job AS j SET held = h.held FROM h WHERE j.workspace_id = h.workspace_id AND j.instance_id = h.instance_id",
            ),
            Self::Incidents => (
                10,
                "INSERT INTO incident (workspace_id, id, instance_id, number, kind, node_id, code, message, opened_at, resolved_at) VALUES ",
                " ON CONFLICT (workspace_id, id) DO UPDATE SET kind = excluded.kind, node_id = excluded.node_id, code = excluded.code, \
                 message = excluded.message, opened_at = excluded.opened_at, resolved_at = excluded.resolved_at",
            ),
            Self::Search => (
                5,
                "INSERT INTO search_value (workspace_id, instance_id, name, value, value_key) VALUES ",
                " ON CONFLICT (workspace_id, instance_id, name) DO UPDATE SET value = excluded.value, value_key = excluded.value_key",
            ),
            Self::Snapshots => (
                5,
                "INSERT INTO snapshot (workspace_id, instance_id, seq, checksum, state) VALUES ",
                " ON CONFLICT (workspace_id, instance_id) DO UPDATE SET seq = excluded.seq, checksum = excluded.checksum, state = excluded.state",
            ),
            // One that has expired, or that its first request left behind, is taken over.
            Self::Keys => (
                6,
                "INSERT INTO idempotency_key AS k (workspace_id, key, body_hash, response, created_at, expires_at) VALUES ",
                " ON CONFLICT (workspace_id, key) DO UPDATE SET body_hash = excluded.body_hash, response = excluded.response, \
                 created_at = excluded.created_at, expires_at = excluded.expires_at, pending_until = NULL \
                 WHERE k.expires_at <= excluded.created_at OR k.response IS NULL",
            ),
            Self::Logs => {
                (7, "INSERT INTO task_log (workspace_id, instance_id, number, at, node_id, level, message) VALUES ", "")
            }
        }
    }

    pub(super) const fn columns(self) -> usize {
        self.parts().0
    }

    /// Whether every row must have been written.
    pub(super) const fn counted(self) -> bool {
        matches!(self, Self::Moved | Self::Keys | Self::Position)
    }
}

/// Cuts rows into lengths that statements exist for.
pub(super) fn pieces<R>(mut rows: &[R]) -> impl Iterator<Item = &[R]> {
    std::iter::from_fn(move || {
        let length = LENGTHS.into_iter().find(|&length| length <= rows.len())?;
        let (piece, rest) = rows.split_at(length);
        rows = rest;
        Some(piece)
    })
}

/// Statements by table and number of rows.
type Texts = HashMap<(Table, usize), Arc<str>>;

/// The statement that writes so many rows.
pub(super) fn text(table: Table, rows: usize) -> Arc<str> {
    static TEXTS: Mutex<Option<Texts>> = Mutex::new(None);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts.get_or_insert_default().entry((table, rows)).or_insert_with(|| render(table, rows).into()).clone()
}

fn render(table: Table, rows: usize) -> String {
    let (columns, before, after) = table.parts();
    let row = format!("({})", vec!["?"; columns].join(", "));
    format!("{before}{}{after}", vec![row; rows].join(", "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pieces_cover_all_rows_in_order() {
        for count in [0, 1, 2, 3, 9, 200, 1000] {
            let rows: Vec<usize> = (0..count).collect();
            let covered: Vec<usize> =
                pieces(&rows).inspect(|piece| assert!(LENGTHS.contains(&piece.len()))).flatten().copied().collect();
            assert_eq!(covered, rows);
        }
    }

    /// Each statement finds its rows by a key: only the values themselves are walked through.
    #[tokio::test]
    async fn no_statement_walks_a_table() {
        use sea_orm::{ConnectionTrait, DbBackend, Statement};
        let file = heddle_testkit::TempSqlite::new().unwrap();
        let options = crate::ConnectOptions { url: file.url(), max_connections: None };
        let store = crate::Store::connect(&options).await.unwrap();
        store.migrate().await.unwrap();
        let tables = [
            Table::Created,
            Table::Moved,
            Table::Journal,
            Table::Position,
            Table::Nodes,
            Table::Armed,
            Table::Disarmed,
            Table::Offered,
            Table::Done,
            Table::Held,
            Table::Incidents,
            Table::Search,
            Table::Snapshots,
            Table::Keys,
            Table::Logs,
        ];
        for table in tables {
            let sql = format!("EXPLAIN QUERY PLAN {}", render(table, 8));
            let rows = store.writer().query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
            for row in rows {
                let detail: String = row.try_get("", "detail").unwrap();
                let walked = detail.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
                assert!(
                    !matches!(
                        walked,
                        Some("i" | "j" | "k" | "s" | "timer" | "job" | "workflow_instance" | "shard_lease")
                    ),
                    "{table:?}: {detail}"
                );
            }
        }
    }

    #[test]
    fn a_statement_has_a_place_for_every_value() {
        assert_eq!(text(Table::Moved, 8).matches('?').count(), 8 * 14);
    }
}
