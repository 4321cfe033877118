//! The example gallery: each example with a picture of its graph; using one makes it one's own workflow.

use super::check::check;
use crate::context::may;
use crate::examples::{Example, for_reader};
use crate::features::message::Guard;
use crate::frame::{Crumbs, TopBar};
use crate::graph::{Graph, Thumbnail};
use crate::i18n::use_words;
use crate::ui::{Icon, Svg};
use heddle_api::Permission;
use leptos::prelude::*;
use leptos_meta::Title;

/// The page.
#[component]
pub fn GalleryPage() -> impl IntoView {
    let words = use_words();
    view! {
        <Guard permission=Permission::WorkflowView>
            <Title text=words.page_title(words.gallery_title())/>
            <TopBar lead=view! { <Crumbs steps=vec![("/workflows".to_owned(), words.workflows().to_owned())] here=words.gallery_title().to_owned() heading=true/> }/>
            <main class="app__main form-page" id="main">
                <p class="gallery__intro muted">{words.gallery_text()}</p>
                <ul class="gallery">{for_reader(words.0).into_iter().map(|example| view! { <Card example=example/> }).collect_view()}</ul>
            </main>
        </Guard>
    }
}

#[component]
fn Card(example: Example) -> impl IntoView {
    let words = use_words();
    let Some(definition) = check(example.yaml, words).definition else { return ().into_any() };
    let graph = Graph::of(&definition, words);
    let count = graph.nodes.len() as u64;
    view! {
        <li class="card gallery__card">
            <div class="gallery__thumb"><Thumbnail graph=graph label=words.graph()/></div>
            <div class="gallery__text" lang=example.lang.tag()>
                <h2 class="gallery__name">{definition.name.clone()}</h2>
                <p class="muted grow">{definition.description.clone()}</p>
                <p class="row row--wrap" lang=words.0.tag()>
                    <span class="caption hint">{words.nodes_count(count)}</span>
                    {definition.tags.iter().map(|tag| view! { <span class="tag">{tag.clone()}</span> }).collect_view()}
                </p>
                {may(Permission::WorkflowCreate).then(|| view! {
                    <form method="post" action="/app/use_example" lang=words.0.tag()>
                        <input type="hidden" name="key" value=example.key/>
                        <button class="btn btn--primary" type="submit">
                            {words.use_example()}
                            <Svg icon=Icon::ArrowRight class="icon--s"/>
                        </button>
                    </form>
                })}
            </div>
        </li>
    }
    .into_any()
}
