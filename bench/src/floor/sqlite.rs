//! The twin on SQLite: the same rows, write-ahead log, full synchronisation, one writer on a thread of its own.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use rusqlite::{Connection, params};

use super::log::{Log, Queue, Transition, newest};

const TABLES: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE instance (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL, updated_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000));
    CREATE TABLE event (instance_id INTEGER NOT NULL, seq INTEGER NOT NULL, kind INTEGER NOT NULL, payload TEXT NOT NULL, at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000), PRIMARY KEY (instance_id, seq)) WITHOUT ROWID;
    CREATE TABLE node_instance (instance_id INTEGER NOT NULL, seq INTEGER NOT NULL, node TEXT NOT NULL, status INTEGER NOT NULL, output TEXT, ended_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000), PRIMARY KEY (instance_id, seq)) WITHOUT ROWID;";

/// A new file in `dir` and its writer.
pub(super) fn open(dir: &Path, node_rows: bool) -> Result<Log> {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let file = dir.join(format!("floor-{}.db", FILES.fetch_add(1, Ordering::Relaxed)));
    let connection = Connection::open(file)?;
    connection.execute_batch(TABLES)?;
    let (log, queues) = Log::new(1);
    for queue in queues {
        // One writer per file, so the connection moves into the only thread there is.
        let connection = Connection::open(connection.path().unwrap_or_default())?;
        connection.execute_batch("PRAGMA synchronous = FULL;")?;
        std::thread::spawn(move || write(&connection, queue, node_rows));
    }
    Ok(log)
}

fn write(connection: &Connection, mut queue: Queue, node_rows: bool) {
    let mut batch = Vec::new();
    while queue.take_blocking(&mut batch) {
        if let Err(error) = commit(connection, &batch, node_rows) {
            eprintln!("the floor's writer gives up: {error}");
            return;
        }
        queue.committed(&mut batch);
    }
}

fn commit(connection: &Connection, batch: &[Transition], node_rows: bool) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let mut instance = connection.prepare_cached(
        "INSERT INTO instance (id, seq, state) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state, updated_at = excluded.updated_at",
    )?;
    for (id, seq, state) in newest(batch) {
        instance.execute(params![id, seq, state])?;
    }
    let mut event =
        connection.prepare_cached("INSERT INTO event (instance_id, seq, kind, payload) VALUES (?1, ?2, ?3, ?4)")?;
    for t in batch {
        event.execute(params![t.instance, t.seq, t.kind, t.payload])?;
    }
    if node_rows {
        let mut node = connection.prepare_cached(
            "INSERT INTO node_instance (instance_id, seq, node, status, output) VALUES (?1, ?2, ?3, 3, ?4)",
        )?;
        for t in batch {
            node.execute(params![t.instance, t.seq, format!("n{}", t.kind), t.payload])?;
        }
    }
    connection.execute_batch("COMMIT")
}
