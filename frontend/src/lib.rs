//! The browser's side: brings the server-rendered page to life, and nothing else.

use heddle_app::context::PageContext;
use heddle_app::{App, start_clock};
use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;

/// What the server knew about this page; written by the shell into a `<meta>`.
fn page_context() -> Option<PageContext> {
    let meta = document().query_selector("meta[name=heddle-page]").ok()??;
    serde_json::from_str(&meta.get_attribute("content")?).ok()
}

/// Marks the document's root, for styles and for tests.
fn mark(name: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(name, "");
    }
}

/// Called by the page's one script. The page is live once its own part of the code has come, too.
#[wasm_bindgen]
pub async fn hydrate() {
    std::panic::set_hook(Box::new(|panic| {
        // A part that could not be loaded ends here, too: after a new version was installed its files are gone.
        mark("data-broken");
        leptos::logging::error!("{panic}");
    }));
    let Some(page) = page_context() else { return };
    let mounted = leptos::mount::hydrate_from_async(leptos::tachys::dom::body(), move || {
        provide_context(page);
        App()
    });
    mounted.await.forget();
    start_clock();
    // Nothing hangs on it.
    mark("data-hydrated");
}
