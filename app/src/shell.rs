//! The HTML document around the application, with our own hydration tags: the policy lets only scripts with the nonce run, and the
//! files' names carry hashes (docs/adr: Content-Security-Policy).

use crate::App;
use crate::context::from_request;
use crate::i18n::Words;
use leptos::prelude::*;
use leptos_meta::MetaTags;

/// Name of the `<meta>` that hands the page's context to the browser.
pub const CONTEXT_META: &str = "heddle-page";

/// For development: asks every half second when the server was started, and loads the page anew when that has changed.
const RELOAD: &str = "let seen; setInterval(async () => { try { \
     const now = (await (await fetch('/healthz', { cache: 'no-store' })).json()).started_at; \
     if (seen && now !== seen) location.reload(); seen = now; } catch { /* it is starting */ } }, 500);";

/// Shown when the page's program has died (`data-broken`, set by `frontend`): nothing in it can speak any more, so this is plain HTML.
#[component]
fn Broken(lang: heddle_api::Lang) -> impl IntoView {
    let words = Words(lang);
    view! {
        <div class="broken banner" data-state="failed" role="alert">
            <span class="grow">{words.page_broke()}</span>
            <a class="btn" href="" rel="external">{words.reload()}</a>
        </div>
    }
}

/// The document. The server passes it to Leptos as the application.
pub fn shell() -> impl IntoView {
    let page = from_request().unwrap_or_default();
    let nonce = leptos::nonce::use_nonce();
    let context = serde_json::to_string(&page).unwrap_or_default();
    let assets = page.assets.clone();
    // The two addresses come from the build's manifest, not from a request; JSON quoting keeps them inside the script all the same.
    let quoted = |text: &str| serde_json::Value::from(text).to_string().replace('<', "\\u003c");
    let start = format!(
        "import({}).then(m => m.default({{module_or_path: {}}}).then(() => m.hydrate()));",
        quoted(&assets.js),
        quoted(&assets.wasm)
    );
    let part =
        use_context::<axum::http::request::Parts>().and_then(|request| crate::parts::of_path(request.uri.path()));
    let parts = part.and_then(|part| assets.parts.get(part)).cloned().unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang=page.lang.tag() data-theme=page.prefs.theme.attribute()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="preload" r#as="font" r#type="font/woff2" href=assets.font.clone() crossorigin="anonymous"/>
                <link rel="stylesheet" href=assets.css.clone()/>
                <link rel="icon" r#type="image/svg+xml" href=assets.favicon.clone()/>
                <link rel="preload" r#as="fetch" r#type="application/wasm" href=assets.wasm.clone() crossorigin="anonymous"/>
                {parts.into_iter().map(|part| view! { <link rel="preload" r#as="fetch" r#type="application/wasm" href=part crossorigin="anonymous"/> }).collect_view()}
                <meta name=CONTEXT_META content=context/>
                <MetaTags/>
                {assets.reload.then(|| view! { <script type="module" nonce=nonce.clone()>{RELOAD}</script> })}
                <script type="module" nonce=nonce>{start}</script>
            </head>
            <body>
                <App/>
                <Broken lang=page.lang/>
            </body>
        </html>
    }
}
