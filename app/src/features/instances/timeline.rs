//! The timeline: one row per node instance that began, running solid, waiting hatched, with a line at now.

use super::shown::Shown;
use super::span::Span;
use crate::format::duration;
use crate::graph::look_of;
use crate::i18n::use_words;
use crate::status::Look;
use crate::ui::{Elapsed, StateGlyph, clock};
use heddle_api::view::NodeView;
use leptos::prelude::*;

/// The chart.
#[component]
pub fn Timeline(shown: Shown, selected: RwSignal<Option<String>>) -> impl IntoView {
    let (words, clock) = (use_words(), clock());
    let open = Memo::new(move |_| shown.instance.with(|instance| instance.ended_at.is_none()));
    // The axis moves with the clock only while something runs.
    let now = Memo::new(move |_| if open.get() { clock.now.get() } else { 0 });
    let span = Memo::new(move |_| shown.instance.with(|instance| Span::of(instance, now.get())));
    let rows = move || {
        shown.instance.with(|instance| {
            let mut rows: Vec<(NodeView, Look)> = instance
                .nodes
                .iter()
                .filter(|node| node.started_at.is_some())
                .map(|node| (node.clone(), look_of(node, instance)))
                .collect();
            rows.sort_by_key(|(node, _)| node.started_at);
            rows
        })
    };
    let ticks = move || {
        span.get().ticks().into_iter().map(|(percent, offset)| view! {
        <span class="gantt__tick" style=format!("--s: {percent:.2}")>{if offset == 0 { "0".to_owned() } else { duration(offset, words.0) }}</span>
    }).collect_view()
    };
    view! {
        <div class="timeline__head">
            <h2 class="strong">{words.timeline()}</h2>
            <span class="grow"></span>
            <span class="legend hide-small">
                <span><i style="--c: var(--completed-solid)"></i>{words.running_time()}</span>
                <span><i class="legend__wait"></i>{words.waiting_time()}</span>
            </span>
        </div>
        <div class="gantt">
            <div class="gantt__guides" aria-hidden="true">
                {move || open.get().then(|| view! { <i class="gantt__now" style=move || format!("--s: {:.2}", span.get().percent(now.get()))></i> })}
            </div>
            <div class="gantt__row gantt__axis" aria-hidden="true">
                <div class="gantt__name caption">{words.node()}</div>
                <div class="gantt__track">
                    {ticks}
                    {move || open.get().then(|| view! { <span class="gantt__now-label" style=move || format!("--s: {:.2}", span.get().percent(now.get()))>{words.now()}</span> })}
                </div>
                <span class="gantt__time">{words.duration()}</span>
            </div>
            <ul aria-label=words.timeline()>
                <For each=rows key=|(node, look)| (node.id, node.node_id.clone(), *look, node.started_at, node.ended_at, node.attempt) let:row>
                    <Bar node=row.0 look=row.1 span=span now=now selected=selected/>
                </For>
            </ul>
        </div>
    }
}

#[component]
fn Bar(
    node: NodeView,
    look: Look,
    span: Memo<Span>,
    now: Memo<i64>,
    selected: RwSignal<Option<String>>,
) -> impl IntoView {
    let words = use_words();
    let id = StoredValue::new(node.node_id.clone());
    let style = {
        let node = node.clone();
        move || span.get().bar(&node, now.get()).map(|(start, end)| format!("--s: {start:.2}; --e: {end:.2}"))
    };
    let class = if look.is_waiting() { "bar bar--wait" } else { "bar" };
    let is_selected = move || selected.with(|selected| id.with_value(|id| selected.as_deref() == Some(id)));
    let round = node.iteration.filter(|round| *round > 0).map(|round| format!(" #{}", round + 1));
    view! {
        <li>
            <button class="gantt__row gantt__button" type="button" aria-pressed=move || is_selected().to_string() on:click=move |_| selected.set(Some(id.get_value()))>
                <span class="gantt__name"><StateGlyph look=look/><span>{node.name.clone()}{round}</span></span>
                <span class="gantt__track"><i class=class data-state=look.family() style=style></i></span>
                <span class="gantt__time">
                    <Elapsed from=node.started_at to=node.ended_at/>
                    {(node.attempt > 1).then(|| view! { <span class="sr">{words.attempt_of(node.attempt)}</span> })}
                </span>
            </button>
        </li>
    }
}
