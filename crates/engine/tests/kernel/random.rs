//! Random graphs of every construct under random commands: whatever happens, the harness finds nothing wrong after any step, and a
//! terminate leaves nothing behind.

use super::harness::{Run, plan};
use heddle_engine::kernel::{Active, Change, Command, HumanAction, Order, Person};
use heddle_engine::tasks::{ErrorClass, TaskError, TaskOutput};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::{Map, json};
use proptest::prelude::*;

/// One node of each kind that a number may stand for, with an id.
fn node(kind: u8, id: &str, inner: &str) -> String {
    let config = match kind % 20 {
        0..=3 => "type: echo".to_owned(),
        4 => "type: task, action: pack, timeout: 10s".to_owned(),
        5 => "type: message, config: { name: m }".to_owned(),
        6 => "type: signal, config: { name: s }".to_owned(),
        7 => "type: timer, config: { duration: 2s }".to_owned(),
        8 => "type: condition, config: { when: '${flag}' }".to_owned(),
        9 => "type: echo, mutex: lock".to_owned(),
        10 => "type: echo, guard: '${flag}'".to_owned(),
        11 => "type: echo, loop: { while: '${true}', max: 2 }".to_owned(),
        12 => "type: echo, retry: { max_attempts: 2, base_delay: 1s }, compensate: { type: echo }".to_owned(),
        13 => "type: human, config: { due: 5s, escalate: boss }".to_owned(),
        14 => "type: echo, on_error: incident".to_owned(),
        15 => "type: gateway, split: { count: 2 }".to_owned(),
        16 => format!("type: group, timeout: 9s, mutex: lock, body: {{ nodes: [{inner}], edges: [] }}"),
        17 => format!("type: group, on_error: skip, body: {{ nodes: [{inner}], edges: [] }}"),
        18 => format!(
            "type: foreach, config: {{ count: 3, max_parallel: 2, on_failure: continue }}, body: {{ nodes: [{inner}], edges: [] }}"
        ),
        _ => format!("type: foreach, config: {{ count: 2, wait: false }}, body: {{ nodes: [{inner}], edges: [] }}"),
    };
    format!("{{ id: {id}, {config}")
}

fn join(rule: u8) -> &'static str {
    match rule % 7 {
        0..=2 => "inclusive",
        3 => "any",
        4 => "{ n: 1 }",
        5 => "{ n: 2, rest: cancel }",
        _ => "{ count: 2 }",
    }
}

fn yaml(nodes: &[(u8, u8, u8)], edges: &[(usize, usize, bool)], on_failure: &str) -> String {
    let mut text =
        format!("name: random\nsettings: {{ on_failure: {on_failure} }}\nnodes:\n  - {{ id: start, type: start }}\n");
    for (place, (kind, inner, rule)) in nodes.iter().enumerate() {
        let leaf = node(inner % 16, &format!("i{place}"), "") + " }";
        text.push_str(&format!("  - {}, join: {} }}\n", node(*kind, &format!("n{place}"), &leaf), join(*rule)));
    }
    text.push_str("  - { id: done, type: end, join: any }\nedges:\n  - { from: start, to: n0 }\n");
    let last = nodes.len() - 1;
    for (from, to, is_error) in edges {
        let (from, to) = (from % nodes.len(), to % nodes.len());
        // A way back leads to something that waits for the test: a loop that never waits is another test's.
        let (from, to) = if nodes[to].0 % 20 < 4 { (from, to) } else { (from.min(to), from.max(to)) };
        if from == to {
            continue;
        }
        let on = if *is_error { ", on: error" } else { "" };
        text.push_str(&format!("  - {{ from: n{from}, to: n{to}{on} }}\n"));
    }
    (0..last).for_each(|place| text.push_str(&format!("  - {{ from: n{place}, to: n{} }}\n", place + 1)));
    text.push_str(&format!("  - {{ from: n{last}, to: done }}\n"));
    text
}

fn command(run: &Run, wish: u8, pick: u16) -> Option<Command> {
    let live: Vec<_> = run.state.live.iter().chain(&run.state.suspended).collect();
    let chosen = live.get(usize::from(pick) % live.len().max(1));
    let (number, attempt) = chosen.map_or((0, 0), |(number, execution)| (**number, execution.attempt));
    let node = chosen.map_or_else(|| "n0".to_owned(), |(number, _)| run.state.id.node_instance(**number).to_string());
    let is_job = chosen.is_some_and(|(_, execution)| execution.active == Active::Job);
    let answer = |result| {
        if is_job { Command::JobEnded { number, result } } else { Command::TaskEnded { number, attempt, result } }
    };
    Some(match wish {
        0..=9 => answer(Ok(TaskOutput::value(json!(pick)))),
        10 | 11 => answer(Err(TaskError::new(ErrorClass::System, "IO", "io"))),
        12 => Command::Message { name: "m".into(), key: None, payload: json!(pick), expires: None },
        13 => Command::Signal { name: "s".into(), payload: json!(pick) },
        14 => Command::SetVariables { patch: json!({ "flag": pick.is_multiple_of(2) }).as_object().unwrap().clone() },
        15 => Command::Pause { freeze: pick.is_multiple_of(2) },
        16 => Command::Resume,
        17 => Command::Retry { node: None, variables: Map::new() },
        18 => Command::Skip { node, output: json!(null) },
        19 => Command::Complete { node, output: json!(1) },
        20 => Command::Cancel { node },
        21 => Command::Recover,
        22 => Command::CompleteForeach { node },
        23 => Command::Human { node, action: person(pick) },
        24 => Command::Compensate { terminate: pick.is_multiple_of(2) },
        25 => Command::PauseNode { node: id(run, pick), freeze: pick.is_multiple_of(2) },
        26 => Command::ResumeNode { node: id(run, pick) },
        27 => Command::Modify {
            changes: vec![match pick % 3 {
                0 => Change::Cancel { node: id(run, pick) },
                1 => Change::Start { node: id(run, pick) },
                _ => Change::Move { from: id(run, pick), to: id(run, pick / 2) },
            }],
            variables: Map::new(),
        },
        _ => return None,
    })
}

fn id(run: &Run, pick: u16) -> String {
    let nodes: Vec<_> = run.plan.nodes().map(|(_, node)| node.id.to_string()).collect();
    nodes[usize::from(pick) % nodes.len()].clone()
}

/// The same graph with its nodes in another order: every place is another.
fn turned(text: &str) -> String {
    let (before, rest) = text.split_once("nodes:\n").unwrap();
    let (nodes, edges) = rest.split_once("edges:\n").unwrap();
    let mut nodes: Vec<&str> = nodes.lines().collect();
    nodes.reverse();
    format!("{before}nodes:\n{}\nedges:\n{edges}", nodes.join("\n"))
}

/// What reaches beyond the moment: back to an earlier one, or on to another version.
fn reach(run: &mut Run, wish: u8, pick: u16, text: &str) {
    let kept = id(run, pick);
    let result = match wish {
        0 => {
            let steps = run.steps();
            let to = steps.get(usize::from(pick) % steps.len().max(1)).copied().unwrap_or(0);
            run.roll_back(
                to,
                if pick.is_multiple_of(3) { &[] } else { std::slice::from_ref(&kept) }
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .as_slice(),
            )
        }
        1 => run.migrate(&if run.state.version_number.is_multiple_of(2) { text.to_owned() } else { turned(text) }, &[]),
        2 => run.rerun(Some(&kept), None, json!({ "flag": true })),
        _ => {
            let next = run.to_version(&turned(text), &[]);
            run.rerun(pick.is_multiple_of(2).then_some(&*kept), Some(next), json!({}))
        }
    };
    // Refusals are checked by the harness to have changed nothing.
    drop(result);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_left_behind(
        nodes in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 2..7),
        edges in prop::collection::vec((0..6usize, 0..6usize, prop::bool::weighted(0.3)), 0..4),
        wishes in prop::collection::vec((0..36u8, any::<u16>()), 1..40),
        policy in 0..3u8,
    ) {
        let text = yaml(&nodes, &edges, ["fail", "incident", "compensate"][usize::from(policy)]);
        let mut run = Run::start_plan(plan(&text), json!({ "flag": false }), Order::Seeded, 1);
        for (wish, pick) in wishes {
            if (32..36).contains(&wish) {
                reach(&mut run, wish - 32, pick, &text);
                continue;
            }
            match command(&run, wish, pick) {
                // Refusals are checked by the harness to have changed nothing.
                Some(command) => drop(run.step(command)),
                None => run.advance(i64::from(pick) % 4_000),
            }
        }
        if matches!(run.state.status, InstanceStatus::Running | InstanceStatus::Paused) {
            run.step(Command::Terminate { reason: String::new() }).unwrap();
        }
        if run.state.status != InstanceStatus::Failed {
            prop_assert!(run.state.scopes.is_empty() && run.state.mutexes.is_empty(), "{text}");
        }
        prop_assert!(run.state.live.is_empty() && run.state.timers.is_empty() && run.state.subscriptions.is_empty());
    }
}

/// Every construct that the order of independent branches may not change: no condition on what another branch writes, no cancel, no
/// `n-of-m`, no mutex, no race of events.
fn confluent(kind: u8, id: &str, inner: &str) -> String {
    let config = match kind % 8 {
        0..=2 => "type: echo".to_owned(),
        3 => "type: echo, loop: { while: '${true}', max: 2 }".to_owned(),
        4 => "type: gateway, split: { count: 2 }".to_owned(),
        5 => format!("type: group, body: {{ nodes: [{inner}], edges: [] }}"),
        6 => format!("type: foreach, config: {{ count: 3, max_parallel: 2 }}, body: {{ nodes: [{inner}], edges: [] }}"),
        _ => format!("type: foreach, config: {{ count: 2, wait: false }}, body: {{ nodes: [{inner}], edges: [] }}"),
    };
    format!("{{ id: {id}, {config}")
}

fn acyclic(nodes: &[(u8, u8, u8)], edges: &[(usize, usize, bool)]) -> String {
    let mut text = "name: order\nnodes:\n  - { id: start, type: start }\n".to_owned();
    for (place, (kind, inner, rule)) in nodes.iter().enumerate() {
        let leaf = confluent(inner % 4, &format!("i{place}"), "") + " }";
        let join = ["inclusive", "any", "all"][usize::from(rule % 3)];
        text.push_str(&format!("  - {}, join: {join} }}\n", confluent(*kind, &format!("n{place}"), &leaf)));
    }
    text.push_str("  - { id: done, type: end, join: any }\nedges:\n  - { from: start, to: n0 }\n");
    let last = nodes.len() - 1;
    for (from, to, taken) in edges {
        let (from, to) = (from % nodes.len(), to % nodes.len());
        if from != to {
            let (from, to) = (from.min(to), from.max(to));
            let condition = if *taken { "" } else { ", condition: '${1 > 2}'" };
            text.push_str(&format!("  - {{ from: n{from}, to: n{to}{condition} }}\n"));
        }
    }
    (0..last).for_each(|place| text.push_str(&format!("  - {{ from: n{place}, to: n{} }}\n", place + 1)));
    text.push_str(&format!("  - {{ from: n{last}, to: done }}\n"));
    text
}

/// Answers one of the tasks that run, by a number; whether there was one.
fn answer(run: &mut Run, pick: u64) -> bool {
    let tasks: Vec<(u32, u32)> = run
        .state
        .live
        .iter()
        .filter(|(_, it)| it.active == Active::Task)
        .map(|(&number, it)| (number, it.attempt))
        .collect();
    let Some(&(number, attempt)) = tasks.get((pick >> 33) as usize % tasks.len().max(1)) else { return false };
    run.step(Command::TaskEnded { number, attempt, result: Ok(Default::default()) }).unwrap();
    true
}

fn to_rest(run: &mut Run, mut pick: u64) {
    while answer(run, pick) {
        pick = pick.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// docs/semantics A.13, 7 and 8: the same nodes complete as often in every order, and wherever a server dies.
    #[test]
    fn neither_order_nor_crashes_change_what_completes(
        nodes in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 2..7),
        edges in prop::collection::vec((0..6usize, 0..6usize, any::<bool>()), 0..5),
        pick in any::<u64>(),
    ) {
        let text = acyclic(&nodes, &edges);
        let of = |order, pick| {
            let mut run = Run::start_plan(plan(&text), json!({}), order, 1);
            run.careful = false;
            to_rest(&mut run, pick);
            run.check();
            run
        };
        let reference = of(Order::Fifo, 0);
        for (order, pick) in [(Order::Fifo, pick), (Order::Lifo, pick), (Order::Seeded, pick.wrapping_mul(3))] {
            let other = of(order, pick);
            prop_assert_eq!(other.completions(), reference.completions(), "{:?} {}", order, &text);
            prop_assert_eq!(other.state.status, reference.state.status);
        }
        for commands in 1..=reference.commands.len() {
            let mut crashed = reference.crashed_after(commands);
            to_rest(&mut crashed, pick);
            crashed.check();
            prop_assert_eq!(crashed.completions(), reference.completions(), "after {} commands: {}", commands, &text);
        }
    }

    /// docs/semantics A.13, 6: what is withdrawn is gone with all that is inside it, and cannot be withdrawn twice.
    #[test]
    fn withdrawing_twice_is_refused_and_leaves_no_child(
        nodes in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 2..7),
        edges in prop::collection::vec((0..6usize, 0..6usize, any::<bool>()), 0..5),
        picks in prop::collection::vec((any::<u64>(), any::<bool>()), 1..12),
    ) {
        let mut run = Run::start_plan(plan(&acyclic(&nodes, &edges)), json!({}), Order::Seeded, 1);
        for (pick, withdraw) in picks {
            let live: Vec<u32> = run.state.live.keys().copied().collect();
            match live.get((pick >> 33) as usize % live.len().max(1)).filter(|_| withdraw) {
                Some(&number) => {
                    let inside = run.state.scopes.iter().filter(|(_, scope)| scope.host == number).map(|(&scope, _)| scope);
                    let inside: Vec<u32> = inside.collect();
                    let cancel = Command::Cancel { node: run.state.id.node_instance(number).to_string() };
                    run.step(cancel.clone()).unwrap();
                    prop_assert!(!run.state.live.contains_key(&number));
                    prop_assert!(inside.iter().all(|scope| !run.state.scopes.contains_key(scope)));
                    prop_assert!(run.step(cancel).is_err());
                }
                None => drop(answer(&mut run, pick)),
            }
        }
    }
}

/// Somebody does something about a task.
fn person(pick: u16) -> HumanAction {
    let who = |name: &str, steers| Person { name: name.into(), key: name.into(), steers, ..Person::default() };
    let by = who(if pick.is_multiple_of(3) { "bob" } else { "ann" }, pick.is_multiple_of(7));
    match pick % 5 {
        0 | 1 => HumanAction::Claim { by },
        2 => HumanAction::Assign { by, to: who("bob", false), keep_draft: pick.is_multiple_of(2) },
        3 => HumanAction::Save { by, draft: json!({ "half": pick }) },
        _ if pick.is_multiple_of(2) => HumanAction::Release { by },
        _ => HumanAction::Complete { by, output: json!(pick) },
    }
}
