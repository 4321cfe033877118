//! A graph on its canvas, to look at and to walk through: pan, zoom, select, arrow keys. Cards are elements, edges one SVG.

use super::model::{Graph, GraphNode};
use super::states::{NodeState, edge_class};
use super::viewport;
use crate::i18n::use_words;
use crate::ui::{Elapsed, Icon, Svg};
use heddle_diagram::{Point, Shape, Size};
use leptos::html;
use leptos::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// Size that the frame is taken for until the browser has measured it: the canvas of a 1440 × 900 screen.
const GUESS: Size = Size::new(820.0, 460.0);

/// The canvas.
#[component]
pub fn GraphView(
    /// What is drawn.
    #[prop(into)]
    graph: Signal<Arc<Graph>>,
    /// States by node id; empty where nothing runs.
    #[prop(optional, into)]
    states: Signal<HashMap<String, NodeState>>,
    /// The selected node.
    selected: RwSignal<Option<String>>,
    /// Its name.
    #[prop(into)]
    label: String,
    /// What stands over the canvas, such as a note that it is stale.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let words = use_words();
    let canvas: NodeRef<html::Section> = NodeRef::new();
    let camera = RwSignal::new(graph.with_untracked(|graph| viewport::fit(graph.bounds, GUESS)));
    let frame = move || {
        canvas
            .get_untracked()
            .map_or(GUESS, |element| Size::new(element.client_width().into(), element.client_height().into()))
    };
    let fit = move || camera.set(graph.with_untracked(|graph| viewport::fit(graph.bounds, frame())));
    // Whoever has moved the picture keeps it; otherwise it fits once the frame is known, and again when the graph becomes another one
    // (not when only its states change) or the window changes its size.
    let moved = StoredValue::new(false);
    let extent =
        Memo::new(move |_| graph.with(|graph| (graph.bounds.w.to_bits(), graph.bounds.h.to_bits(), graph.nodes.len())));
    Effect::new(move |_| {
        extent.get();
        if canvas.get().is_some() && !moved.get_value() {
            fit();
        }
    });
    let resize = window_event_listener(leptos::ev::resize, move |_| {
        if moved.try_get_value() == Some(false) {
            fit();
        }
    });
    on_cleanup(move || resize.remove());
    let step = move |inward: bool| {
        moved.set_value(true);
        camera.update(|camera| *camera = viewport::step(*camera, inward, frame()));
    };
    let reveal = move |id: &str| {
        if let Some(rect) = graph.with_untracked(|graph| graph.index_of(id).map(|at| graph.nodes[at].rect)) {
            camera.update(|camera| *camera = viewport::showing(*camera, rect, frame()));
        }
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() {
            return;
        }
        let now = selected.get_untracked();
        let done = match event.key().as_str() {
            "ArrowRight" => walk(graph, now.as_deref(), Way::Forward),
            "ArrowLeft" => walk(graph, now.as_deref(), Way::Back),
            "ArrowDown" => walk(graph, now.as_deref(), Way::Down),
            "ArrowUp" => walk(graph, now.as_deref(), Way::Up),
            "+" | "=" => {
                step(true);
                None
            }
            "-" => {
                step(false);
                None
            }
            "0" => {
                let middle = Point::new(frame().w / 2.0, frame().h / 2.0);
                camera.update(|camera| *camera = camera.zoomed(1.0 / camera.zoom, middle));
                None
            }
            "1" => {
                moved.set_value(false);
                fit();
                None
            }
            "Escape" => {
                selected.set(None);
                None
            }
            _ => return,
        };
        event.prevent_default();
        if let Some(id) = done {
            reveal(&id);
            selected.set(Some(id));
        }
    };
    let drag = RwSignal::new(None::<(f64, f64)>);
    let down = move |event: leptos::ev::PointerEvent| {
        if event.button() < 2 {
            drag.set(Some((f64::from(event.client_x()), f64::from(event.client_y()))));
        }
    };
    let pointer = move |event: leptos::ev::PointerEvent| {
        let Some((x, y)) = drag.get_untracked() else { return };
        if event.buttons() == 0 {
            return drag.set(None);
        }
        moved.set_value(true);
        let (to_x, to_y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        camera.update(|camera| *camera = camera.panned(Point::new(to_x - x, to_y - y)));
        drag.set(Some((to_x, to_y)));
    };
    let wheel = move |event: leptos::ev::WheelEvent| {
        event.prevent_default();
        moved.set_value(true);
        if event.ctrl_key() || event.meta_key() {
            let rect = canvas.get_untracked().map(|element| element.get_bounding_client_rect());
            let at = rect.map_or(Point::default(), |rect| {
                Point::new(f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top())
            });
            camera.update(|camera| *camera = camera.zoomed((-event.delta_y() / 300.0).exp(), at));
        } else {
            camera.update(|camera| *camera = camera.panned(Point::new(-event.delta_x(), -event.delta_y())));
        }
    };
    // Ids of the document are numbers: a node's own id may hold anything.
    let active = move || {
        selected
            .with(|id| id.as_deref().and_then(|id| graph.with(|graph| graph.index_of(id))))
            .map(|at| format!("node-{at}"))
    };
    view! {
        <section class="canvas" node_ref=canvas style=move || viewport::style(camera.get()) aria-label=label.clone()
            on:pointerdown=down on:pointermove=pointer on:pointerup=move |_| drag.set(None) on:pointerleave=move |_| drag.set(None) on:wheel=wheel>
            <div class="canvas__focus" role="listbox" tabindex="0" aria-label=words.nodes() aria-describedby="graph-help" aria-activedescendant=active on:keydown=keys>
                <div class="canvas__world" role="presentation">
                    {move || {
                        let graph = graph.get();
                        view! {
                            <Edges graph=graph.clone() states=states/>
                            {graph.nodes.iter().enumerate().map(|(at, node)| view! { <Card at=at node=node.clone() states=states selected=selected/> }).collect_view()}
                        }
                    }}
                </div>
            </div>
            <p class="sr" id="graph-help">{words.graph_help()}</p>
            {children.map(|children| children())}
            <div class="canvas__bar canvas__bar--end">
                <button class="btn btn--ghost btn--icon" type="button" aria-label=words.zoom_out() title=words.zoom_out() on:click=move |_| step(false)>
                    <Svg icon=Icon::Minus/>
                </button>
                <span class="canvas__zoom" aria-live="off">{move || format!("{:.0} %", camera.get().zoom * 100.0)}</span>
                <button class="btn btn--ghost btn--icon" type="button" aria-label=words.zoom_in() title=words.zoom_in() on:click=move |_| step(true)>
                    <Svg icon=Icon::Plus/>
                </button>
                <span class="canvas__bar-rule"></span>
                <button class="btn btn--ghost btn--icon" type="button" aria-label=words.zoom_fit() title=words.zoom_fit() on:click=move |_| { moved.set_value(false); fit(); }>
                    <Svg icon=Icon::Maximize/>
                </button>
            </div>
        </section>
    }
}

/// A step through the graph.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
    Up,
    Down,
}

/// Where a step leads: along edges, or to the nearest card above or below.
fn walk(graph: Signal<Arc<Graph>>, from: Option<&str>, way: Way) -> Option<String> {
    graph.with_untracked(|graph| {
        let Some(at) = from.and_then(|id| graph.index_of(id)) else {
            return graph.nodes.first().map(|node| node.id.clone());
        };
        let here = &graph.nodes[at];
        let next = match way {
            Way::Forward => graph
                .edges
                .iter()
                .filter(|edge| edge.from == at)
                .map(|edge| edge.to)
                .min_by(|&a, &b| graph.nodes[a].rect.y.total_cmp(&graph.nodes[b].rect.y)),
            Way::Back => graph
                .edges
                .iter()
                .filter(|edge| edge.to == at)
                .map(|edge| edge.from)
                .min_by(|&a, &b| graph.nodes[a].rect.y.total_cmp(&graph.nodes[b].rect.y)),
            Way::Up | Way::Down => graph
                .nodes
                .iter()
                .enumerate()
                .filter(
                    |(_, node)| if way == Way::Down { node.rect.y > here.rect.y } else { node.rect.y < here.rect.y },
                )
                .min_by(|(_, a), (_, b)| {
                    let far =
                        |node: &GraphNode| (node.rect.x - here.rect.x).abs() * 2.0 + (node.rect.y - here.rect.y).abs();
                    far(a).total_cmp(&far(b))
                })
                .map(|(at, _)| at),
        };
        next.map(|at| graph.nodes[at].id.clone())
    })
}

#[component]
fn Edges(graph: Arc<Graph>, states: Signal<HashMap<String, NodeState>>) -> impl IntoView {
    let lines = graph
        .edges
        .iter()
        .enumerate()
        .map(|(at, edge)| {
            let graph = graph.clone();
            let resting = if edge.error { "edge edge--error" } else { "edge" };
            let class =
                move || states.with(|states| if states.is_empty() { resting } else { edge_class(&graph, at, states) });
            view! { <path class=class d=edge.path.clone() marker-end="url(#arrow)"></path> }
        })
        .collect_view();
    view! {
        <svg class="canvas__edges" aria-hidden="true">
            <defs>
                <marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
                    <path d="M0 .4 8 4 0 7.6Z" fill="context-stroke"></path>
                </marker>
            </defs>
            {lines}
        </svg>
    }
}

/// A card. Its name is what is written on it, the state included.
#[component]
fn Card(
    at: usize,
    node: GraphNode,
    states: Signal<HashMap<String, NodeState>>,
    selected: RwSignal<Option<String>>,
) -> impl IntoView {
    let id = StoredValue::new(node.id.clone());
    let state = Memo::new(move |_| states.with(|states| id.with_value(|id| states.get(id).cloned())));
    let is_selected = move || selected.with(|selected| id.with_value(|id| selected.as_deref() == Some(id)));
    let look = move || state.with(|state| state.as_ref().map(|state| state.look));
    let class = match node.shape {
        Shape::Circle | Shape::Boundary => "node node--end",
        Shape::StartCard => "node node--start",
        Shape::Container => "node node--container",
        Shape::Card if node.node_type == "decision" => "node node--decision",
        Shape::Card => "node",
    };
    let style = format!("--x: {}; --y: {}; --w: {}; --h: {}", node.rect.x, node.rect.y, node.rect.w, node.rect.h);
    let select = move |_| selected.set(Some(id.get_value()));
    let inner = match node.shape {
        Shape::Circle | Shape::Boundary => circle(&node, state).into_any(),
        Shape::Container => container(&node).into_any(),
        Shape::Card | Shape::StartCard => body(&node, state).into_any(),
    };
    view! {
        <div class=class id=format!("node-{at}") style=style data-cat=node.kind().category data-state=move || look().map(|look| look.family())
            role="option" aria-selected=move || is_selected().to_string() on:click=select>
            {inner}
        </div>
    }
}

/// The inside of a circle: an icon, the state where it has one, and the title below.
fn circle(node: &GraphNode, state: Memo<Option<NodeState>>) -> impl IntoView + use<> {
    let own = node.kind().icon;
    let icon = Signal::derive(move || {
        state.with(|state| state.as_ref().filter(|state| state.look.is_final()).map_or(own, |state| state.look.icon()))
    });
    let words = use_words();
    let word = move || state.with(|state| state.as_ref().map(|state| state.look.word(words)));
    view! {
        {node.enters.then(|| view! { <span class="port port--in port--on"></span> })}
        <span class="node__state" title=word><Svg icon=icon/><span class="sr">{word}</span></span>
        <span class="node__caption">{node.title.clone()}</span>
        {node.leaves.then(|| view! { <span class="port port--out port--on"></span> })}
    }
}

/// The head of a container; what it holds is drawn on top of it.
fn container(node: &GraphNode) -> impl IntoView + use<> {
    view! {
        <div class="node__head">
            <span class="tile tile--s"><Svg icon=node.kind().icon/></span>
            <span class="node__title">{node.title.clone()}</span>
            <span class="node__sub">{node.subtitle.clone()}</span>
        </div>
    }
}

/// The inside of a card.
fn body(node: &GraphNode, state: Memo<Option<NodeState>>) -> impl IntoView + use<> {
    let words = use_words();
    let outs = node.outs.clone();
    let subtitle = node.subtitle.clone();
    let sub = move || {
        state.with(|state| match state {
            Some(state) if state.started_at.is_some() && state.look != crate::status::Look::Skipped => {
                let (from, to) = (state.started_at, state.ended_at);
                let note = state.note.clone().filter(|_| state.ended_at.is_some());
                let attempt = (state.attempt > 1).then(|| format!(" · {}", words.attempt_of(state.attempt)));
                match note {
                    Some(note) => view! { {note} {attempt} }.into_any(),
                    None => view! { <Elapsed from=from to=to/> {attempt} }.into_any(),
                }
            }
            _ => view! { {subtitle.clone()} }.into_any(),
        })
    };
    let glyph = move || {
        state.with(|state| {
            state.as_ref().map(|state| {
                let look = state.look;
                view! {
                    <span class="node__state" title=look.word(words)>
                        <Svg icon=look.icon()/>
                        <span class="sr">{look.word(words)}</span>
                    </span>
                }
            })
        })
    };
    let times = move || {
        state.with(|state| {
            state.as_ref().filter(|state| state.runs > 1).map(|state| {
                view! { <span class="node__times">{format!("×{}", state.runs)}</span> }
            })
        })
    };
    view! {
        {node.enters.then(|| view! { <span class="port port--in port--on"></span> })}
        <div class="node__body">
            <span class="node__tile"><Svg icon=node.kind().icon/></span>
            <div class="node__text">
                <p class="node__title" title=node.title.clone()>{node.title.clone()}</p>
                <p class="node__sub">{sub}</p>
            </div>
            {glyph}
        </div>
        {times}
        {(!outs.is_empty()).then(|| view! {
            <div class="node__outs">
                {outs.iter().map(|out| view! {
                    <div class=if out.error { "node__out node__out--error" } else { "node__out" } title=out.label.clone()>
                        <span class="truncate">{out.label.clone()}</span>
                        <span class="port port--out port--on"></span>
                    </div>
                }).collect_view()}
            </div>
        })}
        {node.leaves.then(|| view! { <span class="port port--out port--on"></span> })}
    }
}
