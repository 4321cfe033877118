//! Tasks for people: one has it, drafts are kept or dropped, and what is overdue goes to someone else.

use super::harness::Run;
use heddle_engine::kernel::{Active, Command, CommandError, HumanAction, HumanTask};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::json;

const ASK: &str = "
name: ask
nodes:
  - { id: start, type: start }
  - { id: ask, type: human, config: { title: 'Approve ${order}', candidates: { roles: [manager] }, due: 1h, escalate: { assignee: boss } }, output: { answer: '${output.ok}' } }
  - { id: done, type: end }
edges:
  - { from: start, to: ask }
  - { from: ask, to: done }
";

fn act(action: HumanAction) -> Command {
    Command::Human { node: "ask".into(), action }
}

fn task(run: &Run) -> HumanTask {
    match &run.state.live.values().next().unwrap().active {
        Active::Human(task) => (**task).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_two_who_claim_it_one_has_it() {
    let mut run = Run::start(ASK, json!({ "order": 5 }));
    assert_eq!(task(&run).config.0["title"], "Approve 5");
    run.step(act(HumanAction::Claim { user: "ann".into() })).unwrap();
    let second = run.step(act(HumanAction::Claim { user: "bob".into() }));
    assert!(matches!(second, Err(CommandError::Nothing(_))));
    run.step(act(HumanAction::Save { draft: json!({ "ok": true }) })).unwrap();
    run.step(act(HumanAction::Assign { user: "bob".into(), keep_draft: true })).unwrap();
    assert_eq!((task(&run).assignee.as_deref(), task(&run).draft.0["ok"].clone()), (Some("bob"), json!(true)));
    run.step(act(HumanAction::Release)).unwrap();
    assert_eq!(task(&run).assignee, None);
    run.step(Command::Complete { node: "ask".into(), output: json!({ "ok": true }) }).unwrap();
    assert_eq!(run.variable("answer"), true);
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert!(run.state.timers.is_empty());
}

#[test]
fn what_is_overdue_goes_to_whom_escalate_names() {
    let mut run = Run::start(ASK, json!({ "order": 5 }));
    run.step(act(HumanAction::Claim { user: "ann".into() })).unwrap();
    run.advance(3_600_000);
    assert_eq!(task(&run).assignee.as_deref(), Some("boss"));
    assert!(run.state.timers.is_empty());
}
