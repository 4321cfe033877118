//! Log lines that tasks of the instance wrote, oldest first; read again when events arrive.

use super::calls::list_logs;
use super::shown::Shown;
use crate::i18n::use_words;
use crate::ui::{EmptyState, ErrorState, Icon, Skeleton, When};
use heddle_api::params::ListLogs;
use leptos::prelude::*;

/// Colour family of a level.
fn family(level: &str) -> &'static str {
    match level {
        "error" => "failed",
        "warn" => "waiting",
        "debug" => "pending",
        _ => "paused",
    }
}

/// The lines.
#[component]
pub fn Logs(shown: Shown) -> impl IntoView {
    let words = use_words();
    let id = shown.instance.with_untracked(|instance| instance.id);
    // Instance readings come at most every 300 ms, so this reads no oftener.
    let seq = Memo::new(move |_| shown.instance.with(|instance| instance.seq));
    let lines = Resource::new(
        move || seq.get(),
        move |_| list_logs(ListLogs { id, level: None, node: None, q: None, limit: Some(200), cursor: None }),
    );
    view! {
        <div class="instance__fill scroll" tabindex="0" role="log" aria-label=words.logs()>
            <Transition fallback=|| view! { <Skeleton/> }>
                {move || lines.get().map(|result| match result {
                    Err(failure) => view! { <ErrorState failure=failure retry=Callback::new(move |()| lines.refetch())/> }.into_any(),
                    Ok(page) if page.items.is_empty() => view! { <EmptyState icon=Icon::ScrollText title=words.logs() text=words.no_logs()/> }.into_any(),
                    Ok(page) => view! {
                        <table class="table table--dense">
                            <thead><tr>
                                <th scope="col">{words.time()}</th>
                                <th scope="col">{words.level()}</th>
                                <th scope="col">{words.node()}</th>
                                <th scope="col" class="table__wide">{words.message()}</th>
                            </tr></thead>
                            <tbody>{page.items.into_iter().map(|line| view! {
                                <tr>
                                    <td><When at=line.at exact=true/></td>
                                    <td><span class="tag" data-state=family(&line.level)>{line.level.clone()}</span></td>
                                    <td class="muted">{line.node_id.clone()}</td>
                                    <td class="mono log__text">{line.message.clone()}</td>
                                </tr>
                            }).collect_view()}</tbody>
                        </table>
                    }.into_any(),
                })}
            </Transition>
        </div>
    }
}
