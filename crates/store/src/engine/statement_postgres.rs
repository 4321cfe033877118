//! The text of PostgreSQL's commit: one statement, so one round trip and one transaction of its own.
//!
//! Each table that a batch writes is one part of a `WITH`, fed by arrays. A batch of few tables is a short statement: the texts are
//! made once per combination and prepared once per connection. Parameters are written `@1`, `@2`, … within a part.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// One table's part.
pub(super) struct Part {
    pub(super) parameters: usize,
    sql: &'static str,
    /// The name under which its rows are counted against the last parameter, where each must have been written.
    counted: Option<&'static str>,
}

/// The parts in the order in which their parameters come. The numbers are those of `commit_postgres`.
pub(super) const PARTS: [Part; 31] = [
    // 0: new hot rows
    Part {
        parameters: 24,
        counted: None,
        sql: "created AS (INSERT INTO workflow_instance (workspace_id, id, workflow_id, version_id, created_at, updated_at, started_at, ended_at, seq, \
            version_number, shard, nodes_ended, nodes_expected, incidents, priority, runnable, unique_business_key, test, status, phase, started_by, \
            business_key, error, parent_id) SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::uuid[], @4::uuid[], @5::int8[], @6::int8[], @7::int8[], @8::int8[], \
            @9::int8[], @10::int8[], @11::int4[], @12::int4[], @13::int4[], @14::int4[], @15::int4[], @16::bool[], @17::bool[], @18::bool[], @19::text[], \
            @20::text[], @21::text[], @22::text[], @23::text[], @24::uuid[]))",
    },
    // 1: hot rows that go on; none that has an event of the batch already
    Part {
        parameters: 15,
        counted: Some("moved"),
        sql: "moved AS (UPDATE workflow_instance AS i SET updated_at = u.updated_at, started_at = u.started_at, ended_at = u.ended_at, seq = u.seq, \
            nodes_ended = u.nodes_ended, nodes_expected = u.nodes_expected, incidents = u.incidents, runnable = u.runnable, status = u.status, \
            phase = u.phase, error = u.error FROM unnest(@1::uuid[], @2::uuid[], @3::int8[], @4::int8[], @5::int8[], @6::int8[], @7::int8[], @8::int4[], \
            @9::int4[], @10::int4[], @11::bool[], @12::text[], @13::text[], @14::text[]) AS u (workspace_id, id, before, updated_at, started_at, ended_at, \
            seq, nodes_ended, nodes_expected, incidents, runnable, status, phase, error) \
            WHERE i.workspace_id = u.workspace_id AND i.id = u.id AND i.seq <= u.before RETURNING 1)",
    },
    // 2: journal
    Part {
        parameters: 9,
        counted: None,
        sql: "written AS (INSERT INTO journal (workspace_id, instance_id, first_seq, pos, at, count, checksum, shard, events) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::int8[], @4::int8[], @5::int8[], @6::int4[], @7::int4[], @8::int2[], @9::bytea[]))",
    },
    // 3: executions that wait
    Part {
        parameters: 12,
        counted: None,
        sql: "nodes AS (INSERT INTO node_instance AS n (workspace_id, instance_id, started_at, number, attempt, iteration, node_id, node_type, \
            status, reason, output, error) SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::int8[], @4::int4[], @5::int4[], @6::int4[], \
            @7::text[], @8::text[], @9::text[], @10::text[], @11::text[], @12::text[]) \
            ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET started_at = excluded.started_at, \
            attempt = excluded.attempt, iteration = excluded.iteration, node_id = excluded.node_id, node_type = excluded.node_type, \
            status = excluded.status, reason = excluded.reason, output = excluded.output, error = excluded.error)",
    },
    // 4: timers armed
    Part {
        parameters: 5,
        counted: None,
        sql: "armed AS (INSERT INTO timer (workspace_id, instance_id, number, shard, due) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::int4[], @4::int4[], @5::int8[]) \
            ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET due = excluded.due, shard = excluded.shard)",
    },
    // 5: timers gone
    Part {
        parameters: 3,
        counted: None,
        sql: "disarmed AS (DELETE FROM timer AS t USING unnest(@1::uuid[], @2::uuid[], @3::int4[]) AS g (workspace_id, instance_id, number) \
            WHERE t.workspace_id = g.workspace_id AND t.instance_id = g.instance_id AND t.number = g.number)",
    },
    // 6: jobs offered
    Part {
        parameters: 17,
        counted: None,
        sql: "offered AS (INSERT INTO job (workspace_id, id, instance_id, number, state, priority, attempt, token, not_before, lease_until, created_at, \
            held, job_type, node_id, worker, key, input) SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::uuid[], @4::int4[], @5::int4[], @6::int4[], \
            @7::int4[], @8::int8[], @9::int8[], @10::int8[], @11::int8[], @12::bool[], @13::text[], @14::text[], @15::text[], @16::text[], @17::text[]) \
            ON CONFLICT (workspace_id, id) DO UPDATE SET number = excluded.number, state = excluded.state, priority = excluded.priority, \
            attempt = excluded.attempt, token = excluded.token, not_before = excluded.not_before, lease_until = excluded.lease_until, \
            created_at = excluded.created_at, held = excluded.held, job_type = excluded.job_type, node_id = excluded.node_id, worker = excluded.worker, \
            key = excluded.key, input = excluded.input)",
    },
    // 7: jobs gone
    Part {
        parameters: 2,
        counted: None,
        sql: "done AS (DELETE FROM job AS j USING unnest(@1::uuid[], @2::uuid[]) AS g (workspace_id, id) WHERE j.workspace_id = g.workspace_id AND j.id = g.id)",
    },
    // 8: jobs held back or given out again
    Part {
        parameters: 4,
        counted: None,
        sql: "held AS (UPDATE job AS j SET held = h.held FROM unnest(@1::uuid[], @2::uuid[], @3::bool[]) AS h (workspace_id, instance_id, held) \
            WHERE j.workspace_id = h.workspace_id AND j.instance_id = h.instance_id AND j.id <> ALL (@4::uuid[]))",
    },
    // 9: incidents
    Part {
        parameters: 10,
        counted: None,
        sql: "incidents AS (INSERT INTO incident (workspace_id, id, instance_id, number, kind, node_id, code, message, opened_at, resolved_at) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::uuid[], @4::int4[], @5::text[], @6::text[], @7::text[], @8::text[], @9::int8[], @10::int8[]) \
            ON CONFLICT (workspace_id, id) DO UPDATE SET kind = excluded.kind, node_id = excluded.node_id, code = excluded.code, \
            message = excluded.message, opened_at = excluded.opened_at, resolved_at = excluded.resolved_at)",
    },
    // 10: search values
    Part {
        parameters: 5,
        counted: None,
        sql: "found AS (INSERT INTO search_value (workspace_id, instance_id, name, value, value_key) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::text[], @4::text[], @5::text[]) \
            ON CONFLICT (workspace_id, instance_id, name) DO UPDATE SET value = excluded.value, value_key = excluded.value_key)",
    },
    // 11: snapshots
    Part {
        parameters: 5,
        counted: None,
        sql: "pictured AS (INSERT INTO snapshot (workspace_id, instance_id, seq, checksum, state) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::int8[], @4::int8[], @5::bytea[]) \
            ON CONFLICT (workspace_id, instance_id) DO UPDATE SET seq = excluded.seq, checksum = excluded.checksum, state = excluded.state)",
    },
    // 12: idempotency keys; one that has expired, or that its first request left behind, is taken over
    Part {
        parameters: 7,
        counted: Some("claimed"),
        sql: "claimed AS (INSERT INTO idempotency_key AS k (workspace_id, key, body_hash, response, created_at, expires_at) \
            SELECT * FROM unnest(@1::uuid[], @2::text[], @3::bytea[], @4::text[], @5::int8[], @6::int8[]) ORDER BY 1, 2 \
            ON CONFLICT (workspace_id, key) DO UPDATE SET body_hash = excluded.body_hash, response = excluded.response, \
            created_at = excluded.created_at, expires_at = excluded.expires_at, pending_until = NULL WHERE k.expires_at <= excluded.created_at \
            OR k.response IS NULL RETURNING 1)",
    },
    // 13: lines that tasks logged
    Part {
        parameters: 7,
        counted: None,
        sql: "logged AS (INSERT INTO task_log (workspace_id, instance_id, number, at, node_id, level, message) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::int4[], @4::int8[], @5::text[], @6::text[], @7::text[]))",
    },
    // 14: parcels sent
    Part {
        parameters: 6,
        counted: None,
        sql: "sent AS (INSERT INTO inbox (shard, id, workspace_id, instance_id, sent_at, content) \
            SELECT * FROM unnest(@1::int4[], @2::uuid[], @3::uuid[], @4::uuid[], @5::int8[], @6::text[]) ON CONFLICT DO NOTHING)",
    },
    // 15: parcels that the batch follows from
    Part {
        parameters: 3,
        counted: Some("taken"),
        sql: "taken AS (DELETE FROM inbox AS i USING unnest(@1::int4[], @2::uuid[]) AS g (shard, id) \
            WHERE i.shard = g.shard AND i.id = g.id RETURNING 1)",
    },
    // 16: answers
    Part {
        parameters: 3,
        counted: None,
        sql: "answered AS (INSERT INTO reply (id, content, at) SELECT * FROM unnest(@1::uuid[], @2::text[], @3::int8[]) ON CONFLICT DO NOTHING)",
    },
    // 17: subscriptions armed
    Part {
        parameters: 8,
        counted: None,
        sql: "subscribed AS (INSERT INTO subscription (workspace_id, instance_id, number, shard, awaits, name, key, since) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::int4[], @4::int4[], @5::int4[], @6::text[], @7::text[], @8::int8[]) \
            ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET shard = excluded.shard, awaits = excluded.awaits, name = excluded.name, \
            key = excluded.key, since = excluded.since)",
    },
    // 18: subscriptions gone
    Part {
        parameters: 3,
        counted: None,
        sql: "unsubscribed AS (DELETE FROM subscription AS s USING unnest(@1::uuid[], @2::uuid[], @3::int4[]) AS g (workspace_id, instance_id, number) \
            WHERE s.workspace_id = g.workspace_id AND s.instance_id = g.instance_id AND s.number = g.number)",
    },
    // 19: messages for their mailboxes
    Part {
        parameters: 7,
        counted: None,
        sql: "published AS (INSERT INTO message (workspace_id, id, sent_at, expires_at, name, key, letter) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::int8[], @4::int8[], @5::text[], @6::text[], @7::text[]) ON CONFLICT DO NOTHING)",
    },
    // 20: signals, for all who waited before the batch; the ids keep the order in which they were sent
    Part {
        parameters: 5,
        counted: None,
        sql: "signalled AS (INSERT INTO inbox (shard, id, workspace_id, instance_id, sent_at, content) \
            SELECT w.shard, (lpad(to_hex(s.at), 12, '0') || '7' || lpad(to_hex(s.place & 4095), 3, '0') \
            || substr(replace(gen_random_uuid()::text, '-', ''), 17))::uuid, s.workspace_id, w.instance_id, s.at, s.content \
            FROM unnest(@1::uuid[], @2::uuid[], @3::int8[], @4::text[], @5::text[]) WITH ORDINALITY AS s (workspace_id, sender, at, name, content, place) \
            CROSS JOIN LATERAL (SELECT DISTINCT shard, instance_id FROM subscription \
            WHERE workspace_id = s.workspace_id AND awaits = 1 AND name = s.name AND instance_id <> s.sender) AS w)",
    },
    // 21: permits asked for
    Part {
        parameters: 7,
        counted: None,
        sql: "asked AS (INSERT INTO permit (workspace_id, instance_id, number, shard, permits, since, name, granted) \
            SELECT *, false FROM unnest(@1::uuid[], @2::uuid[], @3::int4[], @4::int4[], @5::int8[], @6::int8[], @7::text[]) \
            ON CONFLICT (workspace_id, instance_id, number) DO UPDATE SET shard = excluded.shard, permits = excluded.permits, since = excluded.since, \
            name = excluded.name, granted = false)",
    },
    // 22: permits given back
    Part {
        parameters: 3,
        counted: None,
        sql: "given_back AS (DELETE FROM permit AS p USING unnest(@1::uuid[], @2::uuid[], @3::int4[]) AS g (workspace_id, instance_id, number) \
            WHERE p.workspace_id = g.workspace_id AND p.instance_id = g.instance_id AND p.number = g.number)",
    },
    // 23: hot rows that go on in another version; a statement may change a row once only, so these are not among those of part 1
    Part {
        parameters: 17,
        counted: Some("migrated"),
        sql: "migrated AS (UPDATE workflow_instance AS i SET updated_at = u.updated_at, started_at = u.started_at, ended_at = u.ended_at, seq = u.seq, \
            nodes_ended = u.nodes_ended, nodes_expected = u.nodes_expected, incidents = u.incidents, runnable = u.runnable, status = u.status, \
            phase = u.phase, error = u.error, version_id = u.version_id, version_number = u.version_number \
            FROM unnest(@1::uuid[], @2::uuid[], @3::int8[], @4::int8[], @5::int8[], @6::int8[], @7::int8[], @8::int4[], @9::int4[], @10::int4[], \
            @11::bool[], @12::text[], @13::text[], @14::text[], @15::uuid[], @16::int8[]) AS u (workspace_id, id, before, updated_at, started_at, \
            ended_at, seq, nodes_ended, nodes_expected, incidents, runnable, status, phase, error, version_id, version_number) \
            WHERE i.workspace_id = u.workspace_id AND i.id = u.id AND i.seq <= u.before RETURNING 1)",
    },
    // 24: executions that have ended, counted; nobody else writes these rows at the same time
    Part {
        parameters: 8,
        counted: None,
        sql: "counted AS (INSERT INTO node_tally AS t (workspace_id, workflow_id, hour, slot, completed, failed, took_ms, node_id) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::int8[], @4::int4[], @5::int8[], @6::int8[], @7::int8[], @8::text[]) \
            ON CONFLICT (workspace_id, workflow_id, hour, slot, node_id) DO UPDATE SET completed = t.completed + excluded.completed, \
            failed = t.failed + excluded.failed, took_ms = t.took_ms + excluded.took_ms)",
    },
    // 25: executions that wait no more
    Part {
        parameters: 3,
        counted: None,
        sql: "ended AS (DELETE FROM node_instance AS n USING unnest(@1::uuid[], @2::uuid[], @3::int4[]) AS g (workspace_id, instance_id, number) \
            WHERE n.workspace_id = g.workspace_id AND n.instance_id = g.instance_id AND n.number = g.number)",
    },
    // 26: hot rows that are brought up to date: those that have gone further are left
    Part {
        parameters: 14,
        counted: None,
        sql: "refreshed AS (UPDATE workflow_instance AS i SET updated_at = u.updated_at, started_at = u.started_at, ended_at = u.ended_at, seq = u.seq, \
            nodes_ended = u.nodes_ended, nodes_expected = u.nodes_expected, incidents = u.incidents, runnable = u.runnable, status = u.status, \
            phase = u.phase, error = u.error FROM unnest(@1::uuid[], @2::uuid[], @3::int8[], @4::int8[], @5::int8[], @6::int8[], @7::int8[], @8::int4[], \
            @9::int4[], @10::int4[], @11::bool[], @12::text[], @13::text[], @14::text[]) AS u (workspace_id, id, before, updated_at, started_at, ended_at, \
            seq, nodes_ended, nodes_expected, incidents, runnable, status, phase, error) \
            WHERE i.workspace_id = u.workspace_id AND i.id = u.id AND i.seq <= u.before)",
    },
    // 27: tasks for people
    Part {
        parameters: 18,
        counted: None,
        sql: "people AS (INSERT INTO human_task (workspace_id, id, instance_id, workflow_id, asked_at, updated_at, due, escalated_at, ended_at, \
            number, held, node_id, status, title, assignee, config, draft, output) SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::uuid[], @4::uuid[], \
            @5::int8[], @6::int8[], @7::int8[], @8::int8[], @9::int8[], @10::int4[], @11::bool[], @12::text[], @13::text[], @14::text[], @15::text[], \
            @16::text[], @17::text[], @18::text[]) ON CONFLICT (workspace_id, id) DO UPDATE SET asked_at = excluded.asked_at, updated_at = excluded.updated_at, \
            due = excluded.due, escalated_at = excluded.escalated_at, ended_at = excluded.ended_at, held = excluded.held, node_id = excluded.node_id, \
            status = excluded.status, title = excluded.title, assignee = excluded.assignee, config = excluded.config, draft = excluded.draft, \
            output = excluded.output)",
    },
    // 28: tasks for people that have ended
    Part {
        parameters: 5,
        counted: None,
        sql: "unasked AS (UPDATE human_task AS t SET status = e.status, ended_at = e.at, updated_at = e.at, held = false, output = e.output \
            FROM unnest(@1::uuid[], @2::uuid[], @3::text[], @4::int8[], @5::text[]) AS e (workspace_id, id, status, at, output) \
            WHERE t.workspace_id = e.workspace_id AND t.id = e.id AND t.ended_at IS NULL)",
    },
    // 29: what they are offered to no longer; an offer that stands is not touched a second time
    Part {
        parameters: 4,
        counted: None,
        sql: "unoffered AS (DELETE FROM human_task_offer AS o USING unnest(@1::uuid[], @2::uuid[]) AS g (workspace_id, id) \
            WHERE o.workspace_id = g.workspace_id AND o.id = g.id \
            AND NOT EXISTS (SELECT FROM unnest(@3::uuid[], @4::text[]) AS k (id, who) WHERE k.id = o.id AND k.who = o.who))",
    },
    // 30: to whom they are offered
    Part {
        parameters: 4,
        counted: None,
        sql: "offered_to AS (INSERT INTO human_task_offer (workspace_id, id, who, asked_at) \
            SELECT * FROM unnest(@1::uuid[], @2::uuid[], @3::text[], @4::int8[]) \
            ON CONFLICT (workspace_id, id, who) DO UPDATE SET asked_at = excluded.asked_at)",
    },
];

/// Parts that a single row can be given to as values. An array for each of its columns is the dearer half of a small statement: PostgreSQL
/// makes a function call and a store of rows of each.
const PLAIN: u32 = 1 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 24 | 1 << 25;

/// Whether a part takes a single row as values.
pub(super) const fn is_plain(number: usize) -> bool {
    PLAIN >> number & 1 == 1
}

/// The fence is read with a lock that a take-over, which changes the epoch, waits for, and a heartbeat does not.
const FENCE: &str =
    "WITH fence AS MATERIALIZED (SELECT 1 FROM server_node WHERE server_id = $1 AND epoch = $2 FOR KEY SHARE)";

/// The statement for a set of parts (bit n: part n), of which `ones` take one row as values.
pub(super) fn text(parts: u32, ones: u32) -> Arc<str> {
    type Texts = HashMap<(u32, u32), Arc<str>>;
    static TEXTS: Mutex<Option<Texts>> = Mutex::new(None);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts.get_or_insert_default().entry((parts, ones)).or_insert_with(|| render(parts, ones).into()).clone()
}

/// The same part for one row: its only `unnest(@1::a[], …)` becomes a row of values.
fn with_values(sql: &str) -> String {
    let Some((before, rest)) = sql.split_once("unnest(") else { return sql.to_owned() };
    let Some((arrays, after)) = rest.split_once(')') else { return sql.to_owned() };
    let name = if after.starts_with(" AS ") { "" } else { " AS v" };
    format!("{before}(VALUES ({})){name}{after}", arrays.replace("[]", ""))
}

fn render(parts: u32, ones: u32) -> String {
    let mut sql = FENCE.to_owned();
    let mut checks = String::new();
    let mut before = 2;
    for (number, part) in PARTS.iter().enumerate().filter(|(number, _)| parts & (1 << number) != 0) {
        sql.push_str(", ");
        let text = if ones >> number & 1 == 1 { with_values(part.sql) } else { part.sql.to_owned() };
        // From the highest, so that @1 does not meet @10.
        let numbered =
            (1..=part.parameters).rev().fold(text, |sql, n| sql.replace(&format!("@{n}"), &format!("${}", before + n)));
        sql.push_str(&numbered);
        before += part.parameters;
        if let Some(name) = part.counted {
            // Writing to a String cannot fail.
            let _ = write!(
                checks,
                " WHEN (SELECT count(*) FROM {name}) <> ${before} THEN heddle_refuse('HD002', 'not all rows fit: {name}')"
            );
        }
    }
    let _ = write!(
        sql,
        " SELECT CASE WHEN NOT EXISTS (SELECT FROM fence) THEN heddle_refuse('HD001', 'fenced'){checks} ELSE true END"
    );
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        let sql = render(0b110, 0);
        assert!(sql.contains("moved AS (UPDATE") && sql.contains("$16::text[]") && sql.contains("<> $17"), "{sql}");
        assert!(sql.contains("$18::uuid[]") && sql.contains("$26::bytea[]") && !sql.contains('@'), "{sql}");
    }

    #[test]
    fn a_single_row_comes_as_values() {
        let sql = render(0b110, 0b110);
        assert!(!sql.contains("unnest") && !sql.contains("[]"), "{sql}");
        assert!(
            sql.contains("FROM (VALUES ($3::uuid, $4::uuid,") && sql.contains("$16::text)) AS u (workspace_id"),
            "{sql}"
        );
        assert!(sql.contains("SELECT * FROM (VALUES ($18::uuid,") && sql.contains("$26::bytea)) AS v)"), "{sql}");
        for (number, part) in PARTS.iter().enumerate().filter(|(number, _)| is_plain(*number)) {
            let arrays =
                part.sql.split_once("unnest(").and_then(|(_, rest)| rest.split_once(')')).map(|(arrays, _)| arrays);
            let count = arrays.map_or(0, |arrays| arrays.matches("[]").count());
            assert_eq!(part.sql.matches("[]").count(), count, "part {number} has arrays beside its rows");
        }
    }

    #[test]
    fn every_part_uses_all_its_parameters() {
        for part in &PARTS {
            let used = part.sql.matches('@').count() + usize::from(part.counted.is_some());
            assert_eq!(used, part.parameters, "{}", part.sql);
        }
    }
}
