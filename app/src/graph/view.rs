//! A graph on its canvas, to look at and to walk through (`canvas`). Cards are elements, edges one SVG.

use super::canvas::Canvas;
use super::model::{Graph, GraphNode};
use super::states::{NodeState, edge_class};
use super::viewport;
use crate::i18n::use_words;
use crate::ui::{Elapsed, Icon, Svg};
use heddle_diagram::{Shape, Size};
use leptos::html;
use leptos::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

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
    /// The size of its frame on a screen of 1440 × 900: what the server draws for, so that little moves when the page becomes live.
    #[prop(default = Size::new(820.0, 460.0))]
    guess: Size,
    /// What stands over the canvas, such as a note that it is stale.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let words = use_words();
    let frame: NodeRef<html::Section> = NodeRef::new();
    let canvas = Canvas::new(graph, selected, frame, guess);
    // Ids of the document are numbers: a node's own id may hold anything.
    let active = move || {
        selected
            .with(|id| id.as_deref().and_then(|id| graph.with(|graph| graph.index_of(id))))
            .map(|at| format!("node-{at}"))
    };
    view! {
        <section class="canvas" node_ref=frame style=move || viewport::style(canvas.camera.get()) aria-label=label.clone()
            on:pointerdown=move |event| canvas.grab(&event) on:pointermove=move |event| canvas.drag(&event)
            on:pointerup=move |_| canvas.let_go() on:pointerleave=move |_| canvas.let_go() on:wheel=move |event| canvas.wheel(&event)>
            <div class="canvas__focus" role="listbox" tabindex="0" aria-label=words.nodes() aria-describedby="graph-help" aria-activedescendant=active on:keydown=move |event| canvas.key(&event)>
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
            <ZoomBar canvas=canvas/>
        </section>
    }
}

/// Zoom, at the foot of the canvas.
#[component]
fn ZoomBar(canvas: Canvas) -> impl IntoView {
    let words = use_words();
    view! {
        <div class="canvas__bar canvas__bar--end">
            <button class="btn btn--ghost btn--icon" type="button" aria-label=words.zoom_out() title=words.zoom_out() on:click=move |_| canvas.step(false)>
                <Svg icon=Icon::Minus/>
            </button>
            <span class="canvas__zoom" aria-live="off">{move || format!("{:.0} %", canvas.camera.get().zoom * 100.0)}</span>
            <button class="btn btn--ghost btn--icon" type="button" aria-label=words.zoom_in() title=words.zoom_in() on:click=move |_| canvas.step(true)>
                <Svg icon=Icon::Plus/>
            </button>
            <span class="canvas__bar-rule"></span>
            <button class="btn btn--ghost btn--icon" type="button" aria-label=words.zoom_fit() title=words.zoom_fit() on:click=move |_| canvas.fit_again()>
                <Svg icon=Icon::Maximize/>
            </button>
        </div>
    }
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
