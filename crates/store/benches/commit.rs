//! What the commit path carries without an engine above it: `sequence-10` as batches of made-up units.
//!
//! `cargo bench -p heddle-store -- [sqlite|postgres|both] [--seconds N] [--flight N] [--writers N] [--keys]`
//!
//! N instances are in flight; each has eleven commits (its start and ten steps), and no commit before the last one is durable. A step is
//! one journal row, the hot row and one node instance. `--keys` adds foreign keys to the hot tables first (docs/adr).
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
                    unit.head.runnable = true;
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
        unit.head = head(seq + 2);
        unit.head.runnable = u64::from(number) < STEPS;
        if u64::from(number) == STEPS {
            unit.head.status = "COMPLETED";
            unit.head.ended_at = Some(AT);
        }
        unit.nodes = vec![NodeRow { output: Some("{\"v\":42}".to_owned()), ..node(number) }];
        unit
    }

    fn committed(&mut self, units: &[Unit]) {
        for unit in units.iter().filter(|unit| unit.head.ended_at.is_none()) {
            self.flight.push_back((unit.instance, unit.head.seq));
        }
        // Start others for those that ended: pop_front falls back to starts once the flight is short.
        while self.flight.len() > self.size {
            self.flight.pop_front();
        }
    }
}

async fn run(name: &str, store: &Store, options: &Options, writers: usize) {
    let maker = Maker::new(store).await;
    let end = Instant::now() + Duration::from_secs_f64(options.seconds);
    let start = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|lane| {
            let store = store.clone();
            let mut lane = Lane { maker: maker.lane(lane as u16, writers as u16), flight: VecDeque::new(), size: options.flight / writers };
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
                    ended += batch.units.iter().filter(|unit| unit.head.ended_at.is_some()).count() as u64;
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
        "{{\"bench\":\"store-commit\",\"database\":\"{name}\",\"foreign_keys\":{},\"flight\":{},\"writers\":{writers},\"steps_s\":{:.0},\"instances_s\":{:.0},\"commits_s\":{:.0},\"steps_per_commit\":{:.0}}}",
        options.keys,
        options.flight,
        steps as f64 / seconds,
        ended as f64 / seconds,
        commits as f64 / seconds,
        steps as f64 / commits as f64,
    );
}

async fn open(url: &str) -> Store {
    let store = Store::connect(&ConnectOptions { url: url.to_owned(), max_connections: None }).await.unwrap();
    store.migrate().await.unwrap();
    store
}

const KEYS: &str = "ALTER TABLE journal ADD FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id); \
    ALTER TABLE node_instance ADD FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id)";

#[tokio::main]
async fn main() {
    let options = options();
    if options.which != "postgres" {
        let file = TempSqlite::new().unwrap();
        if !options.keys {
            run("sqlite", &open(&file.url()).await, &options, options.writers.max(1)).await;
        }
    }
    if options.which != "sqlite" {
        let settings = std::env::var("HEDDLE_BENCH_SETTINGS").unwrap_or_default();
        let server = Postgres::start_with(&settings.split(';').filter(|setting| !setting.is_empty()).collect::<Vec<_>>()).unwrap();
        let database = server.database().unwrap();
        let store = open(if std::env::var_os("HEDDLE_BENCH_SOCKET").is_some() { &database.socket_url } else { &database.url }).await;
        if options.keys {
            server.sql(&database.name, KEYS).unwrap();
        }
        run("postgres", &store, &options, if options.writers == 0 { 2 } else { options.writers }).await;
        if std::env::var_os("HEDDLE_BENCH_SHOW").is_some() {
            println!("{}", server.log());
            println!("{}", server.sql(&database.name, "SELECT relname, n_tup_ins, n_tup_upd, n_tup_hot_upd, n_dead_tup FROM pg_stat_user_tables WHERE n_tup_ins > 0").unwrap());
        }
    }
}
