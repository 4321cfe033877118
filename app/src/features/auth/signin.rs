//! The sign-in page. The failure text never says which part was wrong.

use super::safe_next;
use crate::context::use_page;
use crate::features::message::Outside;
use crate::i18n::{Words, use_words};
use crate::ui::{Icon, Password, Svg};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

fn explain(code: &str, words: Words) -> &'static str {
    match code {
        "TOO_MANY_REQUESTS" => words.sign_in_locked(),
        "INVALID_CREDENTIALS" => words.sign_in_failed(),
        "SESSION_EXPIRED" => words.session_expired(),
        _ => words.error_text(),
    }
}

/// The page.
#[component]
pub fn SignInPage() -> impl IntoView {
    let words = use_words();
    let page = use_page();
    let query = use_query_map();
    let read = move |key: &str| query.with_untracked(|query| query.get(key)).unwrap_or_default();
    let next = safe_next(&read("next")).to_owned();
    #[cfg(feature = "ssr")]
    if page.setup_needed {
        leptos_axum::redirect("/setup");
    } else if page.me.is_some() {
        leptos_axum::redirect(&next);
    }
    let signed_in = page.me.is_some();
    let target = next.clone();
    Effect::new(move |_| {
        if signed_in {
            crate::live::browser::go(&target);
        }
    });
    let code = read("error");
    let failed = !code.is_empty();
    let note = (!read("signed_out").is_empty()).then(|| words.signed_out());
    view! {
        <Title text=words.page_title(words.sign_in())/>
        <Outside>
            <form class="auth__card form form--auth" method="post" action="/app/sign_in">
                <div>
                    <h1 class="auth__title">{words.sign_in()}</h1>
                    <p class="muted">{words.sign_in_to()}</p>
                </div>
                {failed.then(|| view! {
                    <div class="banner banner--text" data-state="failed" role="alert" id="signin-error">
                        <Svg icon=Icon::CircleAlert/>
                        <span>{explain(&code, words)}</span>
                    </div>
                })}
                {note.map(|note| view! {
                    <div class="banner banner--text" role="status"><Svg icon=Icon::Info/><span>{note}</span></div>
                })}
                <input type="hidden" name="next" value=next/>
                <div class="field">
                    <label class="field__label" for="username">{words.user_name()}</label>
                    <input class="input input--l" id="username" name="username" type="text" autocomplete="username" autocapitalize="none"
                        spellcheck="false" required autofocus aria-describedby=failed.then_some("signin-error")/>
                </div>
                <div class="field">
                    <label class="field__label" for="password">{words.password()}</label>
                    <Password id="password" name="password" autocomplete="current-password" invalid=failed
                        described_by=if failed { "signin-error" } else { "" }/>
                </div>
                <button class="btn btn--l btn--primary btn--block" type="submit">{words.sign_in()}</button>
            </form>
        </Outside>
    }
}
