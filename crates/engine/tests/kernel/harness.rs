//! A run of one instance in the hands of a test. After every step it checks what must hold after every step: the journal replayed
//! gives the live state, its stored form reads back, tokens are conserved, and no status changed against the tables.

use heddle_engine::kernel::{
    Active, Caller, Command, CommandError, Context, Created, Decision, Effects, Entropy, Event, Held, InstanceState,
    Json, Order, codec, create, decide,
};
use heddle_engine::tasks::{
    ErrorClass, PureTask, Registry, Task, TaskError, TaskInfo, TaskOutput, TaskType, TimerTask,
};
use heddle_model::format::{self, Format};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId, uuid_v7};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::Plan;
use heddle_model::value::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) struct Run {
    pub(crate) plan: Plan,
    pub(crate) state: InstanceState,
    pub(crate) events: Vec<(i64, Event)>,
    pub(crate) effects: Effects,
    pub(crate) now: i64,
    pub(crate) order: Order,
    registry: Registry,
    entropy: u64,
    /// Tokens that stood in each scope when it closed.
    gone: BTreeMap<u32, usize>,
}

/// Echo is answered by the test; `set` computes; `wait` waits as long as its config says.
struct Echo;
#[heddle_engine::tasks::async_trait]
impl TaskType for Echo {
    fn info(&self) -> TaskInfo {
        info("echo")
    }
    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        Ok(TaskOutput::value(task.input))
    }
}

struct Set;
impl PureTask for Set {
    fn info(&self) -> TaskInfo {
        info("set")
    }
    fn evaluate(&self, input: &Value) -> Result<TaskOutput, TaskError> {
        if let Some(code) = input.get("fail").and_then(Value::as_str) {
            return Err(TaskError::new(ErrorClass::Business, code, "asked to fail"));
        }
        let set = input.as_object().cloned().unwrap_or_default();
        let variables = set.into_iter().map(|(name, value)| (Arc::from(name), Arc::new(value))).collect();
        Ok(TaskOutput { output: Arc::new(input.clone()), variables, logs: vec![("info".into(), "set".into())] })
    }
}

struct Wait;
impl TimerTask for Wait {
    fn info(&self) -> TaskInfo {
        info("wait")
    }
    fn duration_ms(&self, input: &Value) -> Result<u64, TaskError> {
        Ok(input["ms"].as_u64().unwrap_or(0))
    }
}

fn info(name: &'static str) -> TaskInfo {
    TaskInfo { name, aliases: &[], schema: json!({}) }
}

pub(crate) fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register(Echo).unwrap();
    registry.register_pure(Set).unwrap();
    registry.register_timer(Wait).unwrap();
    registry
}

pub(crate) fn plan(yaml: &str) -> Plan {
    let parsed = format::parse(yaml, Format::Yaml);
    assert!(!parsed.has_errors(), "{:#?}", parsed.diagnostics);
    Plan::compile(&parsed.definition.unwrap()).unwrap()
}

impl Run {
    pub(crate) fn start(yaml: &str, input: Value) -> Self {
        Self::start_plan(plan(yaml), input, Order::Fifo, 1)
    }

    pub(crate) fn start_plan(plan: Plan, input: Value, order: Order, entropy: u64) -> Self {
        let mut run = Self::prepare(plan, input, order, entropy);
        run.step(Command::Start).unwrap();
        run
    }

    /// An instance that a node of another one calls.
    pub(crate) fn called(yaml: &str, input: Value, caller: Caller) -> Self {
        let mut run = Self::prepare(plan(yaml), input, Order::Fifo, 1);
        run.step(Command::CalledBy(caller)).unwrap();
        run.step(Command::Start).unwrap();
        run
    }

    /// An instance that has not begun.
    fn prepare(plan: Plan, input: Value, order: Order, entropy: u64) -> Self {
        let registry = registry();
        let now = 1_763_800_000_000;
        let created = Created {
            workflow: WorkflowId::from_u128(1),
            version: VersionId::from_u128(2),
            version_number: 1,
            business_key: None,
            priority: plan.priority,
            started_by: "usr".into(),
            test: false,
            input: Json::from(input),
            variables: vec![],
        };
        let context = Context { plan: &plan, registry: &registry, now, entropy: Entropy(entropy), order };
        let (state, created) =
            create(context, InstanceId::from_u128(uuid_v7(now as u64, 7)), WorkspaceId::from_u128(3), created).unwrap();
        Self {
            state,
            plan,
            events: vec![(now, Event::InstanceCreated(Box::new(created)))],
            effects: Effects::default(),
            now,
            order,
            registry,
            entropy,
            gone: BTreeMap::new(),
        }
    }

    pub(crate) fn step(&mut self, command: Command) -> Result<(), CommandError> {
        self.entropy = self.entropy.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let before = self.state.clone();
        let context = Context {
            plan: &self.plan,
            registry: &self.registry,
            now: self.now,
            entropy: Entropy(self.entropy),
            order: self.order,
        };
        let decision = decide(context, &mut self.state, command, "usr_test");
        match decision {
            Err(why) => {
                assert_eq!(self.state, before, "a refused command must change nothing: {why}");
                Err(why)
            }
            Ok(Decision { events, executions, effects }) => {
                let row = codec::Row { executions, events };
                assert_eq!(codec::decode_row(&codec::encode_row(&row).unwrap()).unwrap(), row);
                self.note_closed(&before, &row.events);
                self.events.extend(row.events.into_iter().map(|event| (self.now, event)));
                self.effects.absorb(effects);
                self.check();
                Ok(())
            }
        }
    }

    /// What stood in the scopes that these events close.
    fn note_closed(&mut self, before: &InstanceState, events: &[Event]) {
        if !events.iter().any(|event| matches!(event, Event::ScopeClosed { .. })) {
            return;
        }
        let mut state = before.clone();
        for event in events {
            if let Event::ScopeClosed { scope, .. } = event {
                self.gone.insert(*scope, state.tokens(*scope).len());
            }
            state.apply(&self.plan, event, self.now).unwrap();
        }
    }

    /// What must hold after every step.
    fn check(&self) {
        let mut events = self.events.iter();
        let Some((at, Event::InstanceCreated(created))) = events.next() else { panic!("no creation") };
        let mut replayed = InstanceState::create(self.state.id, self.state.workspace, created, *at);
        for (at, event) in events {
            let before = replayed.clone();
            replayed.apply(&self.plan, event, *at).unwrap();
            legal(&before, &replayed);
        }
        assert_eq!(replayed, self.state, "the journal replayed gives another state");
        assert_eq!(
            codec::decode_state(&codec::encode_state(&self.state).unwrap()).unwrap(),
            self.state,
            "the snapshot reads back differently"
        );
        self.tokens_are_conserved();
        self.rows_are_those_of_the_state();
        if self.state.status.is_ended() {
            assert!(self.state.timers.is_empty() && self.state.live.is_empty(), "an ended instance holds something");
        } else {
            let waits = !self.state.live.is_empty()
                || !self.state.incidents.is_empty()
                || !self.state.held.is_empty()
                || self.state.status == InstanceStatus::Paused
                // It was called, and begins in the same commit.
                || (self.state.status == InstanceStatus::Created && self.state.caller.is_some());
            assert!(waits, "an open instance waits for nothing: {:?}", self.state);
        }
    }

    /// What the effects have left in the tables of timers and jobs is what the state waits for.
    fn rows_are_those_of_the_state(&self) {
        let timers: BTreeMap<u32, i64> = self.effects.timers.iter().copied().collect();
        let armed = self.state.timers.iter().filter(|_| !self.state.frozen);
        assert_eq!(timers, armed.map(|(&number, timer)| (number, timer.due)).collect(), "rows of timers");
        let jobs: BTreeSet<u32> = self.effects.jobs.iter().map(|job| job.number).collect();
        let held = |wanted: u32| {
            self.state.held.iter().any(|held| {
                matches!(held, Held::Completed { number, .. } | Held::Failed { number, .. } if *number == wanted)
            })
        };
        let offered = self.state.live.iter().filter(|(number, it)| it.active == Active::Job && !held(**number));
        assert_eq!(jobs, offered.map(|(&number, _)| number).collect(), "rows of jobs");
    }

    /// Every token is made once, and consumed once or still there (or gone with its terminated instance).
    fn tokens_are_conserved(&self) {
        let (mut made, mut consumed) = (0, 0);
        let mut gone = self.gone.clone();
        for (_, event) in &self.events {
            match event {
                Event::NodeEnabled { consumed: tokens, .. }
                | Event::NodeEnabledInside { consumed: tokens, .. }
                | Event::TokensCancelled { edges: tokens, .. }
                | Event::JoinDelivered { edges: tokens, .. } => consumed += tokens.len(),
                Event::TokensAdded { edges, .. } => made += edges.len(),
                Event::ScopeClosed { scope, .. } => consumed += gone.remove(scope).unwrap_or(0),
                Event::InstanceTerminated { .. } => return,
                other => made += other.taken().map_or(0, |taken| taken.len()),
            }
        }
        assert_eq!(made, consumed + self.standing(), "tokens are not conserved");
    }

    fn standing(&self) -> usize {
        self.state.open_scopes().map(|scope| self.state.tokens(scope).len()).sum()
    }

    /// Answers the running task or waiting job of a node.
    pub(crate) fn finish(&mut self, node: &str, output: Value) {
        self.answer(node, Ok(TaskOutput::value(output))).unwrap();
    }

    pub(crate) fn fail(&mut self, node: &str, class: ErrorClass, code: &str) {
        self.answer(node, Err(TaskError::new(class, code, "it failed"))).unwrap();
    }

    pub(crate) fn answer(&mut self, node: &str, result: Result<TaskOutput, TaskError>) -> Result<(), CommandError> {
        let ix = self.plan.find(node).unwrap();
        let (&number, execution) = self
            .state
            .live
            .iter()
            .find(|(_, execution)| execution.node == ix)
            .unwrap_or_else(|| panic!("`{node}` is not live"));
        let command = match execution.active {
            Active::Job => Command::JobEnded { number, result },
            _ => Command::TaskEnded { number, attempt: execution.attempt, result },
        };
        self.step(command)
    }

    /// Lets time pass, and every timer that falls due fire, in order.
    pub(crate) fn advance(&mut self, ms: i64) {
        let until = self.now + ms;
        while let Some((&timer, due)) =
            self.state.timers.iter().map(|(number, timer)| (number, timer.due)).min_by_key(|&(_, due)| due)
        {
            if due > until || self.state.frozen {
                break;
            }
            self.now = self.now.max(due);
            if self.step(Command::TimerDue(timer)).is_err() || self.state.status == InstanceStatus::Paused {
                break;
            }
        }
        self.now = until;
    }

    pub(crate) fn status(&self, node: &str) -> NodeStatus {
        self.state.node_status(self.plan.find(node).unwrap_or_else(|| panic!("no node {node}")))
    }

    pub(crate) fn live(&self) -> Vec<&str> {
        self.state.live.values().map(|execution| &*self.plan.node(execution.node).id).collect()
    }

    /// How often each node completed, by id.
    pub(crate) fn completions(&self) -> BTreeMap<String, usize> {
        let mut nodes = BTreeMap::new();
        let mut count = BTreeMap::new();
        for (_, event) in &self.events {
            match event {
                Event::NodeCompleted { number, .. } | Event::NodeRepeated { number, .. } => {
                    *count.entry(self.plan.node(nodes[number]).id.to_string()).or_insert(0) += 1;
                    if let Event::NodeRepeated { again, .. } = event {
                        nodes.insert(*again, nodes[number]);
                    }
                }
                other => nodes.extend(other.begun()),
            }
        }
        count
    }

    pub(crate) fn variable(&self, name: &str) -> Value {
        self.state.variables.get(name).map_or(Value::Null, |value| (*value.0).clone())
    }

    pub(crate) fn incidents(&self) -> Vec<&str> {
        self.state.incidents.values().map(|incident| incident.kind.as_str()).collect()
    }
}

fn legal(before: &InstanceState, after: &InstanceState) {
    if before.status != after.status {
        assert!(before.status.next().contains(&after.status), "{} -> {}", before.status, after.status);
    }
    for (node, record) in &after.nodes {
        let Some(old) = before.nodes.get(node).filter(|old| old.number == record.number && old.status != record.status)
        else {
            continue;
        };
        assert!(
            old.status.next().contains(&record.status) || before.status == InstanceStatus::Failed,
            "{node:?}: {} -> {}",
            old.status,
            record.status
        );
    }
}
