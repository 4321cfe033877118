//! The live list of instances: filters in the address, rows that change in place, new rows behind a pill unless one is at the top.

use super::calls::list_instances;
use super::filter::Filter;
use crate::features::message::Guard;
use crate::format::short_id;
use crate::frame::{PageTitle, TopBar};
use crate::i18n::use_words;
use crate::live::{fold, use_feed};
use crate::status::Look;
use crate::ui::{Elapsed, EmptyState, ErrorState, Icon, Skeleton, StatePill, Svg, When};
use heddle_api::feed::{ServerFrame, Topic};
use heddle_api::view::{InstanceStatus, InstanceSummary};
use heddle_api::{Page, Permission};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;

/// The page.
#[component]
pub fn ListPage() -> impl IntoView {
    view! { <Guard permission=Permission::InstanceView><List/></Guard> }
}

#[component]
fn List() -> impl IntoView {
    let words = use_words();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(|query| Filter::read(|key| query.get(key))));
    let page = Resource::new(move || filter.get(), |filter| list_instances(filter.params()));
    let note = RwSignal::new(String::new());
    view! {
        <Title text=words.page_title(words.instances())/>
        <TopBar lead=view! { <PageTitle title=words.instances() note=note/> } live=true/>
        <main class="app__main" id="main">
            <div class="instances">
                <Filters filter=filter/>
                <section class="card" aria-label=words.instances()>
                    <Transition fallback=|| view! { <Skeleton/> }>
                        {move || page.get().map(|result| match result {
                            Ok(page_now) => view! { <Rows page=page_now filter=filter.get() note=note reread=Callback::new(move |()| page.refetch())/> }.into_any(),
                            Err(failure) => view! { <ErrorState failure=failure retry=Callback::new(move |()| page.refetch())/> }.into_any(),
                        })}
                    </Transition>
                </section>
            </div>
        </main>
    }
}

#[component]
fn Filters(filter: Memo<Filter>) -> impl IntoView {
    let words = use_words();
    view! {
        <Form method="GET" action="/instances" attr:class="row row--wrap" attr:role="search">
            <label class="with-icon listing__search">
                <Svg icon=Icon::Search/>
                <span class="sr">{words.search_instances()}</span>
                <input class="input input--c" type="search" name="q" prop:value=move || filter.get().q value=filter.get_untracked().q placeholder=words.search_instances_hint()/>
                <kbd aria-hidden="true">"/"</kbd>
            </label>
            {move || {
                let now = filter.get();
                view! {
                    {(!now.status.is_empty()).then(|| view! { <input type="hidden" name="status" value=now.status.clone()/> })}
                    {(!now.workflow.is_empty()).then(|| view! { <input type="hidden" name="workflow" value=now.workflow.clone()/> })}
                    {now.incident.then(|| view! { <input type="hidden" name="incident" value="true"/> })}
                    <StatusMenu filter=now.clone()/>
                    <a class=if now.incident { "chip chip--on" } else { "chip" } href=now.with(|filter| filter.incident = !filter.incident).address()
                        aria-current=now.incident.then_some("true")>
                        <Svg icon=Icon::OctagonAlert class="icon--s"/>
                        {words.only_attention()}
                    </a>
                    {(!now.workflow.is_empty()).then(|| view! {
                        <span class="chip chip--on">
                            {words.workflow()}
                            <b>{short_id(&now.workflow)}</b>
                            <a class="chip__x" href=now.with(|filter| filter.workflow.clear()).address() aria-label=words.clear()><Svg icon=Icon::X/></a>
                        </span>
                    })}
                    <span class="grow"></span>
                    {now.is_active().then(|| view! { <a class="btn btn--ghost btn--c" href="/instances">{words.clear_filters()}</a> })}
                }
            }}
        </Form>
    }
}

/// The statuses, each a link that takes it in or out.
#[component]
fn StatusMenu(filter: Filter) -> impl IntoView {
    let words = use_words();
    let chosen: Vec<&str> = InstanceStatus::ALL
        .iter()
        .filter(|status| filter.has_status(**status))
        .map(|status| look(*status).word(words))
        .collect();
    let summary = if chosen.is_empty() { words.any().to_owned() } else { chosen.join(", ") };
    view! {
        <details class="filter-menu">
            <summary class=if chosen.is_empty() { "chip" } else { "chip chip--on" }>
                {words.state()} <b>{summary}</b>
                <Svg icon=Icon::ChevronDown class="icon--s"/>
            </summary>
            <div class="menu">
                {InstanceStatus::ALL.iter().map(|status| {
                    let on = filter.has_status(*status);
                    view! {
                        <a class="menu__item" href=filter.toggled(*status).address() aria-current=on.then_some("true")>
                            <span class="row" data-state=look(*status).family()><Svg icon=look(*status).icon() class="icon--state icon--s"/></span>
                            {look(*status).word(words)}
                            {on.then(|| view! { <span class="menu__end"><Svg icon=Icon::Check class="icon--s"/></span> })}
                        </a>
                    }
                }).collect_view()}
            </div>
        </details>
    }
}

fn look(status: InstanceStatus) -> Look {
    Look::of_instance(status.as_str(), None, 0)
}

#[component]
fn Rows(page: Page<InstanceSummary>, filter: Filter, note: RwSignal<String>, reread: Callback<()>) -> impl IntoView {
    let words = use_words();
    let first_page = filter.cursor.is_empty();
    let next = page.next_cursor.clone().map(|cursor| Filter { cursor, ..filter.clone() }.address());
    let more = next.is_some();
    let rows = RwSignal::new(page.items);
    let held = RwSignal::new(Vec::<InstanceSummary>::new());
    let frame: NodeRef<leptos::html::Div> = NodeRef::new();
    let at_top = move || first_page && frame.get_untracked().is_none_or(|frame| frame.scroll_top() < 8);
    Effect::new(move |_| {
        let count = rows.with(Vec::len);
        let text = words.instances_count(count as u64);
        note.set(if more { format!("{text}+") } else { text });
    });
    follow(&filter, Followed { rows, held, first: first_page }, at_top, reread);
    let release = move |_| {
        rows.update(|rows| held.update(|held| fold::release(rows, held)));
        if let Some(frame) = frame.get_untracked() {
            frame.set_scroll_top(0);
        }
    };
    let filtered = filter.is_active();
    let start = Filter { cursor: String::new(), ..filter }.address();
    view! {
        <div class="table-scroll scroll" tabindex="0" role="group" aria-label=words.instances() node_ref=frame>
            <Show when=move || rows.with(Vec::is_empty)>
                {if filtered {
                    view! { <EmptyState icon=Icon::Filter title=words.no_instance_matches()><a class="btn" href="/instances">{words.clear_filters()}</a></EmptyState> }.into_any()
                } else {
                    view! {
                        <EmptyState icon=Icon::ListChecks title=words.no_instances_title() text=words.no_instances_text()>
                            <a class="btn btn--primary" href="/workflows">{words.go_start_one()}</a>
                        </EmptyState>
                    }.into_any()
                }}
            </Show>
            <table class="table" hidden=move || rows.with(Vec::is_empty)>
                <thead>
                    <tr>
                        <th scope="col">{words.state()}</th>
                        <th scope="col">{words.workflow()}</th>
                        <th scope="col">{words.business_key()}</th>
                        <th scope="col" class="hide-small">{words.id()}</th>
                        <th scope="col" class="hide-small">{words.started()}</th>
                        <th scope="col" class="num--end">{words.duration()}</th>
                        <th scope="col" class="num--end hide-small">{words.incidents_column()}</th>
                        <th scope="col" class="num--end hide-small">{words.priority()}</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || rows.get() key=|row| (row.id, row.seq) let:row><Row row=row/></For>
                </tbody>
            </table>
        </div>
        <div class="pager num">
            <span>{move || words.instances_count(rows.with(Vec::len) as u64)}</span>
            <span class="grow"></span>
            {move || held.with(|held| (!held.is_empty()).then_some(held.len())).map(|count| view! {
                <button class="newpill" type="button" on:click=release>
                    <Svg icon=Icon::ArrowUp class="icon--s"/>
                    {words.new_count(count as u64)}
                </button>
            })}
            <span class="grow"></span>
            {(!first_page).then(|| view! { <a class="btn btn--ghost btn--s" href=start>{words.first_page()}</a> })}
            {next.map(|href| view! {
                <a class="btn btn--ghost btn--icon btn--s" href=href aria-label=words.next_page() title=words.next_page()><Svg icon=Icon::ChevronRight class="icon--s"/></a>
            })}
        </div>
    }
}

/// What the list shows.
#[derive(Clone, Copy)]
struct Followed {
    rows: RwSignal<Vec<InstanceSummary>>,
    /// Rows that came while the reader was further down.
    held: RwSignal<Vec<InstanceSummary>>,
    /// New rows belong to the first page only.
    first: bool,
}

/// Folds the feed's rows into the page.
fn follow(filter: &Filter, page: Followed, at_top: impl Fn() -> bool + Copy + 'static, reread: Callback<()>) {
    let Followed { rows, held, first: first_page } = page;
    let topic = Topic::Instances(filter.query()).to_string();
    use_feed().follow(topic, move |frame| match frame {
        ServerFrame::Row { instance, .. } => {
            let known = rows.with_untracked(|rows| rows.iter().any(|row| row.id == instance.id));
            if known || first_page {
                rows.update(|rows| {
                    held.update(|held| {
                        fold::row(rows, held, instance, at_top());
                    })
                });
            }
        }
        ServerFrame::Resync { .. } => reread.run(()),
        _ => {}
    });
}

#[component]
fn Row(row: InstanceSummary) -> impl IntoView {
    let words = use_words();
    let href = format!("/instances/{}", row.id);
    let look = Look::of_instance(row.status.as_str(), Some(row.phase.as_str()), row.incidents.into());
    let id = row.id.to_string();
    let key = match row.business_key.clone() {
        Some(key) => view! { <a class="table__name" href=href.clone()>{key}</a> }.into_any(),
        None => view! { <span class="hint hide-small">"—"</span> <a class="mono only-small" href=href.clone()>{short_id(&id)}</a> }.into_any(),
    };
    let from = row.started_at.or(Some(row.created_at));
    view! {
        <tr>
            <td><StatePill look=look/></td>
            <td>
                <a class="table__name" href=format!("/workflows/{}", row.workflow_id)>{row.workflow.clone()}</a>
                " " <span class="hint num">{words.version_of(row.version.into())}</span>
            </td>
            <td>{key}</td>
            <td class="hide-small"><a class="mono" href=href title=id.clone()>{short_id(&id)}</a></td>
            <td class="hide-small"><When at=row.created_at exact=true/></td>
            <td class="num num--end"><Elapsed from=from to=row.ended_at/></td>
            <td class="num num--end hide-small">
                {if row.incidents > 0 {
                    view! { <span class="count" data-state="incident">{row.incidents}</span> }.into_any()
                } else {
                    view! { <span class="hint">"0"</span> }.into_any()
                }}
            </td>
            <td class="num num--end hide-small">{row.priority}</td>
        </tr>
    }
}
