//! Clients: people and programs that start instances, command them, look at them, and ask again where they got no answer.

use super::chance::Chance;
use super::history::{Asked, History, Start};
use super::server::{Answer, Server};
use super::world::{WORKFLOW, WORKSPACE, World};
use heddle_engine::kernel::{Change, Command, HumanAction, InstanceState, Person};
use heddle_engine::runtime::{CommandRequest, EngineError, StartRequest};
use heddle_engine::storage::IdempotencyRow;
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::ids::{InstanceId, VersionId};
use heddle_model::value::{Map, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What all clients share.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) world: Arc<World>,
    pub(crate) servers: Vec<Server>,
    pub(crate) history: Arc<History>,
    pub(crate) numbers: Arc<AtomicU64>,
}

impl Clients {
    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst)
    }

    /// A server that says that it listens, waited for. Of two, each in turn: one may be frozen, or no longer the owner.
    pub(crate) async fn server(&self) -> Server {
        loop {
            let up: Vec<&Server> = self.servers.iter().filter(|server| server.is_up()).collect();
            if !up.is_empty() {
                return up[self.number() as usize % up.len()].clone();
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// One client: so many wishes, with pauses.
    pub(crate) async fn client(self, mut chance: Chance, wishes: u64) {
        let versions: Vec<VersionId> = self.world.plans.keys().copied().collect();
        for _ in 0..wishes {
            tokio::time::sleep(Duration::from_millis(chance.below(1_500))).await;
            let known = self.world.notes().created.clone();
            if known.is_empty() || chance.percent(40) {
                self.start(&mut chance, &versions).await;
            } else {
                let instance = *chance.pick(&known);
                self.command(&mut chance, instance).await;
            }
        }
    }

    /// Wants an instance, and asks again under the same key while nobody knows whether there is one.
    async fn start(&self, chance: &mut Chance, versions: &[VersionId]) {
        let wish = self.number();
        let key = chance.percent(60).then(|| format!("start/{wish}"));
        let version = *chance.pick(versions);
        let start_at = chance.percent(10).then(|| self.world.now() + chance.between(0, 8_000) as i64);
        let wait = chance.percent(15).then(|| Duration::from_millis(chance.between(1, 5_000)));
        let input =
            json!({ "wish": wish, "flag": chance.percent(50), "v0": chance.percent(50), "v1": chance.percent(50) });
        let business = chance.percent(15).then(|| format!("order-{}", chance.below(2)));
        for _ in 0..4 {
            let server = self.server().await;
            let Some(instance) = server.new_instance_id() else { continue };
            let request = StartRequest {
                workspace: WORKSPACE,
                workflow: WORKFLOW,
                version,
                version_number: 1,
                instance,
                input: input.clone(),
                business_key: business.clone(),
                unique_business_key: business.is_some(),
                priority: None,
                start_at,
                actor: format!("start-{wish}").into(),
                idempotency: key.as_ref().map(|key| IdempotencyRow {
                    key: key.clone(),
                    body_hash: [0; 32],
                    response: instance.to_string(),
                    expires_at: i64::MAX,
                }),
                test: false,
                wait,
            };
            let answer =
                server.ask(|engine| async move { engine.start_instances(vec![request]).await.remove(0) }).await;
            self.world.trace(format_args!("start {wish} {instance}: {}", answer.word()));
            let answer = match answer {
                Answer::Done(started) => {
                    self.world.told(&started.state);
                    Answer::Done(started.instance)
                }
                Answer::Refused(why) => self.taken(key.as_deref(), why),
                Answer::Unknown => Answer::Unknown,
            };
            let again = key.is_some() && matches!(answer, Answer::Unknown);
            self.history.starts.lock().unwrap().push(Start { wish, instance, answer });
            if !again {
                return;
            }
        }
    }

    /// A key that is taken names the answer of before, as the service layer does.
    fn taken(&self, key: Option<&str>, why: EngineError) -> Answer<InstanceId> {
        let before = key.and_then(|key| self.world.memory.0.idempotency(WORKSPACE, key));
        match before {
            Some(row) if matches!(why, EngineError::Conflict(_)) => Answer::Done(row.response.parse().unwrap()),
            _ => Answer::Refused(why),
        }
    }

    /// The state of an instance, as a server tells it.
    pub(crate) async fn look(&self, instance: InstanceId) -> Option<Arc<InstanceState>> {
        let server = self.server().await;
        match server.ask(|engine| async move { engine.load(WORKSPACE, instance).await }).await {
            Answer::Done(Some(loaded)) => {
                self.world.told(&loaded.state);
                Some(loaded.state)
            }
            Answer::Done(None) => {
                self.world.violation(format!("{instance} was created and is not found"));
                None
            }
            Answer::Refused(_) | Answer::Unknown => None,
        }
    }

    async fn command(&self, chance: &mut Chance, instance: InstanceId) {
        let Some(state) = self.look(instance).await else { return };
        let message = self.number();
        let (command, message) = wish(chance, &state, message);
        let expected_seq = chance.percent(15).then_some(state.seq);
        self.send(instance, command, (message, expected_seq, chance.percent(8))).await;
    }

    /// Sends a command once, and writes down what came of it.
    pub(crate) async fn send(
        &self,
        instance: InstanceId,
        command: Command,
        how: (Option<u64>, Option<u64>, bool),
    ) -> Answer<()> {
        let (message, expected_seq, dry_run) = how;
        let (word, actor) = (command.name(), format!("asked-{}", self.number()));
        let who = actor.as_str().into();
        let request = CommandRequest { command, actor: who, expected_seq, dry_run, idempotency: None };
        let server = self.server().await;
        let answer = server.ask(|engine| async move { engine.command(WORKSPACE, instance, request).await }).await;
        self.world.trace(format_args!("{actor} {word} {instance}: {}", answer.word()));
        let answer = match answer {
            // What would be is no promise.
            Answer::Done(_) if dry_run => Answer::Refused(EngineError::NotFound),
            Answer::Done(state) => {
                self.world.told(&state);
                Answer::Done(())
            }
            Answer::Refused(why) => Answer::Refused(why),
            Answer::Unknown => Answer::Unknown,
        };
        let asked = Asked { instance, actor, word, message: message.filter(|_| !dry_run), answer: answer.clone() };
        self.history.asked.lock().unwrap().push(asked);
        answer
    }
}

/// A command that may fit, and the number that a message of it carries.
fn wish(chance: &mut Chance, state: &InstanceState, number: u64) -> (Command, Option<u64>) {
    let live: Vec<u32> = state.live.keys().chain(state.suspended.keys()).copied().collect();
    let chosen = if live.is_empty() { 0 } else { *chance.pick(&live) };
    let node = state.id.node_instance(chosen).to_string();
    let payload = json!({ "message": number });
    let flag = json!({ "flag": chance.percent(70) });
    let command = match chance.below(40) {
        0..=6 => {
            let name = (*chance.pick(&["m", "o"])).into();
            return (Command::Message { name, key: None, payload, expires: None }, Some(number));
        }
        7 | 8 => return (Command::Signal { name: "s".into(), payload }, None),
        9..=11 => Command::SetVariables { patch: flag.as_object().unwrap().clone() },
        12..=16 => Command::Pause { freeze: chance.percent(50) },
        17..=21 => Command::Resume,
        22 => Command::Terminate { reason: "wanted".into() },
        23..=26 => Command::Retry { node: None, variables: Map::new() },
        27 | 28 => Command::Skip { node, output: json!(null) },
        29..=31 => Command::Complete { node, output: json!("by hand") },
        32 => Command::Cancel { node },
        33 => Command::CompleteForeach { node },
        34 => Command::AddItems { node, items: vec![json!(1)] },
        35 => Command::Human { node, action: person(chance) },
        36 => Command::Compensate { terminate: chance.percent(50) },
        37 => Command::Fail { node, error: TaskError::new(ErrorClass::Business, "NO", "by hand") },
        38 => Command::Modify { changes: vec![Change::Start { node: "n1".into() }], variables: Map::new() },
        _ => Command::CloseItems { node },
    };
    (command, None)
}

/// Somebody does something about a task.
fn person(chance: &mut Chance) -> HumanAction {
    let who = |name: &str, steers| Person { name: name.into(), key: name.into(), steers, ..Person::default() };
    let by = who(if chance.percent(30) { "bob" } else { "ann" }, chance.percent(20));
    match chance.below(6) {
        0 | 1 => HumanAction::Claim { by },
        2 => HumanAction::Assign { by, to: who("bob", false), keep_draft: chance.percent(50) },
        3 => HumanAction::Save { by, draft: json!({ "half": 1 }) },
        4 => HumanAction::Release { by },
        _ => HumanAction::Complete { by, output: json!("done") },
    }
}
