//! The browser's side: brings the server-rendered page to life, and nothing else.

use heddle_app::App;
use heddle_app::context::PageContext;
use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;

/// What the server knew about this page; written by the shell into a `<meta>`.
fn page_context() -> Option<PageContext> {
    let meta = document().query_selector("meta[name=heddle-page]").ok()??;
    serde_json::from_str(&meta.get_attribute("content")?).ok()
}

/// Called by the page's one script.
#[wasm_bindgen]
pub fn hydrate() {
    if let Some(page) = page_context() {
        leptos::mount::hydrate_body(move || {
            provide_context(page);
            App()
        });
        if let Some(root) = document().document_element() {
            // For tests and for styles that need a living page; nothing hangs on it.
            let _ = root.set_attribute("data-hydrated", "");
        }
    }
}
