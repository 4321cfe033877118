//! The example gallery: each example with a picture of its graph; using one makes it one's own workflow.

use super::check::Read;
use crate::context::may;
use crate::examples::{Example, for_reader};
use crate::features::message::Guard;
use crate::frame::{Crumbs, TopBar};
use crate::graph::Thumbnail;
use crate::i18n::{Words, use_words};
use crate::parts;
use crate::ui::{Icon, Skeleton, Svg};
use heddle_api::Permission;
use leptos::prelude::*;
use leptos_meta::Title;

/// What the examples in the reader's language say, in their order.
async fn read(words: Words) -> Vec<Option<Read>> {
    let mut all = Vec::new();
    for example in for_reader(words.0) {
        all.push(parts::check(example.yaml.to_owned(), words).await.read);
    }
    all
}

/// The page.
#[component]
pub fn GalleryPage() -> impl IntoView {
    let words = use_words();
    let examples = Resource::new(|| (), move |()| read(words));
    let cards = move || {
        examples.get().map(|all| {
            let shown = for_reader(words.0).into_iter().zip(all);
            let cards =
                shown.filter_map(|(example, read)| read.map(|read| view! { <Card example=example read=read/> }));
            view! { <ul class="gallery">{cards.collect_view()}</ul> }
        })
    };
    view! {
        <Guard permission=Permission::WorkflowView>
            <Title text=words.page_title(words.gallery_title())/>
            <TopBar lead=view! { <Crumbs steps=vec![("/workflows".to_owned(), words.workflows().to_owned())] here=words.gallery_title().to_owned() heading=true/> }/>
            <main class="app__main form-page" id="main">
                <p class="gallery__intro muted">{words.gallery_text()}</p>
                <Suspense fallback=|| view! { <Skeleton/> }>{cards}</Suspense>
            </main>
        </Guard>
    }
}

#[component]
fn Card(example: Example, read: Read) -> impl IntoView {
    let words = use_words();
    let count = read.graph.nodes.len() as u64;
    view! {
        <li class="card gallery__card">
            <div class="gallery__thumb"><Thumbnail graph=read.graph label=words.graph()/></div>
            <div class="gallery__text" lang=example.lang.tag()>
                <h2 class="gallery__name">{read.name}</h2>
                <p class="muted grow">{read.description}</p>
                <p class="row row--wrap" lang=words.0.tag()>
                    <span class="caption hint">{words.nodes_count(count)}</span>
                    {read.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> }).collect_view()}
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
}
