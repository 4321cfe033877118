//! The operator: after the faults have stopped, brings every instance to its end by doing what its state says it waits for. It does
//! nothing about what must go on by itself: a task, a timer, a job, what is inside a container.

use super::clients::Clients;
use heddle_engine::kernel::{Active, Command, InstanceState, Reason, why};
use heddle_model::ids::InstanceId;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::{Map, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often it looks at each instance.
const ROUND: Duration = Duration::from_secs(2);
/// Rounds without a change after which something that must go on by itself is stuck. The longest timer is 14 s, a lease 5 s, and
/// a timer that was refused is read again after 30 s.
const PATIENCE: u32 = 45;
/// How often an instance may be out of sight, because a server died under the question.
const BLINKS: u32 = 3;
/// Repairs after which an instance is terminated.
const REPAIRS: u32 = 6;

/// What is known of an instance from the last rounds.
#[derive(Default)]
struct Seen {
    seq: u64,
    unchanged: u32,
    unseen: u32,
    repairs: u32,
}

impl Clients {
    /// Works until every instance has ended; a violation for each that does not.
    pub(crate) async fn operate(&self) {
        let mut seen: BTreeMap<InstanceId, Seen> = BTreeMap::new();
        let mut open = self.world.notes().created.clone();
        let mut runs = 0;
        while !open.is_empty() {
            tokio::time::sleep(ROUND).await;
            let mut still = Vec::new();
            let ran = self.world.notes().runs.len();
            let busy = ran > runs;
            runs = ran;
            for instance in open {
                let known = seen.entry(instance).or_default();
                let Some(state) = self.look(instance).await else {
                    known.unseen += 1;
                    if known.unseen > BLINKS {
                        self.world
                            .violation(format!("{instance} cannot be looked at though nothing is wrong any more"));
                    } else {
                        still.push(instance);
                    }
                    continue;
                };
                // While others' tasks run, one's own may wait for a slot.
                let queues = busy && state.live.values().any(|it| it.active == Active::Task);
                known.unchanged = if known.seq != state.seq || queues { 0 } else { known.unchanged + 1 };
                known.seq = state.seq;
                if state.status.is_ended() {
                    continue;
                }
                if known.unchanged > PATIENCE {
                    let waiting = why(&self.world.plans[&state.version], &state, self.world.now());
                    self.world.violation(format!("{instance} does not go on: {waiting:?}\n{state:?}"));
                    continue;
                }
                if known.unchanged > 0 {
                    self.help(&state, &mut known.repairs).await;
                }
                still.push(instance);
            }
            open = still;
        }
    }

    async fn help(&self, state: &InstanceState, repairs: &mut u32) {
        let mut wanted = if state.status == InstanceStatus::Paused { vec![Command::Resume] } else { Vec::new() };
        if !state.incidents.is_empty() || state.status == InstanceStatus::Paused {
            *repairs += 1;
        }
        if !state.incidents.is_empty() && wanted.is_empty() {
            wanted.push(if *repairs < REPAIRS {
                Command::Retry { node: None, variables: Map::new() }
            } else {
                Command::Terminate { reason: "it cannot be repaired".into() }
            });
        }
        if wanted.is_empty() {
            let plan = &self.world.plans[&state.version];
            let waiting = why(plan, state, self.world.now());
            for place in &waiting {
                let node = place.number.map(|number| state.id.node_instance(number).to_string());
                for reason in &place.reasons {
                    wanted.extend(self.answer_to(reason, node.clone()));
                }
            }
        }
        for (command, message) in wanted.into_iter().map(|command| (command, None)) {
            self.send(state.id, command, (message, None, false)).await;
        }
    }

    /// What a person or another program would do about this.
    fn answer_to(&self, reason: &Reason, node: Option<String>) -> Option<Command> {
        Some(match reason {
            Reason::Human(_) => Command::Complete { node: node?, output: json!("by the operator") },
            Reason::Message { name, key } => {
                let payload = json!({ "message": "operator" });
                Command::Message { name: name.clone(), key: key.clone(), payload, expires: None }
            }
            Reason::Signal(name) => Command::Signal { name: name.clone(), payload: json!(null) },
            Reason::Condition | Reason::Guard(_) => {
                Command::SetVariables { patch: json!({ "flag": true }).as_object()?.clone() }
            }
            Reason::Open => Command::CloseItems { node: node? },
            _ => return None,
        })
    }
}
