//! What the engine carries on a storage without HTTP before it: `sequence-10` in a closed loop, inside one process.
//!
//! `cargo bench -p heddle-store --bench engine -- [sqlite|memory] [--seconds N] [--flight N] [--lanes N]`
//!
//! `memory` tells what the engine itself costs: its storage only keeps rows in maps.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use heddle_engine::runtime::{Engine, EngineConfig, StartRequest};
use heddle_engine::storage::Storage;
use heddle_engine::storage::memory::MemoryStorage;
use heddle_engine::tasks::{Registry, Task, TaskError, TaskInfo, TaskOutput, TaskType, async_trait};
use heddle_model::ids::{AuditId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::value::json;
use heddle_store::query::{AuditRow, NewVersion, VersionRow, WorkspaceRow};
use heddle_store::{ConnectOptions, Store};
use heddle_testkit::TempSqlite;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

const WORKSPACE: WorkspaceId = WorkspaceId::from_u128(1);
const WORKFLOW: WorkflowId = WorkflowId::from_u128(2);
const VERSION: VersionId = VersionId::from_u128(3);
const STEPS: usize = 10;

struct Echo;

#[async_trait]
impl TaskType for Echo {
    fn info(&self) -> TaskInfo {
        TaskInfo { name: "echo", aliases: &[], schema: json!({}) }
    }

    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        Ok(TaskOutput::value(task.input.get("value").cloned().unwrap_or_default()))
    }
}

fn definition() -> String {
    let mut nodes = "name: sequence\nnodes:\n  - { id: start, type: start }\n".to_owned();
    let mut edges = "edges:\n".to_owned();
    let mut last = "start".to_owned();
    for step in 1..=STEPS {
        let _ = writeln!(nodes, "  - {{ id: s{step}, type: echo, config: {{ value: {step} }} }}");
        let _ = writeln!(edges, "  - {{ from: {last}, to: s{step} }}");
        last = format!("s{step}");
    }
    let text = format!("{nodes}  - {{ id: done, type: end }}\n{edges}  - {{ from: {last}, to: done }}\n");
    let parsed = heddle_model::format::parse(&text, heddle_model::format::Format::Yaml);
    heddle_model::format::to_json(&parsed.definition.unwrap()).to_string()
}

async fn sqlite(url: &str) -> Store {
    let store = Store::connect(&ConnectOptions { url: url.to_owned(), max_connections: None }).await.unwrap();
    store.migrate().await.unwrap();
    let audit = |id: u128| AuditRow {
        id: AuditId::from_u128(id),
        workspace: Some(WORKSPACE),
        at: 0,
        actor: "system".to_owned(),
        action: "workspace.create".to_owned(),
        target: String::new(),
        details: "{}".to_owned(),
        address: None,
        request: "req_bench".to_owned(),
    };
    let row = WorkspaceRow { id: WORKSPACE, name: "bench".to_owned(), created_at: 0 };
    store.workspace_insert(row, audit(1)).await.unwrap();
    let version = VersionRow {
        id: VERSION,
        workspace: WORKSPACE,
        workflow: WORKFLOW,
        number: 1,
        label: None,
        definition: definition(),
        source: "name: x".to_owned(),
        source_format: "yaml".to_owned(),
        content_hash: [1; 32],
        created_at: 0,
        created_by: "system".to_owned(),
        created_by_name: None,
    };
    let new = NewVersion { version, description: None, tags: Vec::new(), nodes: Vec::new(), edges: Vec::new() };
    store.workflow_create(WORKSPACE, WORKFLOW, "sequence", new, audit(2)).await.unwrap();
    store
}

fn start(engine: &Engine) -> StartRequest {
    StartRequest {
        workspace: WORKSPACE,
        workflow: WORKFLOW,
        version: VERSION,
        version_number: 1,
        instance: engine.new_instance_id(),
        input: json!({}),
        business_key: None,
        unique_business_key: false,
        priority: None,
        start_at: None,
        actor: "usr_bench".into(),
        idempotency: None,
        test: false,
        wait: Some(Duration::from_secs(60)),
    }
}

fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold anything: user and system time are the 12th and 13th field, in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// So many instances at once until the time is over; how many ended.
async fn load(engine: &Engine, flight: usize, time: Duration) -> usize {
    let end = Instant::now() + time;
    let loops: Vec<_> = (0..flight)
        .map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut ended = 0;
                while Instant::now() < end {
                    engine.start_instances(vec![start(&engine)]).await.remove(0).unwrap();
                    ended += 1;
                }
                ended
            })
        })
        .collect();
    let mut ended = 0;
    for one in loops {
        ended += one.await.unwrap();
    }
    ended
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str, default: f64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let which = arguments.first().filter(|word| !word.starts_with('-')).map_or("sqlite", String::as_str);
    let file = TempSqlite::new().unwrap();
    let storage: Arc<dyn Storage> = if which == "memory" {
        let memory = MemoryStorage::default();
        memory.define(WORKSPACE, VERSION, definition());
        Arc::new(memory)
    } else {
        Arc::new(sqlite(&file.url()).await)
    };
    let mut registry = Registry::default();
    registry.register(Echo).unwrap();
    let lanes = value("--lanes", EngineConfig::default().lanes as f64) as usize;
    let engine = Engine::start(storage, registry, EngineConfig { lanes, ..EngineConfig::default() }).await.unwrap();
    let (flight, time) = (value("--flight", 1024.0) as usize, Duration::from_secs_f64(value("--seconds", 5.0)));
    load(&engine, flight, time / 10).await;
    let (begun, cpu) = (Instant::now(), cpu_ms());
    let ended = load(&engine, flight, time).await;
    let (seconds, cpu, steps) = (begun.elapsed().as_secs_f64(), cpu_ms() - cpu, (ended * STEPS) as f64);
    println!(
        "{{\"bench\":\"engine\",\"storage\":\"{which}\",\"flight\":{flight},\"lanes\":{lanes},\"steps_s\":{:.0},\"instances_s\":{:.0},\"p50_ms\":{:.2},\"cpu_ms_per_1000\":{:.1}}}",
        steps / seconds,
        ended as f64 / seconds,
        seconds * flight as f64 / ended as f64 * 1e3,
        cpu / steps * 1e3,
    );
    engine.shutdown().await;
}
