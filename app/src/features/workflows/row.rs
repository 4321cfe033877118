//! One row of the list of workflows.

use crate::context::may;
use crate::i18n::{group, use_words};
use crate::ui::{Avatar, Icon, Svg, When};
use heddle_api::Permission;
use heddle_api::view::{StatusCounts, WorkflowSummary};
use leptos::prelude::*;

/// The row.
#[component]
pub fn Row(workflow: WorkflowSummary) -> impl IntoView {
    let words = use_words();
    let href = format!("/workflows/{}", workflow.id);
    let run = format!("{href}/run");
    let instances = format!("/instances?workflow={}", workflow.id);
    let counts = workflow.counts;
    view! {
        <tr>
            <td>
                <a class="table__name" href=href>{workflow.name.clone()}</a>
                {workflow.tags.iter().take(3).map(|tag| view! { " " <span class="tag hide-small">{tag.clone()}</span> }).collect_view()}
            </td>
            <td>
                <span class="pill pill--plain"><i class="pill__dot"></i>{words.published()}</span>
            </td>
            <td class="num">{words.version_of(workflow.version.into())}</td>
            <td class="hide-small"><Outcome counts=counts/></td>
            <td class="num num--end hide-small">
                {if counts.running + counts.paused > 0 {
                    view! { <a href=format!("{instances}&status=RUNNING,PAUSED")>{group(counts.running + counts.paused)}</a> }.into_any()
                } else {
                    view! { <span class="hint">"0"</span> }.into_any()
                }}
            </td>
            <td class="num num--end hide-small">
                {if counts.incidents > 0 {
                    view! { <a class="count" data-state="incident" href=format!("{instances}&incident=true")>{group(counts.incidents)}</a> }.into_any()
                } else {
                    view! { <span class="hint">"0"</span> }.into_any()
                }}
            </td>
            <td class="hide-small">
                <span class="row row--tight">
                    {workflow.updated_by.clone().map(|name| view! { <Avatar name=name class="avatar--s"/> })}
                    <span class="caption muted"><When at=workflow.updated_at/></span>
                </span>
            </td>
            <td class="table__actions">
                {may(Permission::WorkflowRun).then(|| view! {
                    <a class="btn btn--c" href=run aria-label=format!("{} {}", words.run(), workflow.name)>
                        <Svg icon=Icon::Play class="icon--s"/>
                        <span class="btn__text">{words.run()}</span>
                    </a>
                })}
            </td>
        </tr>
    }
}

/// How the instances of a workflow ended, as one bar: completed solid, failed hatched, the rest plain.
#[component]
fn Outcome(counts: StatusCounts) -> impl IntoView {
    let words = use_words();
    let open = counts.created + counts.running + counts.paused;
    let total = open + counts.completed + counts.failed + counts.terminated;
    if total == 0 {
        return view! { <span class="hint">"—"</span> }.into_any();
    }
    let part = |count: u64| format!("--v: {:.2}", count as f64 * 100.0 / total as f64);
    let label = format!(
        "{} {}, {} {}, {} {}",
        words.st_completed(),
        group(counts.completed),
        words.st_failed(),
        group(counts.failed),
        words.st_running(),
        group(open)
    );
    view! {
        <span class="outcome" role="img" aria-label=label.clone() title=label>
            <span class="outcome__bar" aria-hidden="true">
                <i data-state="completed" style=part(counts.completed)></i>
                <i data-state="running" style=part(open)></i>
                <i class="outcome__bad" data-state="failed" style=part(counts.failed)></i>
                <i style=part(counts.terminated)></i>
            </span>
            <span class="num" aria-hidden="true">{group(total)}</span>
        </span>
    }
    .into_any()
}
