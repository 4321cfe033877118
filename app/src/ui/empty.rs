//! Nothing to show: nothing yet, no match, no permission, an error, or not loaded yet.

use super::{CopyButton, Icon, Svg};
use crate::failure::Failure;
use crate::i18n::use_words;
use leptos::prelude::*;

/// The drawing of "nothing yet".
#[component]
pub fn EmptyArt() -> impl IntoView {
    view! {
        <svg class="empty__art" viewBox="0 0 240 112" width="240" height="112" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
            <rect x="2" y="40" width="60" height="32" rx="8" stroke-dasharray="4 4"></rect>
            <rect x="92" y="10" width="60" height="32" rx="8"></rect>
            <rect x="92" y="70" width="60" height="32" rx="8"></rect>
            <rect x="180" y="40" width="58" height="32" rx="8" stroke-dasharray="4 4"></rect>
            <path d="M62 56h8q8 0 8-8V34q0-8 8-8h6M62 56h8q8 0 8 8v14q0 8 8 8h6M152 26h6q8 0 8 8v14q0 8 8 8h6M152 86h6q8 0 8-8V64q0-8 8-8"></path>
            <circle cx="108" cy="26" r="6" fill="var(--accent-bg)" stroke="var(--accent)"></circle>
            <path d="M122 23h20M122 29h12"></path>
            <circle cx="108" cy="86" r="6" fill="var(--accent-bg)" stroke="var(--accent)"></circle>
            <path d="M122 83h20M122 89h12"></path>
        </svg>
    }
}

/// Icon, title, explanation, and what to do.
#[component]
pub fn EmptyState(
    /// Above the title; none where a drawing stands there.
    #[prop(optional, into)]
    icon: Option<Icon>,
    /// What is missing.
    #[prop(into)]
    title: String,
    /// Why, or what it is.
    #[prop(optional, into)]
    text: String,
    /// What to do.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            {icon.map(|icon| view! { <Svg icon=icon class="icon--l"/> })}
            <h2 class="empty__title">{title}</h2>
            {(!text.is_empty()).then(|| view! { <p class="empty__text">{text}</p> })}
            {children.map(|children| view! { <div class="empty__actions">{children()}</div> })}
        </div>
    }
}

/// An error where the data would be: cause, another try, the request's id.
#[component]
pub fn ErrorState(
    /// What went wrong.
    failure: Failure,
    /// Tries again; the page is loaded anew where absent.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    let words = use_words();
    let (title, text) = failure.texts(words);
    let id = failure.request_id().to_owned();
    let signed_out = failure.is_signed_out().then(|| {
        let location = leptos_router::hooks::use_location();
        crate::features::auth::signin_address(&location.pathname.get_untracked(), &location.search.get_untracked())
    });
    let again = move |_| match retry {
        Some(retry) => retry.run(()),
        None => crate::live::browser::reload(),
    };
    view! {
        <div class="empty" role="alert">
            <Svg icon=Icon::CircleAlert class="icon--l"/>
            <h2 class="empty__title">{title}</h2>
            <p class="empty__text">{text}</p>
            {(!id.is_empty()).then(|| view! {
                <p class="request-id">
                    {words.request_id()} " " <code>{id.clone()}</code>
                    <CopyButton text=id label=words.copy_id()/>
                </p>
            })}
            <div class="empty__actions">
                {signed_out.map(|href| view! { <a class="btn btn--primary" href=href rel="external">{words.sign_in()}</a> })}
                <button class="btn" type="button" on:click=again>{words.try_again()}</button>
            </div>
        </div>
    }
}

/// Names the missing permission and who can grant it.
#[component]
pub fn NoPermission(
    /// Its key.
    permission: heddle_api::Permission,
) -> impl IntoView {
    let words = use_words();
    view! {
        <div class="message">
            <Svg icon=Icon::Lock class="icon--l"/>
            <h1 class="empty__title">{words.forbidden_title()}</h1>
            <p class="empty__text">{words.forbidden_text(permission.as_str())}</p>
        </div>
    }
}

/// Grey shapes of rows to come.
#[component]
pub fn Skeleton(
    /// How many rows.
    #[prop(default = 6)]
    rows: usize,
) -> impl IntoView {
    let words = use_words();
    view! {
        <div class="stack stack--wide" role="status" style="padding: 20px 16px">
            <span class="sr">{words.loading()}</span>
            {(0..rows).map(|row| view! {
                <div class="row row--wide" aria-hidden="true">
                    <span class="skeleton" style="inline-size: 16px"></span>
                    <span class="skeleton" style=format!("inline-size: {}%", 46 - row % 3 * 9)></span>
                    <span class="grow"></span>
                    <span class="skeleton" style="inline-size: 72px"></span>
                </div>
            }).collect_view()}
        </div>
    }
}
