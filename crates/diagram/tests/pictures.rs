//! Pictures of definitions: nothing overlaps, edges meet their ports, equal input gives equal pictures, large graphs are quick.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_diagram::{Camera, OutKind, Point, Rect, Scene, Shape, Size, auto_layout, card, fit, route};
use heddle_model::definition::{Body, Boundary, Definition, Edge, EdgeEvent, Node, NodeType, Position};
use proptest::prelude::*;
use std::time::Instant;

fn node(id: &str, node_type: NodeType) -> Node {
    Node { id: id.into(), node_type, ..Node::default() }
}

fn edge(from: &str, to: &str) -> Edge {
    Edge { from: from.into(), to: to.into(), ..Edge::default() }
}

fn definition(nodes: &[&str], edges: &[(&str, &str)]) -> Definition {
    Definition {
        nodes: nodes
            .iter()
            .map(|id| {
                node(
                    id,
                    match *id {
                        "start" => NodeType::Start,
                        "end" => NodeType::End,
                        _ => NodeType::Task,
                    },
                )
            })
            .collect(),
        edges: edges.iter().map(|(from, to)| edge(from, to)).collect(),
        ..Definition::default()
    }
}

fn at<'s>(scene: &'s Scene, id: &str) -> &'s heddle_diagram::SceneNode {
    &scene.nodes[scene.find(id).unwrap()]
}

/// What must hold of every picture.
fn check(scene: &Scene) {
    for (a, first) in scene.nodes.iter().enumerate() {
        let step = if first.shape == Shape::Boundary { 4.0 } else { 8.0 };
        assert_eq!(
            (first.local.x % step, first.local.y % step),
            (0.0, 0.0),
            "{} is off the grid: {:?}",
            first.id,
            first.local
        );
        for second in &scene.nodes[a + 1..] {
            let apart =
                first.parent == second.parent && first.shape != Shape::Boundary && second.shape != Shape::Boundary;
            assert!(
                !apart || !first.rect.overlaps(&second.rect),
                "{} and {} overlap: {:?} {:?}",
                first.id,
                second.id,
                first.rect,
                second.rect
            );
        }
        if let Some(parent) = first.parent {
            let inside = Rect {
                y: scene.nodes[parent].rect.y + card::HEADER,
                h: scene.nodes[parent].rect.h - card::HEADER,
                ..scene.nodes[parent].rect
            };
            assert!(inside.union(&first.rect) == inside, "{} sticks out of {}", first.id, scene.nodes[parent].id);
        }
        assert!(scene.bounds.union(&first.rect) == scene.bounds);
    }
    for edge in &scene.edges {
        let (from, to) = (&scene.nodes[edge.from], &scene.nodes[edge.to]);
        let port = from.outs[edge.out].port.plus(Point::new(from.rect.x, from.rect.y));
        assert_eq!(edge.points.first(), Some(&port), "{} begins at its port", edge.id);
        if let Some(input) = to.input {
            assert_eq!(edge.points.last(), Some(&input), "{} ends at its port", edge.id);
        }
        assert!(edge.path.starts_with('M') && !edge.path.contains("NaN"), "{}", edge.path);
        for leg in edge.points.windows(2) {
            assert!(leg[0].x == leg[1].x || leg[0].y == leg[1].y, "{} has a slanted leg: {:?}", edge.id, edge.points);
        }
    }
}

#[test]
fn a_sequence_is_one_straight_line() {
    let scene = Scene::of(&definition(&["start", "a", "b", "end"], &[("start", "a"), ("a", "b"), ("b", "end")]), false);
    check(&scene);
    assert!(scene.edges.iter().all(|edge| edge.points.len() == 2), "{:?}", scene.edges);
    assert_eq!(at(&scene, "b").rect.x - at(&scene, "a").rect.x, card::CARD.w + card::COLUMN_GAP);
    assert_eq!(at(&scene, "start").shape, Shape::Circle);
}

#[test]
fn branches_keep_the_order_of_their_ports_and_meet_again() {
    let mut definition = definition(
        &["start", "判断", "任务A", "任务B", "end"],
        &[("start", "判断"), ("判断", "任务A"), ("判断", "任务B"), ("任务A", "end"), ("任务B", "end")],
    );
    definition.nodes[1].node_type = NodeType::Decision;
    definition.edges[1].condition = Some("${variable > 10}".into());
    definition.edges[2].default = true;
    let scene = Scene::of(&definition, false);
    check(&scene);
    let decision = at(&scene, "判断");
    assert_eq!(decision.rect.h, card::CARD.h + 2.0 * card::OUT_HEIGHT);
    assert_eq!(decision.outs.iter().map(|out| out.kind).collect::<Vec<_>>(), [OutKind::Condition, OutKind::Default]);
    assert!(at(&scene, "任务A").rect.y < at(&scene, "任务B").rect.y);
    assert_eq!(at(&scene, "任务A").rect.x, at(&scene, "任务B").rect.x);
    assert_eq!(scene.edges[1].label.as_deref(), Some("${variable > 10}"));
}

#[test]
fn plain_ways_share_a_port_and_errors_have_a_row() {
    let mut definition =
        definition(&["start", "a", "b", "c", "d"], &[("start", "a"), ("a", "b"), ("a", "c"), ("a", "d")]);
    definition.edges[3].on = Some(EdgeEvent::Error);
    let scene = Scene::of(&definition, false);
    check(&scene);
    let outs = &at(&scene, "a").outs;
    assert_eq!(
        outs.iter().map(|out| (out.kind, out.row)).collect::<Vec<_>>(),
        [(OutKind::Plain, None), (OutKind::Error, Some(0))]
    );
    assert_eq!((scene.edges[1].out, scene.edges[2].out, scene.edges[3].out), (0, 0, 1));
}

#[test]
fn back_edges_and_loops_run_below() {
    let scene = Scene::of(
        &definition(&["start", "a", "b", "end"], &[("start", "a"), ("a", "b"), ("b", "a"), ("b", "b"), ("b", "end")]),
        false,
    );
    check(&scene);
    let lowest = at(&scene, "b").rect.bottom();
    assert!(scene.edges[2].back && scene.edges[3].back && !scene.edges[1].back);
    for edge in [&scene.edges[2], &scene.edges[3]] {
        assert!(edge.points.iter().any(|point| point.y >= lowest + route::CLEAR), "{:?}", edge.points);
    }
    assert_ne!(scene.edges[2].points[2].y, scene.edges[3].points[2].y);
}

#[test]
fn long_edges_pass_between_cards() {
    let scene = Scene::of(
        &definition(
            &["start", "a", "b", "c", "end"],
            &[("start", "a"), ("a", "b"), ("b", "c"), ("c", "end"), ("a", "end"), ("start", "c")],
        ),
        false,
    );
    check(&scene);
    for edge in &scene.edges {
        for leg in edge.points.windows(2) {
            let leg = Rect::at(
                Point::new(leg[0].x.min(leg[1].x), leg[0].y.min(leg[1].y)),
                Size::new((leg[0].x - leg[1].x).abs(), (leg[0].y - leg[1].y).abs()),
            )
            .grown(0.5);
            for (n, node) in scene.nodes.iter().enumerate() {
                assert!(
                    n == edge.from || n == edge.to || !leg.overlaps(&node.rect),
                    "{} runs through {}",
                    edge.id,
                    node.id
                );
            }
        }
    }
}

#[test]
fn containers_hold_their_bodies_and_boundaries_stand_on_their_hosts() {
    let mut definition = definition(
        &["start", "pack", "late", "after", "end"],
        &[("start", "pack"), ("pack", "end"), ("late", "after"), ("after", "end")],
    );
    definition.nodes[1].node_type = NodeType::Foreach;
    let mut inner = node("inner", NodeType::Group);
    inner.body = Some(Body { nodes: vec![node("x", NodeType::Task)], edges: Vec::new() });
    definition.nodes[1].body = Some(Body {
        nodes: vec![node("pick", NodeType::Task), node("print", NodeType::Task), inner],
        edges: vec![edge("pick", "print"), edge("print", "inner")],
    });
    definition.nodes[2] = Node {
        boundary: Some(Boundary { attached_to: "pack".into(), interrupting: true, ..Boundary::default() }),
        ..node("late", NodeType::Boundary)
    };
    let scene = Scene::of(&definition, false);
    check(&scene);
    let (pack, late) = (at(&scene, "pack"), at(&scene, "late"));
    assert_eq!(
        (pack.shape, late.shape, at(&scene, "inner").shape),
        (Shape::Container, Shape::Boundary, Shape::Container)
    );
    assert_eq!(at(&scene, "x").parent, scene.find("inner"));
    assert_eq!(late.rect.centre().y, pack.rect.bottom());
    assert_eq!(
        scene.edges.iter().map(|edge| edge.id.as_str()).collect::<Vec<_>>(),
        ["start->pack", "pack->end", "late->after", "after->end", "pick->print", "print->inner"]
    );
}

#[test]
fn given_positions_are_kept_and_the_rest_finds_room() {
    let mut definition = definition(&["start", "a", "b", "end"], &[("start", "a"), ("a", "b"), ("b", "end")]);
    definition.layout.insert("a".into(), Position { x: 400.0, y: 800.0 });
    definition.layout.insert("start".into(), Position { x: 0.0, y: 800.0 });
    let scene = Scene::of(&definition, true);
    check(&scene);
    assert_eq!((at(&scene, "a").local, at(&scene, "start").local), (Point::new(400.0, 800.0), Point::new(0.0, 800.0)));
    assert!(at(&scene, "b").rect.x > 600.0 && at(&scene, "b").rect.y > 700.0, "{:?}", at(&scene, "b").rect);
    assert_ne!(Scene::of(&definition, false), scene);
    assert_eq!(
        auto_layout(&definition)["start"],
        Position { x: 0.0, y: at(&Scene::of(&definition, false), "start").local.y }
    );
}

#[test]
fn broken_definitions_have_a_picture() {
    let mut definition = definition(&["a", "a", "b"], &[("a", "gone"), ("gone", "b"), ("a", "b")]);
    definition.nodes.push(Node {
        boundary: Some(Boundary { attached_to: "nobody".into(), ..Boundary::default() }),
        ..node("lost", NodeType::Boundary)
    });
    let scene = Scene::of(&definition, true);
    check(&scene);
    assert_eq!((scene.nodes.len(), scene.edges.len()), (4, 1));
    assert_eq!(Scene::of(&Definition::default(), true), Scene::default());
}

#[test]
fn parts_without_an_edge_between_them_stand_below_each_other() {
    let scene = Scene::of(&definition(&["a", "b", "c", "d"], &[("a", "c"), ("b", "d")]), false);
    check(&scene);
    assert_eq!(at(&scene, "a").rect.x, at(&scene, "b").rect.x);
    assert!(at(&scene, "b").rect.y > at(&scene, "c").rect.bottom());
}

#[test]
fn fitting_centres_and_never_magnifies() {
    let bounds = Rect { x: -100.0, y: 50.0, w: 2_000.0, h: 400.0 };
    let camera = fit(bounds, Size::new(1_000.0, 800.0));
    let centre = camera.to_screen(bounds.centre());
    assert!((centre.x - 500.0).abs() < 1e-9 && (centre.y - 400.0).abs() < 1e-9 && camera.zoom < 0.5);
    assert_eq!(fit(Rect { w: 10.0, h: 10.0, ..bounds }, Size::new(1_000.0, 800.0)).zoom, 1.0);
    let zoomed = Camera::default().zoomed(2.0, Point::new(30.0, 40.0));
    assert_eq!(zoomed.to_screen(Point::new(30.0, 40.0)), Point::new(30.0, 40.0));
}

fn large(nodes: usize, edges: usize) -> Definition {
    let mut seed = 42u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut definition = Definition {
        nodes: (0..nodes).map(|n| node(&format!("n{n}"), NodeType::Task)).collect(),
        ..Definition::default()
    };
    for n in 1..nodes {
        let before = n - 1 - random(n.min(8));
        definition.edges.push(edge(&format!("n{before}"), &format!("n{n}")));
    }
    for _ in nodes..edges {
        let from = random(nodes - 9);
        let to = from + 1 + random(8);
        definition.edges.push(edge(&format!("n{from}"), &format!("n{to}")));
    }
    definition
}

#[test]
fn ten_thousand_nodes_are_laid_out_quickly() {
    let definition = large(10_000, 14_000);
    let start = Instant::now();
    let scene = Scene::of(&definition, false);
    let took = start.elapsed();
    eprintln!("10,000 nodes, 14,000 edges: {took:?}");
    assert_eq!(scene.edges.len(), definition.edges.len());
    // A debug build is some fifteen times slower than what people run.
    assert!(took.as_secs_f64() < if cfg!(debug_assertions) { 12.0 } else { 0.8 }, "{took:?}");
    let wide = {
        let names: Vec<String> = (0..5_000).map(|n| format!("w{n}")).collect();
        let mut wide = definition_of(&names);
        wide.edges = names.iter().flat_map(|id| [edge("start", id), edge(id, "end")]).collect();
        wide
    };
    let start = Instant::now();
    Scene::of(&wide, false);
    eprintln!("fan of 5,000: {:?}", start.elapsed());
    assert!(start.elapsed().as_secs_f64() < 12.0);
}

fn definition_of(names: &[String]) -> Definition {
    let mut nodes = vec![node("start", NodeType::Start)];
    nodes.extend(names.iter().map(|id| node(id, NodeType::Task)));
    nodes.push(node("end", NodeType::End));
    Definition { nodes, ..Definition::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_graph_has_a_picture_and_always_the_same(count in 1usize..24, pairs in proptest::collection::vec((0usize..24, 0usize..24, 0usize..4), 0..40)) {
        let mut definition = Definition { nodes: (0..count).map(|n| node(&format!("n{n}"), NodeType::Task)).collect(), ..Definition::default() };
        for (from, to, kind) in pairs {
            let mut edge = edge(&format!("n{}", from % count), &format!("n{}", to % count));
            match kind {
                1 => edge.condition = Some("${x}".into()),
                2 => edge.on = Some(EdgeEvent::Error),
                _ => {}
            }
            definition.edges.push(edge);
        }
        let scene = Scene::of(&definition, false);
        check(&scene);
        prop_assert_eq!(&scene, &Scene::of(&definition, false));
        definition.layout = auto_layout(&definition);
        let kept = Scene::of(&definition, true);
        for (a, b) in scene.nodes.iter().zip(&kept.nodes) {
            prop_assert_eq!(a.rect, b.rect);
        }
    }
}
