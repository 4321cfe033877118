//! What the selected node did: state, times, attempts, output, error, configuration, and what can be done about it.

use super::actions::Ask;
use super::header::ActionButton;
use super::shown::Shown;
use crate::graph::kind_of;
use crate::i18n::use_words;
use crate::status::Look;
use crate::ui::{Elapsed, EmptyState, Icon, JsonView, StatePill, Svg, When};
use heddle_api::params::ActionName;
use heddle_api::view::{InstanceView, NodeView};
use heddle_model::definition::NodeType;
use leptos::prelude::*;
use serde_json::Value;

/// The panel.
#[component]
pub fn Inspector(
    shown: Shown,
    selected: RwSignal<Option<String>>,
    definition: StoredValue<Value>,
    ask: RwSignal<Option<Ask>>,
) -> impl IntoView {
    let words = use_words();
    // Only what concerns the selected node: the panel is not drawn again for events of others.
    let node = Memo::new(move |_| {
        let id = selected.get()?;
        shown.instance.with(|instance| {
            let node = instance.nodes.iter().rfind(|node| node.node_id == id)?;
            Some((node.clone(), look(node, instance)))
        })
    });
    let config = move |id: &str| {
        definition.with_value(|definition| {
            definition
                .get("nodes")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .find(|node| node.get("id").and_then(Value::as_str) == Some(id))
                .cloned()
        })
    };
    view! {
        <aside class="panel panel--end" aria-label=words.inspector() data-closed=move || selected.with(Option::is_none).then_some("")>
            {move || match node.get() {
                Some((node, look)) => {
                    let config = config(&node.node_id);
                    view! { <NodePanel node=node look=look config=config ask=ask selected=selected/> }.into_any()
                }
                None if selected.with(Option::is_some) => view! {
                    <div class="panel__head"><span class="grow"></span><CloseButton selected=selected/></div>
                    <EmptyState icon=Icon::CircleDashed title=words.not_run()/>
                }.into_any(),
                None => view! { <Overview shown=shown/> }.into_any(),
            }}
        </aside>
    }
}

fn look(node: &NodeView, instance: &InstanceView) -> Look {
    crate::graph::look_of(node, instance)
}

#[component]
fn CloseButton(selected: RwSignal<Option<String>>) -> impl IntoView {
    let words = use_words();
    view! {
        <button class="btn btn--ghost btn--icon" type="button" aria-label=words.close() title=words.close() on:click=move |_| selected.set(None)>
            <Svg icon=Icon::X/>
        </button>
    }
}

/// Nothing is selected: the instance itself.
#[component]
fn Overview(shown: Shown) -> impl IntoView {
    let words = use_words();
    let percent = move || shown.instance.with(|instance| (instance.progress.clamp(0.0, 1.0) * 100.0).round() as u32);
    view! {
        <div class="panel__head"><h2 class="panel__title">{words.summary()}</h2></div>
        <div class="panel__body scroll scroll--y stack stack--wide" tabindex="0">
            <div class="stack stack--tight">
                <p class="caption muted">{move || words.progress_is(percent())}</p>
                <div class="progress" role="progressbar" aria-label=words.status() aria-valuemin="0" aria-valuemax="100" aria-valuenow=percent><i style=move || format!("--v: {}", percent())></i></div>
            </div>
            {move || shown.instance.with(|instance| {
                let error = instance.error.clone().map(|error| view! { <ErrorBlock class=error.class code=error.code message=error.message/> });
                let output = instance.output.clone().filter(|output| !output.is_null()).map(|output| view! {
                    <section class="stack"><h3 class="strong">{words.output()}</h3><JsonView value=output/></section>
                });
                view! { {error} {output} }
            })}
            <p class="hint">{words.nothing_selected()}</p>
        </div>
    }
}

#[component]
fn NodePanel(
    node: NodeView,
    look: Look,
    config: Option<Value>,
    ask: RwSignal<Option<Ask>>,
    selected: RwSignal<Option<String>>,
) -> impl IntoView {
    let words = use_words();
    let action = config.as_ref().and_then(|config| config.get("action")).and_then(Value::as_str).map(str::to_owned);
    let kind = kind_of(&NodeType::from(node.node_type.clone()), action.as_deref());
    let name = node.name.clone();
    let target = (node.id.map_or_else(|| node.node_id.clone(), |id| id.to_string()), name.clone());
    let kind_word =
        kind.word.map_or_else(|| action.unwrap_or_else(|| node.node_type.clone()), |word| word(words).to_owned());
    view! {
        <div class="panel__head">
            <span class="tile tile--l" data-cat=kind.category><Svg icon=kind.icon/></span>
            <div class="grow">
                <h2 class="panel__title truncate">{name}</h2>
                <p class="caption muted truncate">{kind_word} " · " <span class="mono">{node.node_id.clone()}</span></p>
            </div>
            <CloseButton selected=selected/>
        </div>
        <div class="panel__body panel__body--ruled scroll scroll--y stack stack--wide" tabindex="0">
            <div class="row row--wrap">
                <StatePill look=look/>
                {(node.attempt > 1).then(|| view! { <span class="caption muted">{words.attempt_of(node.attempt)}</span> })}
                {(look == Look::Job).then(|| view! { <span class="caption muted">{words.waiting_job()}</span> })}
            </div>
            {node.error.clone().map(|error| view! { <ErrorBlock class=error.class code=error.code message=error.message/> })}
            <Actions look=look target=target ask=ask/>
            <dl class="kv">
                {node.started_at.map(|at| view! { <dt>{words.started()}</dt><dd><When at=at exact=true/></dd> })}
                {node.ended_at.map(|at| view! { <dt>{words.ended()}</dt><dd><When at=at exact=true/></dd> })}
                {node.started_at.map(|_| view! { <dt>{words.duration()}</dt><dd><Elapsed from=node.started_at to=node.ended_at/></dd> })}
                {(node.attempt > 0).then(|| view! { <dt>{words.attempts()}</dt><dd class="num">{node.attempt}</dd> })}
                {node.iteration.filter(|round| *round > 0).map(|round| view! { <dt>{words.iteration()}</dt><dd class="num">{round + 1}</dd> })}
            </dl>
            {node.output.clone().filter(|output| !output.is_null()).map(|output| view! {
                <section class="stack"><h3 class="strong">{words.output()}</h3><JsonView value=output/></section>
            })}
            {config.as_ref().and_then(|config| config.get("config")).filter(|config| !config.is_null()).cloned().map(|config| view! {
                <section class="stack"><h3 class="strong">{words.config()}</h3><JsonView value=config/></section>
            })}
        </div>
    }
}

/// What can be done about a node in a state.
#[component]
fn Actions(look: Look, target: (String, String), ask: RwSignal<Option<Ask>>) -> impl IntoView {
    let actions: &[ActionName] = match look {
        Look::Failed | Look::TimedOut | Look::Incident => &[ActionName::Retry, ActionName::Skip, ActionName::Complete],
        Look::Running
        | Look::Job
        | Look::Timer
        | Look::Message
        | Look::Signal
        | Look::Human
        | Look::Retrying
        | Look::Queued => &[ActionName::Skip, ActionName::Complete],
        _ => &[],
    };
    (!actions.is_empty()).then(|| view! {
        <div class="row row--wrap">
            {actions.iter().map(|action| view! { <ActionButton action=*action node=target.clone() ask=ask primary=*action == ActionName::Retry/> }).collect_view()}
        </div>
    })
}

#[component]
fn ErrorBlock(class: String, code: String, message: String) -> impl IntoView {
    view! {
        <dl class="code code--block kv error-block">
            <dt class="tok-key">"class"</dt><dd>{class}</dd>
            <dt class="tok-key">"code"</dt><dd class="tok-str">{code}</dd>
            <dt class="tok-key">"message"</dt><dd>{message}</dd>
        </dl>
    }
}
