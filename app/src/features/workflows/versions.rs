//! The versions of a workflow, newest first; one click shows an older one, read-only.

use super::calls::list_versions;
use crate::i18n::use_words;
use crate::ui::{Avatar, ErrorState, Skeleton, When};
use heddle_api::params;
use heddle_model::ids::WorkflowId;
use leptos::prelude::*;

/// The list.
#[component]
pub fn Versions(
    /// Which workflow.
    id: WorkflowId,
    /// The version being shown.
    shown: u32,
) -> impl IntoView {
    let words = use_words();
    let page = Resource::new(
        move || (id, shown),
        move |(id, _)| list_versions(params::ListVersions { id, limit: Some(100), cursor: None }),
    );
    view! {
        <div class="versions scroll">
            <Transition fallback=|| view! { <Skeleton rows=4/> }>
                {move || page.get().map(|result| match result {
                    Err(failure) => view! { <ErrorState failure=failure retry=Callback::new(move |()| page.refetch())/> }.into_any(),
                    Ok(page) => page.items.into_iter().enumerate().map(|(at, version)| {
                        let href = if at == 0 { format!("/workflows/{id}?tab=versions") } else { format!("/workflows/{id}?tab=versions&version={}", version.number) };
                        let label = version.label.as_ref().map(|label| label.as_str().map_or_else(|| label.to_string(), str::to_owned));
                        view! {
                            <a class="version" href=href aria-current=(version.number == shown).then_some("true")>
                                <span class=if at == 0 { "version__dot version__dot--published" } else { "version__dot" }></span>
                                <span class="version__name">
                                    {words.version_of(version.number.into())}
                                    {(at == 0).then(|| view! { <span class="tag tag--accent">{words.current_version()}</span> })}
                                    {label.map(|label| view! { <span class="hint">{label}</span> })}
                                </span>
                                <span class="version__meta"><When at=version.created_at/></span>
                                <span class="version__side">{version.created_by.map(|name| view! { <Avatar name=name class="avatar--s"/> })}</span>
                            </a>
                        }
                    }).collect_view().into_any(),
                })}
            </Transition>
        </div>
    }
}
