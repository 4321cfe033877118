//! The pause of one node: tokens wait before it, what comes for it is held, the rest goes on.

use super::harness::Run;
use heddle_engine::kernel::{Active, Command, CommandError, Reason, why};
use heddle_engine::tasks::ErrorClass;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::{Map, json};

const FLOW: &str = "
name: flow
nodes:
  - { id: start, type: start }
  - { id: a, type: echo, retry: { max_attempts: 2, base_delay: 10s, jitter: none } }
  - { id: b, type: task, action: pack, timeout: 60s }
  - { id: wait, type: message, config: { name: m } }
  - { id: hear, type: signal, config: { name: s } }
  - { id: hear2, type: signal, config: { name: s } }
  - { id: nap, type: timer, config: { duration: 20s } }
  - { id: when, type: condition, config: { when: '${go}' } }
  - { id: g, type: group, body: { nodes: [{ id: s, type: start }, { id: x, type: echo }, { id: y, type: echo }], edges: [{ from: s, to: x }, { from: x, to: y }] } }
  - { id: each, type: foreach, config: { count: 3, max_parallel: 1 }, body: { nodes: [{ id: take, type: echo }], edges: [] } }
  - { id: last, type: echo, join: all }
  - { id: done, type: end }
edges:
  - { from: start, to: a }
  - { from: start, to: b }
  - { from: start, to: wait }
  - { from: start, to: hear }
  - { from: start, to: hear2 }
  - { from: start, to: nap }
  - { from: start, to: when }
  - { from: start, to: g }
  - { from: start, to: each }
  - { from: a, to: last }
  - { from: b, to: last }
  - { from: wait, to: last }
  - { from: hear, to: last }
  - { from: hear2, to: last }
  - { from: nap, to: last }
  - { from: when, to: last }
  - { from: g, to: last }
  - { from: each, to: last }
  - { from: last, to: done }
";

fn pause(node: &str) -> Command {
    Command::PauseNode { node: node.into(), freeze: false }
}

fn resume(node: &str) -> Command {
    Command::ResumeNode { node: node.into() }
}

fn begun() -> Run {
    Run::start(FLOW, json!({ "go": false }))
}

#[test]
fn tokens_wait_before_a_paused_node_and_it_is_no_deadlock() {
    let mut run = Run::start(
        "
name: chain
nodes:
  - { id: start, type: start }
  - { id: a, type: echo }
  - { id: b, type: echo }
  - { id: done, type: end }
edges: [{ from: start, to: a }, { from: a, to: b }, { from: b, to: done }]
",
        json!({}),
    );
    run.step(pause("b")).unwrap();
    run.finish("a", json!(1));
    assert_eq!((run.live().len(), run.state.tokens(0).len(), run.incidents().len()), (0, 1, 0));
    assert_eq!(run.state.status, InstanceStatus::Running);
    let waiting = why(&run.plan, &run.state, run.now);
    assert_eq!(waiting[0].reasons, [Reason::Paused]);
    run.step(Command::Pause { freeze: false }).unwrap();
    run.step(resume("b")).unwrap();
    assert!(run.live().is_empty(), "a wider pause still covers it");
    run.step(Command::Resume).unwrap();
    assert_eq!(run.live(), ["b"]);
}

#[test]
fn results_events_and_timers_of_a_paused_node_are_held_and_those_of_others_are_not() {
    let mut run = begun();
    for node in ["a", "b", "wait", "hear", "nap", "when"] {
        run.step(pause(node)).unwrap();
    }
    run.fail("a", ErrorClass::System, "IO");
    run.finish("b", json!(1));
    assert!(run.answer("b", Ok(Default::default())).is_err(), "a second answer is stale");
    run.step(Command::Message { name: "m".into(), key: None, payload: json!(7), expires: None }).unwrap();
    run.step(Command::Signal { name: "s".into(), payload: json!(8) }).unwrap();
    run.step(Command::SetVariables { patch: json!({ "go": true }).as_object().unwrap().clone() }).unwrap();
    run.advance(30_000);
    for node in ["a", "b", "wait", "hear", "nap", "when"] {
        assert_eq!(run.status(node), NodeStatus::Running, "{node}");
    }
    assert_eq!(run.status("hear2"), NodeStatus::Completed, "who is not paused hears it at once");
    assert_eq!(run.state.held.len(), 5);
    for node in ["hear", "wait", "when", "b", "nap", "a"] {
        run.step(resume(node)).unwrap();
        let expected = if node == "a" { NodeStatus::Pending } else { NodeStatus::Completed };
        assert_eq!(run.status(node), expected, "{node}");
    }
    assert!(run.state.held.is_empty());
    assert_eq!(*run.state.nodes[&run.plan.find("wait").unwrap()].output.as_ref().unwrap().0, json!(7));
}

#[test]
fn a_paused_container_holds_back_all_that_is_inside_it() {
    let mut run = begun();
    run.step(pause("g")).unwrap();
    run.step(pause("each")).unwrap();
    run.finish("x", json!(1));
    run.finish("take", json!(1));
    assert_eq!((run.status("x"), run.status("take")), (NodeStatus::Running, NodeStatus::Running));
    run.step(resume("g")).unwrap();
    assert_eq!((run.status("x"), run.status("y")), (NodeStatus::Completed, NodeStatus::Running));
    run.step(resume("each")).unwrap();
    assert_eq!(run.completions()["take"], 1);
    assert_eq!(run.status("take"), NodeStatus::Running, "the next item has begun");
}

#[test]
fn what_begins_without_tokens_begins_at_resume() {
    let mut run = Run::start(
        "
name: items
nodes:
  - { id: start, type: start }
  - { id: a, type: echo }
  - { id: each, type: foreach, config: { count: 2 }, body: { nodes: [{ id: take, type: echo }], edges: [] } }
  - { id: done, type: end }
edges: [{ from: start, to: a }, { from: a, to: each }, { from: each, to: done }]
",
        json!({}),
    );
    run.step(pause("take")).unwrap();
    run.finish("a", json!(1));
    assert_eq!((run.live(), run.effects.dispatches.len()), (vec!["each", "take", "take"], 1));
    run.step(Command::Recover).unwrap();
    assert_eq!((run.effects.dispatches.len(), run.state.held.len()), (1, 2));
    run.step(resume("take")).unwrap();
    assert_eq!(run.effects.dispatches.len(), 3);
    run.finish("take", json!(1));
    run.finish("take", json!(1));
    assert_eq!(run.state.status, InstanceStatus::Completed);
}

#[test]
fn its_timers_freeze_where_asked_but_not_the_timeout_of_a_task_that_runs() {
    let mut run = begun();
    let due = |run: &Run, node: &str| {
        let ix = run.plan.find(node).unwrap();
        let (&number, _) = run.state.live.iter().find(|(_, it)| it.node == ix).unwrap();
        let timer = run.state.timers.iter().find(|(_, timer)| match timer.kind {
            heddle_engine::kernel::TimerKind::Wait(of) | heddle_engine::kernel::TimerKind::JobTimeout(of) => {
                of == number
            }
            _ => false,
        });
        timer.map(|(&timer, it)| (it.due, run.state.is_frozen(timer))).unwrap()
    };
    let began = run.now;
    for node in ["nap", "b"] {
        run.step(Command::PauseNode { node: node.into(), freeze: true }).unwrap();
    }
    assert_eq!((due(&run, "nap"), due(&run, "b")), ((20_000, true), (began + 60_000, false)));
    run.step(Command::Pause { freeze: true }).unwrap();
    run.now += 5_000;
    run.step(Command::Resume).unwrap();
    assert_eq!(
        (due(&run, "nap"), due(&run, "b")),
        ((20_000, true), (began + 60_000, false)),
        "its own pause still covers it"
    );
    run.now += 5_000;
    run.step(resume("nap")).unwrap();
    assert_eq!(due(&run, "nap"), (began + 30_000, false));
    run.advance(60_000);
    assert_eq!((run.status("nap"), run.status("b")), (NodeStatus::Completed, NodeStatus::Running));
    run.step(resume("b")).unwrap();
    assert_eq!(run.status("b"), NodeStatus::Failed, "its time was up meanwhile");
}

#[test]
fn people_still_decide_about_a_paused_node() {
    let mut run = begun();
    for node in ["a", "b", "nap"] {
        run.step(pause(node)).unwrap();
    }
    run.step(Command::Skip { node: "a".into(), output: json!(null) }).unwrap();
    run.step(Command::Complete { node: "b".into(), output: json!(1) }).unwrap();
    run.step(Command::Cancel { node: "nap".into() }).unwrap();
    assert_eq!(
        (run.status("a"), run.status("b"), run.status("nap")),
        (NodeStatus::Skipped, NodeStatus::Completed, NodeStatus::Cancelled)
    );
    run.step(Command::Terminate { reason: String::new() }).unwrap();
}

#[test]
fn a_retry_on_what_is_paused_begins_at_resume() {
    for whole in [true, false] {
        let mut run = Run::start(
            &FLOW.replace("id: a, type: echo", "id: a, type: echo, on_error: incident"),
            json!({ "go": false }),
        );
        run.fail("a", ErrorClass::System, "IO");
        run.advance(10_000);
        run.fail("a", ErrorClass::System, "IO");
        let (pause, resume) =
            if whole { (Command::Pause { freeze: true }, Command::Resume) } else { (pause("a"), resume("a")) };
        run.step(pause).unwrap();
        let dispatched = run.effects.dispatches.len();
        run.step(Command::Retry { node: None, variables: Map::new() }).unwrap();
        assert_eq!((run.effects.dispatches.len(), run.status("a")), (dispatched, NodeStatus::Pending));
        run.step(resume).unwrap();
        assert_eq!(run.effects.dispatches.len(), dispatched + 1);
        let again = run.effects.dispatches.last().unwrap();
        assert_eq!((again.iteration, again.attempt), (0, 3));
    }
}

#[test]
fn pausing_every_node_around_every_step_changes_nothing_in_the_end() {
    let answer = |run: &mut Run| {
        while run.state.status == InstanceStatus::Running {
            let work = run
                .state
                .live
                .iter()
                .find(|(_, it)| matches!(it.active, Active::Task | Active::Job))
                .map(|(&n, it)| (n, it.clone()));
            let Some((number, it)) = work else { break };
            let node = run.plan.node(it.node).id.to_string();
            run.step(pause(&node)).unwrap();
            let result = Ok(Default::default());
            run.step(match it.active {
                Active::Job => Command::JobEnded { number, result },
                _ => Command::TaskEnded { number, attempt: it.attempt, result },
            })
            .unwrap();
            assert!(run.state.live.contains_key(&number));
            run.step(resume(&node)).unwrap();
        }
    };
    let mut run = begun();
    answer(&mut run);
    run.advance(20_000);
    run.step(Command::Message { name: "m".into(), key: None, payload: json!(7), expires: None }).unwrap();
    run.step(Command::Signal { name: "s".into(), payload: json!(8) }).unwrap();
    run.step(Command::SetVariables { patch: json!({ "go": true }).as_object().unwrap().clone() }).unwrap();
    answer(&mut run);
    assert_eq!(run.state.status, InstanceStatus::Completed);
    assert_eq!(run.completions()["take"], 3);
    assert!(
        run.completions().iter().all(|(node, &count)| count == if matches!(node.as_str(), "take") { 3 } else { 1 })
    );
}

#[test]
fn refusals_say_why() {
    let mut run = begun();
    assert!(matches!(run.step(pause("nobody")), Err(CommandError::NoSuchNode(_))));
    assert!(matches!(run.step(resume("a")), Err(CommandError::Nothing(_))));
    run.step(pause("a")).unwrap();
    assert!(matches!(run.step(pause("a")), Err(CommandError::Nothing(_))));
    run.step(Command::Terminate { reason: String::new() }).unwrap();
    assert!(matches!(run.step(resume("a")), Err(CommandError::Illegal(_))));
    assert!(matches!(run.step(pause("a")), Err(CommandError::Illegal(_))));
}
