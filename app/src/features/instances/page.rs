//! One instance: header, tabs on the left, the selected node on the right. One selection is shared by all tabs.

use super::actions::{ActionDialog, Ask};
use super::calls::get_instance;
use super::events::Events;
use super::header::{Header, IncidentBar};
use super::inspector::Inspector;
use super::logs::Logs;
use super::shown::Shown;
use super::timeline::Timeline;
use super::variables::Variables;
use crate::failure::Failure;
use crate::features::message::{Guard, NotFound};
use crate::features::workflows::get_workflow;
use crate::format::short_id;
use crate::frame::{Crumbs, TopBar};
use crate::graph::{Graph, GraphView, states_of};
use crate::i18n::{Words, use_words};
use crate::parts;
use crate::ui::{ErrorState, Icon, Skeleton, Svg};
use heddle_api::Permission;
use heddle_api::view::InstanceView;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde_json::Value;
use std::sync::Arc;

/// The page.
#[component]
pub fn InstancePage() -> impl IntoView {
    view! { <Guard permission=Permission::InstanceView><Instance/></Guard> }
}

/// What the page shows.
type Loaded = (InstanceView, Value, Graph);

/// The instance, the definition it runs and its picture; the last two are missing where the viewer may not see workflows.
async fn load(id: String, words: Words) -> Result<Loaded, Failure> {
    let instance = get_instance(id).await?;
    let definition = get_workflow(instance.workflow_id.to_string(), Some(instance.version))
        .await
        .map(|workflow| workflow.definition)
        .unwrap_or_default();
    let graph = parts::draw(definition.clone(), words).await;
    Ok((instance, definition, graph))
}

#[component]
fn Instance() -> impl IntoView {
    let words = use_words();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let loaded = Resource::new(move || id.get(), move |id| load(id, words));
    view! {
        <Transition fallback=|| view! { <TopBar lead=()/> <main class="app__main" id="main"><Skeleton/></main> }>
            {move || loaded.get().map(|result| match result {
                Ok((instance, definition, graph)) => view! { <Loaded instance=instance definition=definition graph=graph/> }.into_any(),
                Err(failure) if failure.is_not_found() => view! { <TopBar lead=()/> <main class="app__main" id="main"><NotFound/></main> }.into_any(),
                Err(failure) => view! {
                    <TopBar lead=()/>
                    <main class="app__main" id="main"><ErrorState failure=failure retry=Callback::new(move |()| loaded.refetch())/></main>
                }.into_any(),
            })}
        </Transition>
    }
}

/// The tabs, by their word in the address.
const TABS: [&str; 5] = ["graph", "timeline", "events", "logs", "variables"];

#[component]
fn Loaded(instance: InstanceView, definition: Value, graph: Graph) -> impl IntoView {
    let words = use_words();
    let id = instance.id.to_string();
    let name = instance.business_key.clone().unwrap_or_else(|| short_id(&id));
    let workflow = instance.workflow.clone();
    let workflow_href = format!("/workflows/{}", instance.workflow_id);
    let shown = Shown::new(instance);
    let graph = StoredValue::new(Arc::new(graph));
    let definition = StoredValue::new(definition);
    let selected = RwSignal::new(None::<String>);
    let ask = RwSignal::new(None::<Ask>);
    let states = Memo::new(move |_| shown.instance.with(states_of));
    let query = use_query_map();
    let tab = Memo::new(move |_| {
        query
            .with(|query| query.get("tab"))
            .and_then(|tab| TABS.into_iter().find(|known| *known == tab))
            .unwrap_or(TABS[0])
    });
    let steps = vec![("/instances".to_owned(), words.instances().to_owned()), (workflow_href, workflow)];
    let pause_live = move |_| {
        shown.paused.update(|paused| *paused = !*paused);
        if !shown.paused.get_untracked() {
            shown.reread();
        }
    };
    let graph_view = move || {
        view! {
            <GraphView graph=Signal::derive(move || graph.get_value()) states=states selected=selected label=words.graph()/>
        }
    };
    let panel = move || match tab.get() {
        "timeline" => {
            view! { <div class="instance__fill scroll" tabindex="0"><Timeline shown=shown selected=selected/></div> }
                .into_any()
        }
        "events" => view! { <Events shown=shown selected=selected/> }.into_any(),
        "logs" => view! { <Logs shown=shown/> }.into_any(),
        "variables" => view! { <Variables shown=shown/> }.into_any(),
        _ => view! {
            <div class="instance__split">
                {graph_view()}
                <div class="timeline scroll" tabindex="0"><Timeline shown=shown selected=selected/></div>
            </div>
        }
        .into_any(),
    };
    view! {
        <Title text=words.page_title(&name)/>
        <TopBar lead=view! { <Crumbs steps=steps here=name.clone()/> } live=true>
            <button class="btn btn--c" type="button" aria-pressed=move || shown.paused.get().to_string() on:click=pause_live>
                <Svg icon=Signal::derive(move || if shown.paused.get() { Icon::Play } else { Icon::Pause }) class="icon--s"/>
                <span class="btn__text">{move || if shown.paused.get() { words.resume_live() } else { words.pause_live() }}</span>
            </button>
        </TopBar>
        <main class="app__main" id="main">
            <div class="instance">
                <Header shown=shown name=name.clone() ask=ask/>
                <IncidentBar shown=shown selected=selected ask=ask/>
                <div class="instance__tabs">
                    <TabBar id=id tab=tab shown=shown/>
                    {panel}
                </div>
                <Inspector shown=shown selected=selected definition=definition ask=ask/>
            </div>
        </main>
        <ActionDialog shown=shown name=name ask=ask/>
    }
}

#[component]
fn TabBar(id: String, tab: Memo<&'static str>, shown: Shown) -> impl IntoView {
    let words = use_words();
    let link = move |word: &'static str, text: &'static str| {
        let href = if word == TABS[0] { format!("/instances/{id}") } else { format!("/instances/{id}?tab={word}") };
        let count = move || {
            (word == "events").then(|| {
                shown.instance.with(|instance| view! { <span class="count">{crate::i18n::group(instance.seq)}</span> })
            })
        };
        view! { <a class="tab" href=href aria-current=move || (tab.get() == word).then_some("page")>{text} {count}</a> }
    };
    view! {
        <nav class="tabs tabs--scroll" aria-label=words.details()>
            {link.clone()("graph", words.graph())}
            {link.clone()("timeline", words.timeline())}
            {link.clone()("events", words.events())}
            {link.clone()("logs", words.logs())}
            {link("variables", words.variables())}
        </nav>
    }
}
