//! The instance's header: what it is, how it stands, what can be done; and the bar that tells of open incidents.

use super::actions::Ask;
use super::shown::Shown;
use crate::context::may;
use crate::format::short_id;
use crate::i18n::use_words;
use crate::status::Look;
use crate::ui::{CopyButton, Elapsed, Icon, StatePill, Svg, When};
use heddle_api::Permission;
use heddle_api::params::ActionName;
use heddle_api::view::InstanceStatus;
use leptos::prelude::*;

/// The header.
#[component]
pub fn Header(shown: Shown, name: String, ask: RwSignal<Option<Ask>>) -> impl IntoView {
    let words = use_words();
    let look = Signal::derive(move || {
        shown.instance.with(|i| Look::of_instance(i.status.as_str(), Some(i.phase.as_str()), i.incidents.len() as u64))
    });
    let status = Memo::new(move |_| shown.instance.with(|instance| instance.status));
    let fixed = shown.instance.with_untracked(|instance| {
        (
            instance.id.to_string(),
            instance.workflow.clone(),
            instance.version,
            instance.workflow_id.to_string(),
            instance.priority,
            instance.created_at,
        )
    });
    let (id, workflow, version, workflow_id, priority, created) = fixed;
    let from =
        Signal::derive(move || shown.instance.with(|instance| instance.started_at.or(Some(instance.created_at))));
    let to = Signal::derive(move || shown.instance.with(|instance| instance.ended_at));
    let again = format!("/workflows/{workflow_id}/run");
    view! {
        <header class="ihead">
            <div class="grow">
                <div class="row row--wide">
                    <h1 class="page__title truncate">{name}</h1>
                    <span role="status"><StatePill look=look large=true/></span>
                </div>
                <p class="ihead__meta">
                    <a href=format!("/workflows/{workflow_id}?version={version}")>{workflow} " " {words.version_of(version.into())}</a>
                    <span class="row row--tight"><span class="mono">{short_id(&id)}</span><CopyButton text=id label=words.copy_id()/></span>
                    <span><When at=created exact=true/></span>
                    <span><Elapsed from=from to=to/></span>
                    <span>{words.priority_is(priority)}</span>
                </p>
            </div>
            {move || buttons(status.get()).into_iter().map(|action| view! { <ActionButton action=action ask=ask/> }).collect_view()}
            {may(Permission::WorkflowRun).then(|| view! {
                <a class="btn" href=again hidden=move || !status.get().is_final()><Svg icon=Icon::Play class="icon--s"/>{words.run_again()}</a>
            })}
        </header>
    }
}

/// What can be done to a whole instance in a status.
fn buttons(status: InstanceStatus) -> Vec<ActionName> {
    match status {
        InstanceStatus::Created | InstanceStatus::Running => vec![ActionName::Pause, ActionName::Terminate],
        InstanceStatus::Paused => vec![ActionName::Resume, ActionName::Terminate],
        InstanceStatus::Failed => vec![ActionName::Retry],
        InstanceStatus::Completed | InstanceStatus::Terminated => Vec::new(),
    }
}

/// A button that asks before it acts; who may not sees why.
#[component]
pub fn ActionButton(
    /// What it does.
    action: ActionName,
    /// Id and name of the node it is about; the whole instance where absent.
    #[prop(optional)]
    node: Option<(String, String)>,
    /// Where the question goes.
    ask: RwSignal<Option<Ask>>,
    /// The one primary button of its region.
    #[prop(optional)]
    primary: bool,
) -> impl IntoView {
    let words = use_words();
    let permission =
        if action == ActionName::Terminate { Permission::InstanceTerminate } else { Permission::InstanceOperate };
    let allowed = may(permission);
    let (icon, text) = match action {
        ActionName::Pause => (Some(Icon::CirclePause), words.pause()),
        ActionName::Resume => (Some(Icon::CirclePlay), words.resume()),
        ActionName::Terminate => (None, words.terminate_dots()),
        ActionName::Retry => (Some(Icon::RotateCw), words.retry_node()),
        ActionName::Skip => (None, words.skip_dots()),
        ActionName::Complete => (None, words.complete_dots()),
        // Programs only, so far: no button offers these.
        ActionName::Compensate | ActionName::Modify | ActionName::Rollback | ActionName::Migrate => {
            (None, action.as_str())
        }
    };
    let class = match action {
        ActionName::Terminate => "btn btn--danger-quiet",
        _ if primary => "btn btn--primary",
        _ => "btn",
    };
    let click = move |_| {
        if allowed {
            ask.set(Some(Ask { action, node: node.clone() }));
        }
    };
    view! {
        <button class=class type="button" aria-disabled=(!allowed).then_some("true") on:click=click
            title=(!allowed).then(|| words.forbidden_text(permission.as_str()))>
            {icon.map(|icon| view! { <Svg icon=icon class="icon--s"/> })}
            {text}
        </button>
    }
}

/// One line for the open incidents; it never covers the graph.
#[component]
pub fn IncidentBar(shown: Shown, selected: RwSignal<Option<String>>, ask: RwSignal<Option<Ask>>) -> impl IntoView {
    let words = use_words();
    move || {
        shown.instance.with(|instance| {
        let first = instance.incidents.first()?;
        let node_id = first.node_id.clone();
        let node_name = node_id.as_ref().map(|id| instance.nodes.iter().find(|node| node.node_id == *id).map_or(id.clone(), |node| node.name.clone()));
        let text = match &node_name {
            Some(node) => words.incident_at(&first.message, node),
            None => first.message.clone(),
        };
        let node = node_id.clone().zip(node_name);
        let show = move |_| selected.set(node_id.clone());
        Some(view! {
            <div class="banner banner--bar" data-state="incident" role="status">
                <Svg icon=Icon::OctagonAlert/>
                <span class="truncate grow"><b class="strong">{words.incidents_count(instance.incidents.len() as u64)}</b> " · " {text}</span>
                {node.map(|node| view! { <ActionButton action=ActionName::Retry node=node ask=ask/> })}
                <button class="btn btn--s" type="button" on:click=show>{words.details()}</button>
            </div>
        })
    })
    }
}
