//! Arbitrary definitions: everything that the language can say, valid or not, with the nastiest of texts.
#![allow(dead_code)]
// Boxed throughout: as plain types these strategies are so large that a debug build overflows a test's stack.

use heddle_model::definition::{
    AtLimit, Body, Boundary, Compensate, Concurrency, Definition, Edge, EdgeEvent, Jitter, Join, Loop, Mutex,
    MutexLevel, Node, NodeType, OnError, OnFailure, Position, Rest, Retry, Settings, Split,
};
use heddle_model::limits;
use heddle_model::value::{Map, Value};
use indexmap::IndexMap;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// Texts that YAML, JSON or the language itself would like to read otherwise.
pub(crate) fn text() -> BoxedStrategy<String> {
    let nasty = [
        "", " ", "on", "yes", "null", "~", "true", "1.0", "1.10", "0x1f", "1:30", "2026-11-22", "<<", "---", "- a",
        "a: b", "a #b", "${a > 1}", "${ {'a': [1, 2]} }", "${", "x ${a: b} ${c, d}", "判断 条件", "line\nline",
        "line\n\n  more\n", "\nfirst", "tab\there", "trail \nspace", "\r\n", "\u{7f}", "\u{2028}", "\u{feff}", "😀",
        "it's \"so\"", "\\", "{a}", "[b]", "a, b", "#c", "@d", "`e", "1e999", "9007199254740993", ".5", "-", "?", "|",
        ">", "%x", "!t", "&a", "*a", "a:", ":a", "\u{f0000}", "true ", "http://x/${y}?z=1#f",
    ];
    prop_oneof![
        4 => "[a-zA-Z_][a-zA-Z0-9_ -]{0,10}",
        2 => "[一-龥]{1,5}",
        3 => proptest::sample::select(nasty.to_vec()).prop_map(str::to_owned),
        1 => "[ -~\u{a0}-\u{2ff}\n\t]{0,24}",
        1 => "[\u{1}-\u{ffff}]{0,8}",
    ]
    .boxed()
}

fn number() -> BoxedStrategy<Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        (-1000i64..1000).prop_map(Value::from)
    ]
    .boxed()
}

pub(crate) fn value() -> BoxedStrategy<Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number(), text().prop_map(Value::from)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|entries| Value::Object(entries.into_iter().collect()))
        ]
    })
    .boxed()
}

fn object() -> BoxedStrategy<Map<String, Value>> {
    vec((text(), value()), 0..4).prop_map(|entries| entries.into_iter().collect()).boxed()
}

fn values() -> BoxedStrategy<IndexMap<String, Value>> {
    vec((text(), value()), 0..3).prop_map(|entries| entries.into_iter().collect()).boxed()
}

/// Kept as written: anything but nothing.
fn kept() -> BoxedStrategy<Value> {
    value().prop_filter("not null", |value| !value.is_null()).boxed()
}

fn duration() -> BoxedStrategy<u64> {
    prop_oneof![0..100_000u64, (0..50_000u64).prop_map(|seconds| seconds * 1_000), 0..=limits::DURATION_MS].boxed()
}

fn join() -> BoxedStrategy<Join> {
    let n = prop_oneof![(1u64..9).prop_map(Value::from), text().prop_map(Value::from)];
    let rest = prop_oneof![Just(Rest::Absorb), Just(Rest::Cancel)];
    prop_oneof![
        Just(Join::Inclusive),
        Just(Join::Any),
        Just(Join::All),
        (1..u32::MAX).prop_map(Join::Count),
        (n, rest, of(kept())).prop_map(|(n, rest, region)| Join::NOfM { n, rest, region }),
    ]
    .boxed()
}

fn split() -> BoxedStrategy<Split> {
    prop_oneof![
        Just(Split::All),
        Just(Split::One),
        Just(Split::Event),
        (1..=heddle_model::limits::SPLIT_TOKENS).prop_map(Split::Count)
    ]
    .boxed()
}

fn concurrency() -> BoxedStrategy<Concurrency> {
    (text(), 1..u32::MAX, proptest::sample::select(vec![AtLimit::Queue, AtLimit::Reject, AtLimit::Replace]))
        .prop_map(|(key, limit, at_limit)| Concurrency { key, limit, at_limit })
        .boxed()
}

fn retry() -> BoxedStrategy<Retry> {
    let jitter = proptest::sample::select(vec![Jitter::Full, Jitter::None, Jitter::Equal]);
    let on =
        proptest::sample::subsequence(vec!["business".to_owned(), "system".to_owned(), "timeout".to_owned()], 0..=3);
    (1..=limits::RETRY_ATTEMPTS_MAX, duration(), 1.0..100.0f64, duration(), jitter, on, vec(text(), 0..3))
        .prop_map(|(max_attempts, base_delay, factor, max_delay, jitter, on, codes)| Retry {
            max_attempts,
            base_delay,
            factor,
            max_delay,
            jitter,
            on,
            codes,
        })
        .boxed()
}

fn compensate() -> BoxedStrategy<Compensate> {
    prop_oneof![
        text().prop_map(Compensate::Node),
        (text(), object()).prop_map(|(task_type, config)| Compensate::Task { task_type, config })
    ]
    .boxed()
}

fn node_type() -> BoxedStrategy<NodeType> {
    prop_oneof![proptest::sample::select(NodeType::OWN.to_vec()), text().prop_map(NodeType::from)].boxed()
}

fn mutex() -> BoxedStrategy<Mutex> {
    let level = proptest::sample::select(vec![MutexLevel::Instance, MutexLevel::Workflow, MutexLevel::Workspace]);
    (text(), level, 1..u32::MAX).prop_map(|(name, level, permits)| Mutex { name, level, permits }).boxed()
}

fn loop_() -> BoxedStrategy<Loop> {
    (text(), any::<bool>(), of(any::<u32>()))
        .prop_map(|(while_, test_after, max)| Loop { while_, test_after, max })
        .boxed()
}

/// A node of this id; bodies hold nodes without bodies.
pub(crate) fn node(id: String, deep: bool) -> BoxedStrategy<Node> {
    let first = (
        of(text()),
        node_type(),
        of(text()),
        object(),
        values(),
        of(text()),
        vec(text(), 0..3),
        of(join()),
        of(split()),
    );
    let second = (
        of(text()),
        of(mutex()),
        of(kept()),
        of(loop_()),
        of(retry()),
        of(duration()),
        of(compensate()),
        of(concurrency()),
    );
    let on_error = proptest::sample::select(vec![OnError::Fail, OnError::Skip, OnError::Incident, OnError::Compensate]);
    let third = (on_error, of(0..10u8), any::<bool>(), any::<bool>(), of(value()), of(kept()), any::<bool>(), text());
    let body = if deep { of(body(id.clone())).boxed() } else { Just(None).boxed() };
    (first, second, third, body)
        .prop_map(move |(first, second, third, body)| {
            let (name, node_type, action, config, output, description, tags, join, split) = first;
            let (guard, mutex, cancel, loop_, retry, timeout, compensate, concurrency) = second;
            let (on_error, priority, at_most_once, disabled, sample, trigger, interrupting, attached_to) = third;
            let is_boundary = node_type == NodeType::Boundary;
            let boundary = is_boundary.then(|| Boundary { attached_to, interrupting, event: config.clone() });
            let config = if is_boundary { Map::new() } else { config };
            Node {
                id: id.clone(),
                name,
                node_type,
                action,
                config,
                output,
                description,
                tags,
                join,
                split,
                guard,
                mutex,
                cancel,
                loop_,
                retry,
                timeout,
                on_error,
                compensate,
                concurrency,
                priority,
                at_most_once,
                disabled,
                sample,
                body,
                trigger,
                boundary,
            }
        })
        .boxed()
}

fn body(prefix: String) -> BoxedStrategy<Body> {
    (node(format!("{prefix} inner"), false), vec(edge(vec![format!("{prefix} inner")]), 0..2))
        .prop_map(|(node, edges)| Body { nodes: vec![node], edges })
        .boxed()
}

pub(crate) fn edge(ids: Vec<String>) -> BoxedStrategy<Edge> {
    let end = proptest::sample::select(ids);
    let event =
        proptest::sample::select(vec![EdgeEvent::Error, EdgeEvent::Timeout, EdgeEvent::Message, EdgeEvent::Signal]);
    let event = of((event, vec(text(), 0..3), of(text()), of(any::<bool>())));
    (end.clone(), end, of(text()), of(text()), any::<bool>(), of(text()), of(any::<i64>()), event)
        .prop_map(|(from, to, id, condition, default, label, priority, event)| {
            let (on, codes, event_name, interrupting) = event
                .map_or((None, Vec::new(), None, None), |(on, codes, name, interrupting)| {
                    (Some(on), codes, name, interrupting)
                });
            Edge { from, to, id, condition, default, label, priority, on, codes, event_name, interrupting }
        })
        .boxed()
}

fn settings() -> BoxedStrategy<Settings> {
    let on_failure = proptest::sample::select(vec![OnFailure::Fail, OnFailure::Compensate, OnFailure::Incident]);
    let log_level = of(proptest::sample::select(vec![
        "debug".to_owned(),
        "info".to_owned(),
        "warn".to_owned(),
        "error".to_owned(),
    ]));
    (
        of(duration()),
        of(0..10u8),
        on_failure,
        of(concurrency()),
        vec(text(), 0..3),
        of(duration()),
        log_level,
        vec(text(), 0..3),
    )
        .prop_map(|(timeout, priority, on_failure, concurrency, search, retention, log_level, sensitive)| Settings {
            timeout,
            priority,
            on_failure,
            concurrency,
            search,
            retention,
            log_level,
            sensitive,
        })
        .boxed()
}

fn position() -> BoxedStrategy<Position> {
    let finite =
        || prop_oneof![(-10_000i32..10_000).prop_map(f64::from), any::<f64>().prop_filter("finite", |n| n.is_finite())];
    (finite(), finite()).prop_map(|(x, y)| Position { x, y }).boxed()
}

/// Ids that are unique and hold no `@`, which the executable form uses for itself.
fn ids() -> BoxedStrategy<Vec<String>> {
    vec(text(), 1..5)
        .prop_map(|texts| {
            texts.into_iter().enumerate().map(|(n, text)| format!("{}{n}", text.replace('@', ""))).collect()
        })
        .boxed()
}

pub(crate) fn definition() -> BoxedStrategy<Definition> {
    let version = of(prop_oneof![number(), text().prop_map(Value::from)]);
    let inputs = of(prop_oneof![object().prop_map(Value::Object), any::<bool>().prop_map(Value::from)]);
    let beside = vec((proptest::sample::select(vec!["frames", "notes", "comments"]), kept()), 0..3);
    let layout = vec((text(), position()), 0..3);
    let graph = ids().prop_flat_map(|ids| {
        let nodes: Vec<_> = ids.iter().map(|id| node(id.clone(), true)).collect();
        (nodes, vec(edge(ids), 0..6))
    });
    let head = (text(), version, of(text()), vec(text(), 0..3), inputs);
    (graph, head, values(), values(), settings(), of(kept()), layout, beside)
        .prop_map(|(graph, head, outputs, variables, settings, triggers, layout, beside)| {
            let ((nodes, edges), (name, version, description, tags, inputs)) = (graph, head);
            let mut ordered = Map::new();
            for key in ["frames", "notes", "comments"] {
                if let Some((_, value)) = beside.iter().find(|(name, _)| *name == key) {
                    ordered.insert(key.to_owned(), value.clone());
                }
            }
            let layout = layout.into_iter().collect();
            Definition {
                name,
                version,
                description,
                tags,
                inputs,
                outputs,
                variables,
                settings,
                triggers,
                nodes,
                edges,
                layout,
                beside: ordered,
            }
        })
        .boxed()
}
