//! What the commit path carries without an engine above it: `sequence-10` as batches of made-up units.
//!
//! `cargo bench -p heddle-store -- [sqlite|postgres|both] [--seconds N] [--flight N] [--writers N] [--keys]`
//!
//! N instances are in flight; each has eleven commits (its start and ten steps), and no commit before the last one is durable. A step is
//! one journal row, the hot row and one node instance. `--keys` adds foreign keys to the hot tables first (docs/adr/0007).
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use heddle_engine::storage::conformance::make::{AT, Maker, head, node};
use heddle_engine::storage::{NodeRow, Storage, Unit};
use heddle_model::ids::InstanceId;
use heddle_store::{ConnectOptions, Store};
use heddle_testkit::{Postgres, TempSqlite};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

const STEPS: u64 = 10;
/// What one step's events take, encoded.
const EVENT_BYTES: usize = 80;

struct Options {
    which: String,
    seconds: f64,
    flight: usize,
    writers: usize,
    keys: bool,
}

fn options() -> Options {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str, default: f64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    Options {
        which: arguments.first().filter(|word| !word.starts_with('-')).cloned().unwrap_or_else(|| "both".to_owned()),
        seconds: value("--seconds", 10.0),
        flight: value("--flight", 1024.0) as usize,
        writers: value("--writers", 0.0) as usize,
        keys: arguments.iter().any(|argument| argument == "--keys"),
    }
}

/// One writer's instances: the next event of each.
struct Lane {
    maker: Maker,
    flight: VecDeque<(InstanceId, u64)>,
    size: usize,
}

impl Lane {
    /// The next step of every instance in flight, up to half of them: the other half is what gathers meanwhile.
    fn batch(&mut self) -> Vec<Unit> {
        let take = (self.size / 2).max(1);
        let mut units = Vec::with_capacity(take);
        for _ in 0..take {
            let unit = match self.flight.pop_front() {
                Some((instance, seq)) => self.step(instance, seq),
                None => {
                    let mut unit = self.maker.start();
                    unit.head.as_mut().unwrap().runnable = true;
                    unit
                }
            };
            units.push(unit);
        }
        units
    }

    fn step(&mut self, instance: InstanceId, seq: u64) -> Unit {
        let mut unit = self.maker.step(instance, seq + 1, 2);
        let number = (seq / 2) as u32;
        unit.journal.events = Arc::from(vec![number as u8; EVENT_BYTES]);
        unit.head = Some(head(seq + 2));
        unit.head.as_mut().unwrap().runnable = u64::from(number) < STEPS;
        if u64::from(number) == STEPS {
            unit.head.as_mut().unwrap().status = "COMPLETED";
            unit.head.as_mut().unwrap().ended_at = Some(AT);
        }
        unit.nodes = vec![NodeRow { output: Some("{\"v\":42}".to_owned()), ..node(number) }];
        unit
    }

    fn committed(&mut self, units: &[Unit]) {
        for unit in units.iter().filter(|unit| unit.head.as_ref().unwrap().ended_at.is_none()) {
            self.flight.push_back((unit.instance, unit.head.as_ref().unwrap().seq));
        }
        // Start others for those that ended: pop_front falls back to starts once the flight is short.
        while self.flight.len() > self.size {
            self.flight.pop_front();
        }
    }
}

/// Processor time of a process so far, in milliseconds.
fn cpu_ms(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name, which may hold anything: user and system time are the 12th and 13th field, in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// Processor time of all of a server's processes that are alive.
fn server_cpu_ms(server: Option<&Postgres>) -> f64 {
    server.map_or(0.0, |server| {
        server.sql("postgres", "SELECT pid FROM pg_stat_activity").unwrap().lines().map(cpu_ms).sum()
    })
}

async fn run(name: &str, store: &Store, options: &Options, writers: usize, server: Option<&Postgres>) {
    let maker = Maker::new(store).await;
    let end = Instant::now() + Duration::from_secs_f64(options.seconds);
    let start = Instant::now();
    let before = (cpu_ms("self"), server_cpu_ms(server));
    let tasks: Vec<_> = (0..writers)
        .map(|lane| {
            let store = store.clone();
            let mut lane = Lane {
                maker: maker.lane(lane as u16, writers as u16),
                flight: VecDeque::new(),
                size: options.flight / writers,
            };
            // Half of what may be in flight is there from the beginning.
            tokio::spawn(async move {
                let (mut steps, mut commits, mut ended) = (0u64, 0u64, 0u64);
                let mut pending: Option<Vec<Unit>> = None;
                while Instant::now() < end {
                    let units = match pending.take() {
                        Some(units) => units,
                        None => lane.batch(),
                    };
                    let batch = lane.maker.batch(units);
                    let commit = store.commit(&batch);
                    // Two halves in turn: the next one is made while this one is under way.
                    let next = async { lane.batch() };
                    let (result, next) = tokio::join!(commit, next);
                    result.unwrap();
                    pending = Some(next);
                    commits += 1;
                    steps += batch.units.iter().filter(|unit| unit.created.is_none()).count() as u64;
                    ended +=
                        batch.units.iter().filter(|unit| unit.head.as_ref().unwrap().ended_at.is_some()).count() as u64;
                    lane.committed(&batch.units);
                }
                (steps, commits, ended)
            })
        })
        .collect();
    let (mut steps, mut commits, mut ended) = (0, 0, 0);
    for task in tasks {
        let (a, b, c) = task.await.unwrap();
        steps += a;
        commits += b;
        ended += c;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{{\"bench\":\"store-commit\",\"database\":\"{name}\",\"foreign_keys\":{},\"flight\":{},\"writers\":{writers},\"steps_s\":{:.0},\"instances_s\":{:.0},\"commits_s\":{:.0},\"steps_per_commit\":{:.0},\"client_cpu_ms_per_1000\":{:.1},\"server_cpu_ms_per_1000\":{:.1}}}",
        options.keys,
        options.flight,
        steps as f64 / seconds,
        ended as f64 / seconds,
        commits as f64 / seconds,
        steps as f64 / commits as f64,
        (cpu_ms("self") - before.0) / steps as f64 * 1_000.0,
        (server_cpu_ms(server) - before.1) / steps as f64 * 1_000.0,
    );
}

async fn open(url: &str) -> Store {
    let store = Store::connect(&ConnectOptions { url: url.to_owned(), max_connections: None }).await.unwrap();
    store.migrate().await.unwrap();
    store
}

const KEYS: &str = "ALTER TABLE journal ADD FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id); \
    ALTER TABLE node_instance ADD FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id)";

/// SQLite cannot add a foreign key to a table that stands: make the empty tables anew.
async fn keys_on_sqlite(url: &str) {
    use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
    let db = Database::connect(url).await.unwrap();
    for table in ["journal", "node_instance"] {
        let sql = format!(
            "SELECT group_concat(sql, ';') AS sql FROM sqlite_master WHERE tbl_name = '{table}' AND sql IS NOT NULL ORDER BY type DESC"
        );
        let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap().unwrap();
        let made: String = row.try_get("", "sql").unwrap();
        let key = ", FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id)) STRICT";
        db.execute_unprepared(&format!("DROP TABLE {table}; {}", made.replacen(") STRICT", key, 1))).await.unwrap();
    }
    db.close().await.unwrap();
}

#[tokio::main]
async fn main() {
    let options = options();
    if options.which != "postgres" {
        let file = TempSqlite::new().unwrap();
        if options.keys {
            open(&file.url()).await.close().await;
            keys_on_sqlite(&file.url()).await;
        }
        run("sqlite", &open(&file.url()).await, &options, options.writers.max(1), None).await;
    }
    if options.which != "sqlite" {
        // More for experiments: settings of the server (name=value;…), SQL to run before, its log afterwards.
        let settings = std::env::var("HEDDLE_BENCH_SETTINGS").unwrap_or_default();
        let server =
            Postgres::start_with(&settings.split(';').filter(|setting| !setting.is_empty()).collect::<Vec<_>>())
                .unwrap();
        let database = server.database().unwrap();
        let store = open(&database.socket_url).await;
        if options.keys {
            server.sql(&database.name, KEYS).unwrap();
        }
        if let Ok(sql) = std::env::var("HEDDLE_BENCH_SQL") {
            server.sql(&database.name, &sql).unwrap();
        }
        run("postgres", &store, &options, if options.writers == 0 { 2 } else { options.writers }, Some(&server)).await;
        if std::env::var_os("HEDDLE_BENCH_LOG").is_some() {
            println!("{}", server.log());
        }
    }
}
