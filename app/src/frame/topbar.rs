//! The bar at the top of a page: what it is, what can be done, whether it is live, the switches, the account.

use super::switches::{LanguageSwitch, ThemeSwitch};
use crate::context::use_page;
use crate::i18n::use_words;
use crate::live::{Connection, use_feed};
use crate::ui::{Avatar, Icon, Svg, clock};
use heddle_api::Timestamp;
use leptos::prelude::*;

/// The bar at the top: what the page is, what can be done, and the switches.
#[component]
pub fn TopBar(
    /// Title or crumbs.
    lead: impl IntoView + 'static,
    /// At most two buttons.
    #[prop(optional)]
    children: Option<Children>,
    /// Whether the page shows live data.
    #[prop(optional)]
    live: bool,
) -> impl IntoView {
    view! {
        <header class="topbar">
            {lead}
            <div class="topbar__side">
                {children.map(|children| view! { {children()} <span class="topbar__rule hide-small"></span> })}
                {live.then(|| view! { <LiveDot/> })}
                <LanguageSwitch/>
                <ThemeSwitch/>
                <AccountMenu/>
            </div>
        </header>
    }
    .into_any()
}

/// The dot that tells whether what is shown is live.
#[component]
fn LiveDot() -> impl IntoView {
    let (words, feed, clock) = (use_words(), use_feed(), clock());
    let text = move || match feed.connection.get() {
        Connection::Live => words.live(),
        Connection::Idle | Connection::Connecting => words.live_connecting(),
        Connection::Lost => words.live_lost(),
    };
    let last = move || {
        let last = feed.last_ms.get();
        (last > 0).then(|| words.live_last(&crate::format::clock(Timestamp(last), clock.zone.get())))
    };
    view! {
        <span class=move || if feed.connection.get() == Connection::Live { "live" } else { "live live--stale" } role="status" title=last>
            <span class="hide-small">{text}</span>
        </span>
    }
}

/// Who is signed in, where, and the way out.
#[component]
fn AccountMenu() -> impl IntoView {
    let words = use_words();
    let Some(me) = use_page().me else { return ().into_any() };
    // A popover needs no script: the browser opens it, closes it on Esc, and gives the focus back.
    view! {
        <button class="account" type="button" popovertarget="account-menu">
            <Avatar name=me.display_name.clone() decorative=true/>
            <span class="sr">{words.account_menu(&me.display_name)}</span>
        </button>
        <div class="menu account__menu" id="account-menu" popover="auto">
            <p class="menu__title">{words.signed_in_as(&me.display_name)}</p>
            <p class="menu__note">{me.username} " · " {me.workspace.name}</p>
            <div class="menu__rule"></div>
            <form method="post" action="/app/sign_out">
                <button class="menu__item" type="submit">
                    <Svg icon=Icon::LogOut/>
                    {words.sign_out()}
                </button>
            </form>
        </div>
    }
    .into_any()
}

/// A page's title in the top bar, with a note beside it.
#[component]
pub fn PageTitle(
    /// The title.
    #[prop(into)]
    title: String,
    /// Such as a count.
    #[prop(optional, into)]
    note: Signal<String>,
) -> impl IntoView {
    view! {
        <h1 class="topbar__title">{title}</h1>
        <span class="caption muted num hide-small">{move || note.get()}</span>
    }
}

/// The way to a page: links, then where one is.
#[component]
pub fn Crumbs(
    /// Address and text of each step above.
    steps: Vec<(String, String)>,
    /// Where one is.
    #[prop(into)]
    here: Signal<String>,
    /// Whether the last step is the page's heading.
    #[prop(optional)]
    heading: bool,
) -> impl IntoView {
    let words = use_words();
    let last = move || here.get();
    view! {
        <nav class="crumbs" aria-label=words.breadcrumb()>
            {steps.into_iter().map(|(href, text)| view! {
                <a class="truncate hide-small" href=href>{text}</a>
                <span class="hide-small"><Svg icon=Icon::ChevronRight/></span>
            }).collect_view()}
            {if heading {
                view! { <h1 class="topbar__title truncate" aria-current="page">{last}</h1> }.into_any()
            } else {
                view! { <span class="truncate crumbs__here" aria-current="page">{last}</span> }.into_any()
            }}
        </nav>
    }
}
