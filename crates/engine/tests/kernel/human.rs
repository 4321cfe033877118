//! Tasks for people: one has it, drafts are kept or dropped, who has it does it, and what is overdue goes to someone else.

use super::harness::Run;
use heddle_engine::kernel::{Active, Command, CommandError, HumanAction, HumanRefusal, HumanTask, Person};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::json;

const ASK: &str = "
name: ask
nodes:
  - { id: start, type: start }
  - { id: ask, type: human, config: { title: 'Approve ${order}', candidates: { users: [ann], roles: [manager] }, due: 1h, escalate: { assignee: boss } }, output: { answer: '${output.ok}' } }
  - { id: done, type: end }
edges:
  - { from: start, to: ask }
  - { from: ask, to: done }
";

fn act(action: HumanAction) -> Command {
    Command::Human { node: "ask".into(), action }
}

fn who(name: &str) -> Person {
    Person { name: name.into(), key: name.into(), ..Person::default() }
}

fn manager(name: &str) -> Person {
    Person { roles: vec!["manager".into()], ..who(name) }
}

fn steering(name: &str) -> Person {
    Person { steers: true, ..who(name) }
}

fn task(run: &Run) -> HumanTask {
    match &run.state.live.values().next().unwrap().active {
        Active::Human(task) => (**task).clone(),
        other => panic!("{other:?}"),
    }
}

fn refusal(run: &mut Run, action: HumanAction) -> HumanRefusal {
    match run.step(act(action)) {
        Err(CommandError::Human(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_two_who_claim_it_one_has_it() {
    let mut run = Run::start(ASK, json!({ "order": 5 }));
    assert_eq!(task(&run).config.0["title"], "Approve 5");
    assert_eq!(refusal(&mut run, HumanAction::Claim { by: who("eve") }), HumanRefusal::NoCandidate);
    run.step(act(HumanAction::Claim { by: who("ann") })).unwrap();
    let second = refusal(&mut run, HumanAction::Claim { by: manager("bob") });
    assert_eq!(second, HumanRefusal::Taken { by: "ann".into() });
    run.step(act(HumanAction::Claim { by: who("ann") })).unwrap();
    run.step(act(HumanAction::Save { by: who("ann"), draft: json!({ "ok": true }) })).unwrap();
    assert_eq!(refusal(&mut run, HumanAction::Save { by: manager("bob"), draft: json!(0) }), HumanRefusal::NotTheirs);
    let pass_on = |to, keep_draft| HumanAction::Assign { by: who("ann"), to, keep_draft };
    assert_eq!(refusal(&mut run, pass_on(who("eve"), true)), HumanRefusal::NoCandidate);
    run.step(act(pass_on(manager("bob"), true))).unwrap();
    assert_eq!((task(&run).assignee.as_deref(), task(&run).draft.0["ok"].clone()), (Some("bob"), json!(true)));
    assert_eq!(refusal(&mut run, HumanAction::Release { by: who("ann") }), HumanRefusal::NotTheirs);
    run.step(act(HumanAction::Assign { by: steering("chief"), to: who("eve"), keep_draft: false })).unwrap();
    assert_eq!((task(&run).assignee.as_deref(), task(&run).draft.0.is_null()), (Some("eve"), true));
    run.step(act(HumanAction::Release { by: who("eve") })).unwrap();
    assert_eq!(task(&run).assignee, None);
    assert_eq!(refusal(&mut run, HumanAction::Release { by: steering("chief") }), HumanRefusal::NotTaken);
    run.step(Command::Complete { node: "ask".into(), output: json!({ "ok": true }) }).unwrap();
    assert_eq!(run.variable("answer"), true);
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert!(run.state.timers.is_empty());
}

#[test]
fn who_has_it_does_it() {
    let mut run = Run::start(ASK, json!({ "order": 5 }));
    let done = |by| HumanAction::Complete { by, output: json!({ "ok": "yes" }) };
    assert_eq!(refusal(&mut run, done(who("ann"))), HumanRefusal::NotTheirs, "nobody has it yet");
    run.step(act(HumanAction::Claim { by: who("ann") })).unwrap();
    assert_eq!(refusal(&mut run, done(manager("bob"))), HumanRefusal::NotTheirs);
    run.step(act(done(who("ann")))).unwrap();
    assert_eq!((run.variable("answer"), run.state.status), (json!("yes"), InstanceStatus::Completed));
    assert!(run.state.timers.is_empty());
    let mut run = Run::start(ASK, json!({ "order": 5 }));
    run.step(act(done(steering("chief")))).unwrap();
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn nothing_is_done_about_one_that_is_paused_or_over() {
    let mut run = Run::start(ASK, json!({ "order": 5 }));
    run.step(Command::Pause { freeze: false }).unwrap();
    assert_eq!(refusal(&mut run, HumanAction::Claim { by: who("ann") }), HumanRefusal::Paused);
    run.step(Command::Resume).unwrap();
    run.step(act(HumanAction::Claim { by: who("ann") })).unwrap();
    run.step(Command::PauseNode { node: "ask".into(), freeze: false }).unwrap();
    let done = || HumanAction::Complete { by: who("ann"), output: json!({ "ok": 1 }) };
    assert_eq!(refusal(&mut run, done()), HumanRefusal::Paused);
    run.step(act(HumanAction::Save { by: who("ann"), draft: json!(1) })).unwrap();
    run.step(Command::ResumeNode { node: "ask".into() }).unwrap();
    run.step(act(done())).unwrap();
    assert!(run.step(act(HumanAction::Claim { by: who("ann") })).is_err());
}

#[test]
fn what_is_overdue_goes_to_whom_escalate_names() {
    let mut run = Run::start(ASK, json!({ "order": 5 }));
    run.step(act(HumanAction::Claim { by: who("ann") })).unwrap();
    run.advance(3_600_000);
    assert_eq!(task(&run).assignee.as_deref(), Some("boss"));
    assert!(task(&run).escalated_at().is_some() && run.state.timers.is_empty());
}

#[test]
fn what_is_overdue_is_offered_to_more() {
    let to = "escalate: { candidates: { roles: [chief] } }";
    let mut run = Run::start(&ASK.replace("escalate: { assignee: boss }", to), json!({ "order": 5 }));
    run.step(act(HumanAction::Claim { by: who("ann") })).unwrap();
    run.step(act(HumanAction::Save { by: who("ann"), draft: json!("half") })).unwrap();
    run.advance(3_600_000);
    assert_eq!((task(&run).assignee, task(&run).draft.0.clone()), (None, json!("half").into()));
    let chief = Person { roles: vec!["chief".into()], ..who("zoe") };
    assert!(task(&run).is_offered_to(&chief) && task(&run).is_offered_to(&who("ann")));
    run.step(act(HumanAction::Claim { by: chief })).unwrap();
    assert_eq!(task(&run).assignee.as_deref(), Some("zoe"));
}

#[test]
fn settings_that_make_no_sense_fail_the_node() {
    let run = Run::start(&ASK.replace("[ann]", "'${order}'"), json!({ "order": 5 }));
    assert_eq!(run.state.status, InstanceStatus::Failed);
    assert_eq!(run.state.node_status(run.plan.find("ask").unwrap()), NodeStatus::Failed);
}
