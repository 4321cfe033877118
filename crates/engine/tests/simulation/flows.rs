//! Random definitions: nested blocks of every construct that the engine runs, so that each can be brought to its end, and, now and
//! then, edges and joins at random, which need not.

use super::chance::Chance;
use heddle_model::format::{self, Format};
use heddle_model::plan::Plan;
use std::fmt::Write;
use std::sync::Arc;

/// A definition as the storage keeps it, and its plan.
pub(crate) fn definition(chance: &mut Chance) -> (String, Arc<Plan>) {
    let text = text(chance);
    let parsed = format::parse(&text, Format::Yaml);
    assert!(!parsed.has_errors(), "{text}\n{:#?}", parsed.diagnostics);
    let definition = parsed.definition.unwrap();
    let plan = Plan::compile(&definition).unwrap_or_else(|why| panic!("{why}\n{text}"));
    (format::to_json(&definition).to_string(), Arc::new(plan))
}

/// The definition's text.
pub(crate) fn text(chance: &mut Chance) -> String {
    let mut flow = Flow { next: 0, budget: chance.between(4, 14) as u32, chance };
    let mut graph = Graph::default();
    let body = flow.sequence(&mut graph, 0);
    let policy = *flow.chance.pick(&["fail", "incident", "incident", "compensate"]);
    let timeout = if flow.chance.percent(10) { ", timeout: 40s" } else { "" };
    let mut text = format!("name: simulated\nsettings: {{ on_failure: {policy}{timeout} }}\nnodes:\n");
    text.push_str("  - { id: start, type: start }\n  - { id: done, type: end, join: any }\n");
    graph.nodes.iter().for_each(|node| writeln!(text, "  - {{ {node} }}").unwrap());
    text.push_str("edges:\n");
    graph.edge("start", &body.0);
    graph.edge(&body.1, "done");
    if flow.chance.percent(15) {
        flow.disorder(&mut graph);
    }
    graph.edges.iter().for_each(|edge| writeln!(text, "  - {{ {edge} }}").unwrap());
    text
}

/// Nodes and edges of one scope.
#[derive(Default)]
struct Graph {
    nodes: Vec<String>,
    edges: Vec<String>,
}

impl Graph {
    fn edge(&mut self, from: &str, to: &str) {
        self.edges.push(format!("from: {from}, to: {to}"));
    }

    fn edge_if(&mut self, from: &str, to: &str, how: &str) {
        self.edges.push(format!("from: {from}, to: {to}, {how}"));
    }

    fn body(&self) -> String {
        let list = |of: &[String]| of.iter().map(|it| format!("{{ {it} }}")).collect::<Vec<_>>().join(", ");
        format!("body: {{ nodes: [{}], edges: [{}] }}", list(&self.nodes), list(&self.edges))
    }
}

/// First and last node of a block.
type Block = (String, String);

struct Flow<'a> {
    chance: &'a mut Chance,
    next: u32,
    /// Leaves that may still be made.
    budget: u32,
}

impl Flow<'_> {
    fn id(&mut self) -> String {
        self.next += 1;
        format!("n{}", self.next)
    }

    fn sequence(&mut self, graph: &mut Graph, depth: u32) -> Block {
        let blocks: Vec<Block> = (0..self.chance.between(1, 3)).map(|_| self.block(graph, depth)).collect();
        blocks.windows(2).for_each(|pair| graph.edge(&pair[0].1, &pair[1].0));
        (blocks[0].0.clone(), blocks[blocks.len() - 1].1.clone())
    }

    fn block(&mut self, graph: &mut Graph, depth: u32) -> Block {
        if self.budget == 0 || depth >= 3 {
            return self.leaf(graph);
        }
        self.budget -= 1;
        match self.chance.below(16) {
            0..=2 => self.parallel(graph, depth),
            3 | 4 => self.choice(graph, depth),
            5 => self.container(graph, depth, "foreach"),
            6 => self.container(graph, depth, "group"),
            7 => self.around(graph, depth),
            8 => self.race(graph),
            9 => self.guarded_by_time(graph),
            _ => self.leaf(graph),
        }
    }

    fn leaf(&mut self, graph: &mut Graph) -> Block {
        let id = self.id();
        let ms = *self.chance.pick(&[0, 1, 20, 150, 900, 4_000]);
        let work = |fail: u64| format!("config: {{ ms: {ms}, fail: {fail} }}");
        let jitter = *self.chance.pick(&["none", "full", "equal"]);
        let base = *self.chance.pick(&["0ms", "50ms", "700ms"]);
        let retry = format!("retry: {{ max_attempts: 3, base_delay: {base}, max_delay: 3s, jitter: {jitter} }}");
        let fail = self.chance.below(5);
        let what = match self.chance.below(20) {
            0..=3 => format!("type: echo, {}", work(0)),
            4 => format!("type: narrow, {}, concurrency: {{ key: narrow, limit: 1 }}", work(0)),
            5 | 6 => format!("type: echo, {}, {retry}", work(fail)),
            7 => format!("type: echo, {}, on_error: {}", work(1), self.chance.pick(&["skip", "incident"])),
            8 => format!("type: echo, {}, compensate: {{ type: echo, config: {{ ms: 5 }} }}", work(0)),
            9 => format!("type: echo, {}, mutex: lock", work(0)),
            10 => format!("type: echo, {}, guard: '${{flag}}'", work(0)),
            11 => {
                format!("type: echo, {}, loop: {{ while: '${{true}}', max: {} }}", work(0), self.chance.between(1, 4))
            }
            12 => "type: set, config: { set: 1 }".to_owned(),
            13 | 14 => format!("type: task, action: pack, {retry}"),
            15 => format!(
                "type: task, action: {}, timeout: 9s, on_error: skip, concurrency: {{ key: jobs, limit: 2 }}",
                self.chance.pick(&["pack", "ship"])
            ),
            16 => format!("type: timer, config: {{ duration: '{}ms' }}", self.chance.pick(&[1, 100, 2_500, 14_000])),
            17 => "type: human, config: { due: 5s, escalate: boss }".to_owned(),
            18 => format!(
                "type: message, config: {{ name: {}, keep: {} }}",
                self.chance.pick(&["m", "o"]),
                self.chance.pick(&["none", "20s", "persistent"])
            ),
            _ => (*self.chance.pick(&[
                "type: signal, config: { name: s }",
                "type: condition, config: { when: '${flag}' }",
                "type: nap, config: { ms: 300 }",
            ]))
            .to_owned(),
        };
        graph.nodes.push(format!("id: {id}, {what}"));
        (id.clone(), id)
    }

    /// Branches that a join of any rule brings together.
    fn parallel(&mut self, graph: &mut Graph, depth: u32) -> Block {
        let (fork, join) = (self.id(), self.id());
        let ways = self.chance.between(2, 4);
        let some = self.chance.between(1, ways);
        let rule = match self.chance.below(9) {
            0..=2 => "all".to_owned(),
            3..=5 => "inclusive".to_owned(),
            6 => format!("{{ n: {some} }}"),
            7 => format!("{{ n: {some}, rest: cancel }}"),
            _ => (*self.chance.pick(&["any", "{ count: 2 }"])).to_owned(),
        };
        graph.nodes.push(format!("id: {fork}, type: gateway"));
        graph.nodes.push(format!("id: {join}, type: gateway, join: {rule}"));
        for _ in 0..ways {
            let (first, last) = self.sequence(graph, depth + 1);
            graph.edge(&fork, &first);
            graph.edge(&last, &join);
        }
        (fork, join)
    }

    /// One way, or several, by what the instance was started with.
    fn choice(&mut self, graph: &mut Graph, depth: u32) -> Block {
        let (fork, join) = (self.id(), self.id());
        let kind = *self.chance.pick(&["decision", "gateway"]);
        graph.nodes.push(format!("id: {fork}, type: {kind}"));
        graph.nodes.push(format!("id: {join}, type: gateway, join: inclusive"));
        let ways = self.chance.between(2, 3);
        for way in 0..ways {
            let (first, last) = self.block(graph, depth + 1);
            if way + 1 == ways {
                graph.edge_if(&fork, &first, "default: true");
            } else {
                graph.edge_if(&fork, &first, &format!("condition: '${{v{way}}}'"));
            }
            graph.edge(&last, &join);
        }
        (fork, join)
    }

    /// A for-each or a group around something.
    fn container(&mut self, graph: &mut Graph, depth: u32, kind: &str) -> Block {
        let id = self.id();
        let mut inner = Graph::default();
        self.sequence(&mut inner, depth + 2);
        let body = inner.body();
        let what = if kind == "foreach" {
            let count = self.chance.between(0, 4);
            let more = *self.chance.pick(&[
                "",
                ", max_parallel: 2",
                ", mode: sequential",
                ", on_failure: continue",
                ", wait: false",
                ", on_failure: continue, max_failures: 1",
                ", open: true",
            ]);
            format!("config: {{ count: {count}{more} }}")
        } else {
            (*self.chance.pick(&[
                "mutex: lock", "timeout: 20s, on_error: skip", "loop: { while: '${true}', max: 2 }",
                "on_error: incident",
            ]))
            .to_owned()
        };
        graph.nodes.push(format!("id: {id}, type: {kind}, {what}, {body}"));
        (id.clone(), id)
    }

    /// A way back, as often as a counter says.
    fn around(&mut self, graph: &mut Graph, depth: u32) -> Block {
        let (head, again, out) = (self.id(), self.id(), self.id());
        let times = self.chance.between(1, 4);
        graph
            .nodes
            .push(format!("id: {head}, type: set, join: any, config: {{ c{head}: '${{default(c{head}, 0) + 1}}' }}"));
        let (first, last) = self.block(graph, depth + 1);
        graph.nodes.push(format!("id: {again}, type: decision"));
        graph.nodes.push(format!("id: {out}, type: gateway"));
        graph.edge(&head, &first);
        graph.edge(&last, &again);
        graph.edge_if(&again, &head, &format!("condition: '${{c{head} < {times}}}'"));
        graph.edge_if(&again, &out, "default: true");
        (head, out)
    }

    /// A message or a time, whichever comes first.
    fn race(&mut self, graph: &mut Graph) -> Block {
        let (choose, message, time, out) = (self.id(), self.id(), self.id(), self.id());
        graph.nodes.push(format!("id: {choose}, type: event_gateway"));
        graph.nodes.push(format!("id: {message}, type: message, config: {{ name: m }}"));
        let ms = self.chance.pick(&[50, 2_000, 9_000]);
        graph.nodes.push(format!("id: {time}, type: timer, config: {{ duration: '{ms}ms' }}"));
        graph.nodes.push(format!("id: {out}, type: gateway, join: any"));
        for event in [&message, &time] {
            graph.edge(&choose, event);
            graph.edge(event, &out);
        }
        (choose, out)
    }

    /// Something that is given up, or added to, after a while.
    fn guarded_by_time(&mut self, graph: &mut Graph) -> Block {
        let (work, out) = (self.id(), self.id());
        let what = *self.chance.pick(&[
            "type: human", "type: task, action: pack", "type: message, config: { name: o }",
            "type: echo, config: { ms: 3000 }",
        ]);
        graph.nodes.push(format!("id: {work}, {what}, timeout: 2s"));
        graph.nodes.push(format!("id: {out}, type: gateway, join: any"));
        graph.edge(&work, &out);
        let how = *self.chance.pick(&["on: timeout", "on: error"]);
        let (first, last) = self.leaf(graph);
        graph.edge_if(&work, &first, how);
        graph.edge(&last, &out);
        (work, out)
    }

    /// Edges and joins at random: what comes of it may be stuck, and must then say so.
    fn disorder(&mut self, graph: &mut Graph) {
        let plain: Vec<String> = (1..=self.next)
            .map(|n| format!("n{n}"))
            .filter(|id| graph.nodes.iter().any(|node| node.starts_with(&format!("id: {id}, type: echo"))))
            .collect();
        if plain.len() < 2 {
            return;
        }
        for _ in 0..self.chance.between(1, 2) {
            // Forwards only: a way back that never waits would not end.
            let from = self.chance.below(plain.len() as u64 - 1) as usize;
            let to = self.chance.between(from as u64 + 1, plain.len() as u64 - 1) as usize;
            let (from, to) = (&plain[from], &plain[to]);
            if !graph.edges.iter().any(|edge| edge.starts_with(&format!("from: {from}, to: {to}"))) {
                graph.edge(from, to);
            }
        }
    }
}
