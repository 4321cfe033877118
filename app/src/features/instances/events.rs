//! The journal: newest first; what arrives while one looks is put on top.

use super::calls::list_events;
use super::shown::Shown;
use crate::i18n::{group, use_words};
use crate::ui::{EmptyState, ErrorState, Icon, Skeleton, When};
use heddle_api::params::ListEvents;
use heddle_api::view::EventView;
use leptos::prelude::*;

/// Rows that are read at once: the newest, and one step further back per click.
const PAGE: u64 = 200;

/// The table.
#[component]
pub fn Events(shown: Shown, selected: RwSignal<Option<String>>) -> impl IntoView {
    let words = use_words();
    let (id, seq) = shown.instance.with_untracked(|instance| (instance.id, instance.seq));
    let from = RwSignal::new(seq.saturating_sub(PAGE));
    let read = Resource::new(
        move || from.get(),
        move |after| list_events(ListEvents { id, after: Some(after), limit: Some(PAGE) }),
    );
    let older = RwSignal::new(Vec::<EventView>::new());
    let all = move |page: Vec<EventView>| {
        let mut rows: Vec<EventView> =
            older.with(|older| older.iter().cloned().chain(page).chain(shown.events.get()).collect());
        rows.sort_by_key(|event| std::cmp::Reverse(event.seq));
        rows.dedup_by_key(|event| event.seq);
        rows
    };
    let more = move |_| {
        if let Some(Ok(page)) = read.get_untracked() {
            older.update(|older| older.extend(page.items));
        }
        from.update(|from| *from = from.saturating_sub(PAGE));
    };
    view! {
        <div class="instance__fill scroll" tabindex="0" role="region" aria-label=words.events()>
            <Transition fallback=|| view! { <Skeleton/> }>
                {move || read.get().map(|result| match result {
                    Err(failure) => view! { <ErrorState failure=failure retry=Callback::new(move |()| read.refetch())/> }.into_any(),
                    Ok(page) => {
                        let rows = all(page.items);
                        if rows.is_empty() {
                            return view! { <EmptyState icon=Icon::ScrollText title=words.no_events()/> }.into_any();
                        }
                        view! {
                            <table class="table events">
                                <thead><tr>
                                    <th scope="col" class="num--end">"#"</th>
                                    <th scope="col">{words.time()}</th>
                                    <th scope="col">{words.event()}</th>
                                    <th scope="col">{words.node()}</th>
                                    <th scope="col" class="hide-small">{words.details()}</th>
                                </tr></thead>
                                <tbody>{rows.into_iter().map(|event| view! { <Row event=event selected=selected/> }).collect_view()}</tbody>
                            </table>
                            {(from.get() > 0).then(|| view! {
                                <p class="pager"><button class="btn btn--c" type="button" on:click=more>{words.load_more()}</button></p>
                            })}
                        }.into_any()
                    }
                })}
            </Transition>
        </div>
    }
}

#[component]
fn Row(event: EventView, selected: RwSignal<Option<String>>) -> impl IntoView {
    let details = serde_json::to_string(&event.data).unwrap_or_default();
    let details = if event.data.is_empty() { String::new() } else { details };
    let node = event.node_id.clone().map(|id| {
        let target = id.clone();
        view! { <button class="link" type="button" on:click=move |_| selected.set(Some(target.clone()))>{id}</button> }
    });
    view! {
        <tr>
            <td class="num num--end hint">{group(event.seq)}</td>
            <td><When at=event.at exact=true/></td>
            <td><span class="mono">{event.event_type.clone()}</span></td>
            <td>{node}</td>
            <td class="hide-small events__data"><span class="mono muted truncate" title=details.clone()>{details.clone()}</span></td>
        </tr>
    }
}
