//! The list of workflows, with search by name and tag; "nothing yet" and "no match" are different states.

use super::calls::list_workflows;
use super::row::Row;
use super::starts::Starts;
use crate::context::may;
use crate::features::message::Guard;
use crate::frame::{PageTitle, TopBar};
use crate::i18n::use_words;
use crate::ui::{EmptyArt, EmptyState, ErrorState, Icon, Skeleton, Svg};
use heddle_api::view::WorkflowSummary;
use heddle_api::{Page, Permission, params};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::{Form, Redirect};
use leptos_router::hooks::use_query_map;

/// The beginning of everything: the list of workflows.
#[component]
pub fn HomePage() -> impl IntoView {
    view! { <Redirect path="/workflows"/> }
}

/// The page.
#[component]
pub fn ListPage() -> impl IntoView {
    view! { <Guard permission=Permission::WorkflowView><List/></Guard> }
}

#[component]
fn List() -> impl IntoView {
    let words = use_words();
    let query = use_query_map();
    let read = move |key: &'static str| query.with(|query| query.get(key)).unwrap_or_default();
    let search = Memo::new(move |_| (read("q"), read("tag"), read("cursor")));
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let page = Resource::new(
        move || search.get(),
        move |(q, tag, cursor)| {
            list_workflows(params::ListWorkflows {
                q: some(q),
                tag: some(tag),
                cursor: some(cursor),
                sort: Some("-updated_at".to_owned()),
                ..Default::default()
            })
        },
    );
    // Filled in once the page is alive: a resource is read only where its absence is provided for.
    let note = RwSignal::new(String::new());
    Effect::new(move |_| {
        if let Some(Ok(page)) = page.get() {
            let count = page.items.len() as u64;
            let text = if count == 0 { words.none_yet().to_owned() } else { words.workflows_count(count) };
            note.set(if page.next_cursor.is_some() { format!("{text}+") } else { text });
        }
    });
    view! {
        <Title text=words.page_title(words.workflows())/>
        <TopBar lead=view! { <PageTitle title=words.workflows() note=note/> }>
            <NewButtons/>
        </TopBar>
        <main class="app__main" id="main">
            <Transition fallback=|| view! { <Skeleton/> }>
                {move || page.get().map(|result| match result {
                    Err(failure) => view! { <ErrorState failure=failure retry=Callback::new(move |()| page.refetch())/> }.into_any(),
                    Ok(page) => view! { <Listing page=page search=search.get()/> }.into_any(),
                })}
            </Transition>
        </main>
    }
}

#[component]
fn NewButtons() -> impl IntoView {
    let words = use_words();
    may(Permission::WorkflowCreate).then(|| {
        view! {
            <a class="btn btn--c" href="/workflows/new?import=1" aria-label=words.import()>
                <Svg icon=Icon::Upload class="icon--s"/>
                <span class="btn__text">{words.import()}</span>
            </a>
            <a class="btn btn--c btn--primary" href="/workflows/new" aria-label=words.new_workflow()>
                <Svg icon=Icon::Plus class="icon--s"/>
                <span class="btn__text">{words.new_workflow()}</span>
            </a>
        }
    })
}

/// The ways to fewer workflows. `total` is told where nothing is filtered.
#[component]
fn Tags(tags: Vec<String>, tag: String, total: Option<usize>) -> impl IntoView {
    let words = use_words();
    view! {
        <aside class="panel panel--start" aria-label=words.tags()>
            <div class="panel__head"><h2 class="caption muted panel__label">{words.workflows()}</h2></div>
            <a class="tree__item tree__item--top" href="/workflows" aria-current=tag.is_empty().then_some("true")>
                <Svg icon=Icon::Layers/>
                <span class="truncate">{words.all_workflows()}</span>
                {total.map(|total| view! { <span class="count">{total}</span> })}
            </a>
            <a class="tree__item tree__item--top" href="/workflows/templates">
                <Svg icon=Icon::WandSparkles/>
                <span class="truncate">{words.examples()}</span>
                <span class="count">{crate::examples::EXAMPLES.len()}</span>
            </a>
            <div class="panel__head panel__head--next"><h2 class="caption muted panel__label">{words.tags()}</h2></div>
            <div class="row row--wrap panel__tags">
                {tags.into_iter().map(|name| {
                    let on = name == tag;
                    let href = if on { "/workflows".to_owned() } else { format!("/workflows?tag={}", crate::features::auth::encode(&name)) };
                    view! { <a class=if on { "chip chip--s chip--on" } else { "chip chip--s" } href=href aria-current=on.then_some("true")>{name}</a> }
                }).collect_view()}
            </div>
        </aside>
    }
}

/// Tags on the left, search and rows on the right.
#[component]
fn Listing(page: Page<WorkflowSummary>, search: (String, String, String)) -> impl IntoView {
    let words = use_words();
    let (q, tag, cursor) = search;
    let filtered = !q.is_empty() || !tag.is_empty() || !cursor.is_empty();
    let mut tags: Vec<String> = page
        .items
        .iter()
        .flat_map(|row| row.tags.iter().cloned())
        .chain((!tag.is_empty()).then(|| tag.clone()))
        .collect();
    tags.sort();
    tags.dedup();
    tags.truncate(40);
    let total = page.items.len();
    let (asked_q, asked_tag) = (q.clone(), tag.clone());
    view! {
        <div class="listing">
            <Tags tags=tags tag=tag.clone() total=(!filtered).then_some(total)/>
            <section class="panel" aria-label=words.workflows()>
                <Form method="GET" action="/workflows" attr:class="listing__bar" attr:role="search">
                    <label class="with-icon listing__search">
                        <Svg icon=Icon::Search/>
                        <span class="sr">{words.search_workflows()}</span>
                        <input class="input input--c" type="search" name="q" value=asked_q.clone() placeholder=words.search_workflows_hint()/>
                        <kbd aria-hidden="true">"/"</kbd>
                    </label>
                    {(!asked_tag.is_empty()).then(|| view! {
                        <input type="hidden" name="tag" value=asked_tag.clone()/>
                        <span class="chip chip--on">
                            {words.tags()} <b>{asked_tag.clone()}</b>
                            <a class="chip__x" href="/workflows" aria-label=words.clear()><Svg icon=Icon::X/></a>
                        </span>
                    })}
                    {filtered.then(|| view! { <a class="btn btn--ghost btn--c" href="/workflows">{words.clear_filters()}</a> })}
                </Form>
                {if total > 0 {
                    view! { <Rows page=page query=q tag=tag later=!cursor.is_empty()/> }.into_any()
                } else if filtered {
                    let what = if q.is_empty() { tag } else { q };
                    view! {
                        <div class="grow listing__none">
                            <EmptyState icon=Icon::Filter title=words.no_match_title() text=words.no_match_text(&what)>
                                <a class="btn" href="/workflows">{words.clear_filters()}</a>
                            </EmptyState>
                        </div>
                    }.into_any()
                } else {
                    view! {
                        <div class="grow listing__none scroll">
                            <div class="empty empty--flush">
                                <EmptyArt/>
                                <h2 class="empty__title">{words.no_workflows_title()}</h2>
                                <p class="empty__text">{words.no_workflows_text()}</p>
                            </div>
                            <Starts/>
                        </div>
                    }.into_any()
                }}
            </section>
        </div>
    }
}

#[component]
fn Rows(page: Page<WorkflowSummary>, query: String, tag: String, later: bool) -> impl IntoView {
    let words = use_words();
    let shown = page.items.len();
    let encode = crate::features::auth::encode;
    let next = page
        .next_cursor
        .as_ref()
        .map(|cursor| format!("/workflows?q={}&tag={}&cursor={}", encode(&query), encode(&tag), encode(cursor)));
    view! {
        <div class="table-scroll scroll" tabindex="0" role="group" aria-label=words.workflows()>
            <table class="table table--snug table--roomy">
                <thead>
                    <tr>
                        <th scope="col">{words.name()}</th>
                        <th scope="col">{words.status()}</th>
                        <th scope="col">{words.version()}</th>
                        <th scope="col" class="hide-small">{words.instances()}</th>
                        <th scope="col" class="num--end hide-small">{words.running_now()}</th>
                        <th scope="col" class="num--end hide-small">{words.incidents_column()}</th>
                        <th scope="col" class="hide-small">{words.edited()}</th>
                        <th scope="col" class="table__actions"><span class="sr">{words.actions()}</span></th>
                    </tr>
                </thead>
                <tbody>{page.items.into_iter().map(|workflow| view! { <Row workflow=workflow/> }).collect_view()}</tbody>
            </table>
        </div>
        <div class="pager num">
            <span>{words.workflows_count(shown as u64)}</span>
            <span class="legend hide-small">
                <span><i style="--c: var(--completed-solid)"></i>{words.st_completed()}</span>
                <span><i class="legend__hatch"></i>{words.st_failed()}</span>
            </span>
            <span class="grow"></span>
            {later.then(|| view! { <a class="btn btn--ghost btn--s" href="/workflows">{words.first_page()}</a> })}
            {next.map(|href| view! {
                <a class="btn btn--ghost btn--icon btn--s" href=href aria-label=words.next_page() title=words.next_page()><Svg icon=Icon::ChevronRight class="icon--s"/></a>
            })}
        </div>
    }
}
