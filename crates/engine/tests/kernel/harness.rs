//! A run of one instance in the hands of a test. After every step it checks what must hold after every step: the journal replayed
//! gives the live state, its stored form reads back, tokens are conserved, and no status changed against the tables.

use heddle_engine::kernel::{
    Active, Caller, Command, CommandError, Context, Created, Decision, Effects, Entropy, Event, Held, History,
    InstanceState, Json, Migrate, Order, Owner, Past, PlanSet, Point, Preview, Replay, Rerun, Rollback, codec, create,
    decide, preview,
};
use heddle_engine::tasks::{
    Audience, ErrorClass, Publication, PureTask, Registry, SendTask, Task, TaskError, TaskInfo, TaskOutput, TaskType,
    TimerTask,
};
use heddle_model::format::{self, Format};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId, uuid_v7};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::Plan;
use heddle_model::value::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) struct Run {
    pub(crate) plan: Arc<Plan>,
    /// Every version that it has run or may run.
    pub(crate) plans: PlanSet,
    /// One row per decision, as the runtime writes them when nothing else gathers.
    pub(crate) rows: Vec<(i64, codec::Row)>,
    pub(crate) state: InstanceState,
    pub(crate) events: Vec<(i64, Event)>,
    pub(crate) effects: Effects,
    pub(crate) now: i64,
    pub(crate) order: Order,
    /// Look after every step, not only at the end: dear where there are hundreds.
    pub(crate) careful: bool,
    /// Every command so far, with its time: what a server would read again.
    pub(crate) commands: Vec<(i64, Command)>,
    registry: Registry,
    entropy: u64,
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

struct Tell;
impl SendTask for Tell {
    fn info(&self) -> TaskInfo {
        info("tell")
    }
    fn publication(&self, input: &Value) -> Result<Publication, TaskError> {
        let text = |key: &str| input[key].as_str().map(Arc::from);
        let to = text("message").map_or(Audience::All, |_| Audience::One { key: text("key"), ttl_ms: None });
        let name = text("message").or_else(|| text("signal"));
        let name = name.ok_or_else(|| TaskError::new(ErrorClass::Business, "NO_NAME", "no name").permanent())?;
        Ok(Publication { to, name, payload: Arc::new(input["payload"].clone()) })
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
    registry.register_send(Tell).unwrap();
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
        Self::begin((plan, input, vec![Command::Start]), order, entropy)
    }

    /// An instance that a node of another one calls.
    pub(crate) fn called(yaml: &str, input: Value, caller: Caller) -> Self {
        Self::begin((plan(yaml), input, vec![Command::CalledBy(caller), Command::Start]), Order::Fifo, 1)
    }

    fn begin((plan, input, first): (Plan, Value, Vec<Command>), order: Order, entropy: u64) -> Self {
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
        let made = Event::InstanceCreated(Box::new(created));
        let plan = Arc::new(plan);
        let mut run = Self {
            plans: PlanSet::from([(state.version, plan.clone())]),
            state,
            plan,
            rows: vec![(now, codec::Row { executions: vec![], events: vec![made.clone()] })],
            events: vec![(now, made)],
            effects: Effects::default(),
            now,
            order,
            careful: true,
            commands: Vec::new(),
            registry,
            entropy,
        };
        first.into_iter().for_each(|command| run.step(command).unwrap());
        run
    }

    /// One that is to start in an hour.
    pub(crate) fn start_at(yaml: &str) -> Self {
        let at = 1_763_800_000_000 + 3_600_000;
        Self::begin((plan(yaml), json!({}), vec![Command::StartAt(at)]), Order::Fifo, 1)
    }

    pub(crate) fn step(&mut self, command: Command) -> Result<(), CommandError> {
        self.entropy = self.entropy.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.commands.push((self.now, command.clone()));
        let before = self.state.clone();
        let context = Context {
            plan: &self.plan,
            registry: &self.registry,
            now: self.now,
            entropy: Entropy(self.entropy),
            order: self.order,
        };
        let target = command.migrate().and_then(|wish| wish.target.clone());
        let dry = decide(context, &mut before.clone(), command.clone(), "usr_test").map(|decision| decision.events);
        let decision = decide(context, &mut self.state, command, "usr_test");
        assert_eq!(dry.ok().as_ref(), decision.as_ref().ok().map(|it| &it.events), "a dry run says something else");
        match decision {
            Err(why) => {
                assert_eq!(self.state, before, "a refused command must change nothing: {why}");
                Err(why)
            }
            Ok(Decision { events, executions, effects }) => {
                let row = codec::Row { executions, events };
                assert_eq!(codec::decode_row(&codec::encode_row(&row).unwrap()).unwrap(), row);
                if self.state.version != before.version {
                    self.plan = target.expect("a migration names its version");
                    self.plans.insert(self.state.version, self.plan.clone());
                }
                self.rows.push((self.now, row.clone()));
                self.events.extend(row.events.into_iter().map(|event| (self.now, event)));
                self.effects.absorb(effects);
                if self.careful {
                    self.check();
                }
                Ok(())
            }
        }
    }

    /// What must hold after every step.
    pub(crate) fn check(&self) {
        let mut events = self.events.iter();
        let Some((at, first)) = events.next() else { panic!("no creation") };
        let key = (self.state.workspace, self.state.id);
        let mut replay = Replay::create(&self.plans, key, (*at, first)).unwrap();
        let mut tokens = Tokens::default();
        for (at, event) in events {
            let before = replay.state.clone();
            replay.apply(&self.plans, event, *at).unwrap();
            legal(&before, &replay.state);
            tokens.count(&before, event, &replay.state);
        }
        assert_eq!(replay.state, self.state, "the journal replayed gives another state");
        assert_eq!(
            codec::decode_state(&codec::encode_state(&self.state).unwrap()).unwrap(),
            self.state,
            "the snapshot reads back differently"
        );
        tokens.check(&self.state);
        self.rows_are_those_of_the_state();
        self.the_journal_tells_of_every_execution();
        self.nothing_lives_outside();
        if self.state.status.is_ended() {
            assert!(self.state.timers.is_empty() && self.state.live.is_empty(), "an ended instance holds something");
        } else {
            let waits = !self.state.live.is_empty()
                || !self.state.incidents.is_empty()
                || !self.state.held.is_empty()
                || !self.state.paused.is_empty()
                || matches!(self.state.status, InstanceStatus::Paused | InstanceStatus::Created);
            assert!(waits, "an open instance waits for nothing: {:?}", self.state);
        }
    }

    /// No child outlives what it is inside of, and nothing is left of an instance that has ended (docs/semantics, A.13, 5 and 6).
    fn nothing_lives_outside(&self) {
        let state = &self.state;
        for (number, execution) in &state.live {
            let marking = state.marking(execution.scope).unwrap_or_else(|| panic!("{number} outlives its scope"));
            assert!(marking.live.contains(number), "{number} is not known to its scope");
        }
        for (number, scope) in &state.scopes {
            let hosts = state.live.contains_key(&scope.host) || state.suspended.contains_key(&scope.host);
            assert!(hosts && state.marking(scope.parent).is_some(), "scope {number} outlives its host");
        }
        for (owner, _) in state.subscriptions.keys() {
            assert!(
                match owner {
                    Owner::Execution(number) => state.live.contains_key(number),
                    Owner::Scope(scope) => state.marking(*scope).is_some(),
                },
                "{owner:?} is gone and still waits"
            );
        }
        assert!(
            state.mutexes.values().flatten().all(|holder| state.live.contains_key(holder)),
            "a mutex is held by nobody"
        );
        if matches!(state.status, InstanceStatus::Completed | InstanceStatus::Terminated) {
            assert!(state.subscriptions.is_empty() && state.mutexes.is_empty() && state.held.is_empty());
            assert!(state.timers.is_empty() && self.effects.jobs.is_empty() && state.scopes.is_empty());
        }
    }

    /// The same instance, whose server died after so many commands and was followed by another.
    pub(crate) fn crashed_after(&self, commands: usize) -> Self {
        let Event::InstanceCreated(created) = &self.events[0].1 else { panic!("no creation") };
        let mut again = Self {
            state: InstanceState::create(self.state.id, self.state.workspace, created, self.events[0].0),
            plan: self.plans[&created.version].clone(),
            plans: self.plans.clone(),
            rows: self.rows[..1].to_vec(),
            events: self.events[..1].to_vec(),
            effects: Effects::default(),
            now: self.events[0].0,
            order: self.order,
            careful: false,
            commands: Vec::new(),
            registry: registry(),
            entropy: 1,
        };
        for (now, command) in &self.commands[..commands] {
            again.now = *now;
            drop(again.step(command.clone()));
        }
        if !again.state.status.is_ended() {
            drop(again.step(Command::Recover));
        }
        again
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
        while let Some((timer, due)) = self.running_timers().into_iter().min_by_key(|&(_, due)| due) {
            if due > until {
                break;
            }
            self.now = self.now.max(due);
            self.step(Command::TimerDue(timer)).unwrap();
        }
        self.now = until;
    }

    /// Timers that are neither frozen nor due and held.
    fn running_timers(&self) -> Vec<(u32, i64)> {
        let held = |number: u32| self.state.held.contains(&Held::Timer(number));
        let timers = self.state.timers.iter().map(|(&number, timer)| (number, timer.due));
        timers.filter(|&(number, _)| !self.state.is_frozen(number) && !held(number)).collect()
    }

    pub(crate) fn history(&self) -> History<'_> {
        History { workspace: self.state.workspace, instance: self.state.id, plans: &self.plans, rows: &self.rows }
    }

    /// Events to whose end one can go back.
    pub(crate) fn steps(&self) -> Vec<u64> {
        self.history().steps().unwrap()
    }

    /// As the runtime does: reads the moment, then asks the kernel.
    pub(crate) fn roll_back(&mut self, to_seq: u64, keep: &[&str]) -> Result<(), CommandError> {
        self.step(self.rollback(to_seq, keep)?)
    }

    pub(crate) fn rollback(&self, to_seq: u64, keep: &[&str]) -> Result<Command, CommandError> {
        let past = Some(Arc::new(Past::read(&self.history(), &Point::After(to_seq))?));
        let keep = keep.iter().map(|&node| node.to_owned()).collect();
        Ok(Command::Rollback(Box::new(Rollback { to_seq, keep, past })))
    }

    pub(crate) fn rerun(
        &mut self,
        from: Option<&str>,
        migrate: Option<Migrate>,
        variables: Value,
    ) -> Result<(), CommandError> {
        let read = |from| Past::read(&self.history(), &Point::Before(from)).map(Arc::new);
        let from = from.map(str::to_owned);
        let past = from.clone().map(read).transpose()?;
        let variables = variables.as_object().cloned().unwrap_or_default();
        self.step(Command::Rerun(Box::new(Rerun { from, migrate, keep: vec![], variables, past })))
    }

    pub(crate) fn migrate(&mut self, yaml: &str, mapping: &[(&str, &str)]) -> Result<(), CommandError> {
        self.step(Command::Migrate(Box::new(self.to_version(yaml, mapping))))
    }

    /// Another version, the next one by its number.
    pub(crate) fn to_version(&self, yaml: &str, mapping: &[(&str, &str)]) -> Migrate {
        let version_number = self.state.version_number + 1;
        Migrate {
            version: VersionId::from_u128(u128::from(version_number) + 1_000),
            version_number,
            mapping: mapping.iter().map(|&(from, to)| (from.to_owned(), to.to_owned())).collect(),
            definition: None,
            target: Some(Arc::new(plan(yaml))),
        }
    }

    /// Withdraws, pauses and answers nothing more: what it would do, by the words of a preview.
    pub(crate) fn preview(&self, command: Command) -> Preview {
        let context = Context {
            plan: &self.plan,
            registry: &self.registry,
            now: self.now,
            entropy: Entropy(1),
            order: self.order,
        };
        let mut after = self.state.clone();
        let decision = decide(context, &mut after, command.clone(), "usr_test").unwrap();
        let target = command.migrate().and_then(|wish| wish.target.clone()).unwrap_or_else(|| self.plan.clone());
        preview((&self.plan, &self.state), (&target, &after), &decision, &command)
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

/// Tokens made and used up so far.
#[derive(Default)]
struct Tokens {
    made: usize,
    consumed: usize,
    terminated: bool,
}

fn standing(state: &InstanceState) -> usize {
    state.open_scopes().map(|scope| state.tokens(scope).len()).sum()
}

impl Tokens {
    fn count(&mut self, before: &InstanceState, event: &Event, after: &InstanceState) {
        match event {
            Event::NodeEnabled { consumed: tokens, .. }
            | Event::NodeEnabledInside { consumed: tokens, .. }
            | Event::TokensCancelled { edges: tokens, .. }
            | Event::JoinDelivered { edges: tokens, .. } => self.consumed += tokens.len(),
            Event::TokensAdded { edges, .. } => self.made += edges.len(),
            Event::ScopeClosed { scope, .. } => self.consumed += before.tokens(*scope).len(),
            // What stood goes, what stood then comes.
            Event::RolledBack { .. } => {
                self.consumed += standing(before);
                self.made += standing(after);
            }
            Event::InstanceTerminated { .. } => self.terminated = true,
            other => self.made += other.taken().map_or(0, |taken| taken.len()),
        }
    }

    /// Every token is made once, and consumed once or still there (or gone with its terminated instance).
    fn check(&self, state: &InstanceState) {
        assert!(self.terminated || self.made == self.consumed + standing(state), "tokens are not conserved");
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
