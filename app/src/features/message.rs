//! Pages that say one thing: not found, not allowed, and the way to the doorstep for strangers.

use crate::context::{may, use_page};
use crate::frame::{LanguageChoice, ThemeSwitch};
use crate::i18n::use_words;
use crate::ui::{Brand, EmptyState, Icon, NoPermission};
use heddle_api::Permission;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

/// The frame of pages outside the signed-in part.
#[component]
pub fn Outside(
    /// The page.
    children: Children,
    /// The line at the foot.
    #[prop(optional, into)]
    foot: String,
) -> impl IntoView {
    let words = use_words();
    let foot = if foot.is_empty() { words.heddle_version(env!("CARGO_PKG_VERSION")) } else { foot };
    view! {
        <a class="skip" href="#main">{words.skip_to_content()}</a>
        <div class="auth">
            <header class="auth__bar">
                <a class="auth__brand" href="/">
                    <Brand/>
                    "Heddle"
                </a>
                <span class="row">
                    <LanguageChoice/>
                    <ThemeSwitch/>
                </span>
            </header>
            <main class="auth__main" id="main">{children()}</main>
            <footer class="auth__foot"><span>{foot}</span></footer>
        </div>
    }
    .into_any()
}

/// There is nothing at this address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    let words = use_words();
    #[cfg(feature = "ssr")]
    crate::door::status(404);
    view! {
        <Title text=words.page_title(words.not_found_title())/>
        <Outside><NotFound/></Outside>
    }
}

/// What was asked for does not exist; inside a page.
#[component]
pub fn NotFound() -> impl IntoView {
    let words = use_words();
    view! {
        <div class="message">
            <p class="message__code">"404"</p>
            <h1 class="empty__title">{words.not_found_title()}</h1>
            <p class="empty__text">{words.not_found_text()}</p>
            <div class="empty__actions">
                <a class="btn" href="/workflows">{words.not_found_go()}</a>
            </div>
        </div>
    }
}

/// Sends strangers to sign-in, or to set-up while there is no administrator. Without scripts the link does.
#[component]
pub fn Doorstep() -> impl IntoView {
    let words = use_words();
    let location = use_location();
    let path = location.pathname.get_untracked();
    let target = if use_page().setup_needed {
        "/setup".to_owned()
    } else {
        super::auth::signin_address(&path, &location.search.get_untracked())
    };
    #[cfg(feature = "ssr")]
    leptos_axum::redirect(&target);
    let address = target.clone();
    Effect::new(move |_| crate::live::browser::go(&address));
    view! {
        <Outside>
            <EmptyState icon=Icon::LogOut title=words.sign_in()>
                <a class="btn btn--primary" href=target rel="external">{words.sign_in()}</a>
            </EmptyState>
        </Outside>
    }
}

/// Shows its children to those who hold the permission, and tells the others which one is missing.
#[component]
pub fn Guard(
    /// The permission.
    permission: Permission,
    /// The page.
    children: Children,
) -> impl IntoView {
    if may(permission) {
        return children().into_any();
    }
    #[cfg(feature = "ssr")]
    crate::door::status(403);
    let words = use_words();
    view! {
        <Title text=words.page_title(words.forbidden_title())/>
        <crate::frame::TopBar lead=()/>
        <main class="app__main" id="main"><NoPermission permission=permission/></main>
    }
    .into_any()
}
