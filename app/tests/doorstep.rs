//! Pages that strangers see, rendered as the server does: useful without a script, in both languages, and nothing foreign in them.

#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use heddle_api::Lang;
use heddle_api::view::Viewer;
use heddle_app::context::AssetPaths;
use leptos::nonce::Nonce;
use leptos::prelude::*;

/// Renders the document at an address.
async fn page(address: &'static str, lang: Lang, setup_needed: bool) -> String {
    let _ = any_spawner::Executor::init_tokio();
    let request = axum::http::Request::builder().uri(address).body(axum::body::Body::empty()).unwrap();
    let context = move || {
        provide_context(Viewer { me: None, lang, setup_needed });
        provide_context(AssetPaths {
            js: "/pkg/heddle.1.js".into(),
            wasm: "/pkg/heddle.2.wasm".into(),
            css: "/pkg/heddle.3.css".into(),
            ..AssetPaths::default()
        });
        provide_context(Nonce::from_value("n0nce"));
    };
    let handler = leptos_axum::render_app_async_with_context(context, heddle_app::shell::shell);
    let response = handler(request).await;
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn the_sign_in_page_is_a_plain_form() {
    let html = page("/signin?next=%2Finstances", Lang::En, false).await;
    assert!(html.contains("<html lang=\"en\""), "{html}");
    assert!(html.contains("action=\"/app/sign_in\""));
    assert!(html.contains("autocomplete=\"username\"") && html.contains("autocomplete=\"current-password\""));
    assert!(html.contains("name=\"next\" value=\"/instances\""));
    let chinese = page("/signin", Lang::Zh, false).await;
    assert!(chinese.contains("<html lang=\"zh-CN\"") && chinese.contains("邮箱或用户名"));
}

#[tokio::test]
async fn the_set_up_page_takes_the_token_from_the_link_and_closes_after() {
    let html = page("/setup?token=abc123", Lang::En, true).await;
    assert!(html.contains("value=\"abc123\"") && html.contains("action=\"/app/set_up\""), "{html}");
    let after = page("/setup", Lang::En, false).await;
    assert!(!after.contains("/app/set_up") && after.contains("404"));
}

#[tokio::test]
async fn every_script_carries_the_nonce_and_no_text_comes_from_the_address() {
    let html = page("/signin?error=%3Cscript%3Ealert(1)%3C/script%3E&next=//evil.example", Lang::En, false).await;
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains("nonce=\"n0nce\""), "a script without nonce: {tag}");
    }
    assert!(
        !html.contains("<script>alert") && !html.contains("\"//evil.example"),
        "what stands in the address comes back as text only"
    );
    assert!(!html.contains("<style"), "styles stand in the style sheet");
}

#[tokio::test]
async fn strangers_are_led_to_the_door() {
    let html = page("/workflows?q=x", Lang::En, false).await;
    assert!(html.contains("/signin?next=%2Fworkflows%3Fq%3Dx"), "{html}");
    assert!(page("/instances", Lang::En, true).await.contains("/setup"));
}
