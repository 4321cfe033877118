//! The frame of every signed-in page: navigation rail, top bar, toasts. Below 768 px the rail is a bar at the foot.

use crate::context::{COOKIE_RAIL, COOKIE_THEME, Theme, use_page};
use crate::features::message::Doorstep;
use crate::i18n::use_words;
use crate::live::{Connection, browser, use_feed};
use crate::ui::{Avatar, Brand, Icon, Svg, Toasts, clock};
use heddle_api::Timestamp;
use leptos::prelude::*;
use leptos_router::components::{A, Outlet};
use leptos_router::hooks::use_location;

/// Rail, page, toasts. Strangers are sent to the doorstep.
#[component]
pub fn Frame() -> impl IntoView {
    let page = use_page();
    if page.setup_needed || page.me.is_none() {
        return view! { <Doorstep/> }.into_any();
    }
    let words = use_words();
    // Lists show the words of the navigation; a workflow or an instance needs the room, so there it starts collapsed.
    let (on_lists, on_details) = (RwSignal::new(page.prefs.rail_open), RwSignal::new(false));
    let location = use_location();
    let details = Memo::new(move |_| location.pathname.with(|path| is_detail(path)));
    let open = Signal::derive(move || if details.get() { on_details.get() } else { on_lists.get() });
    let toggle = Callback::new(move |()| {
        if details.get_untracked() {
            on_details.update(|open| *open = !*open);
        } else {
            on_lists.update(|open| *open = !*open);
            browser::set_cookie(COOKIE_RAIL, if on_lists.get_untracked() { "1" } else { "0" });
        }
    });
    shortcuts(toggle);
    view! {
        <a class="skip" href="#main">{words.skip_to_content()}</a>
        <div class=move || if open.get() { "app app--open" } else { "app" }>
            <Rail open=open toggle=toggle/>
            <Outlet/>
        </div>
        <Toasts/>
    }
    .into_any()
}

/// Keys of every page: `/` goes to the search, Ctrl or ⌘ with B opens and closes the navigation.
fn shortcuts(toggle: Callback<()>) {
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.is_composing() || event.alt_key() {
            return;
        }
        let command = event.ctrl_key() || event.meta_key();
        match event.key().as_str() {
            "/" if !command && !browser::is_typing(&event) && browser::focus_search() => event.prevent_default(),
            "b" if command && !event.shift_key() => {
                event.prevent_default();
                toggle.run(());
            }
            _ => {}
        }
    });
    on_cleanup(move || listener.remove());
}

/// Whether the page shows one workflow or one instance on a canvas.
fn is_detail(path: &str) -> bool {
    let mut parts = path.trim_matches('/').split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("workflows"), Some(id), None) => id != "templates",
        (Some("instances"), Some(_), None) => true,
        _ => false,
    }
}

#[component]
fn Rail(#[prop(into)] open: Signal<bool>, toggle: Callback<()>) -> impl IntoView {
    let words = use_words();
    let label = move || if open.get() { words.collapse_rail() } else { words.expand_rail() };
    view! {
        <nav class="rail" aria-label=words.navigation()>
            <A href="/workflows" attr:class="rail__brand" attr:aria-label="Heddle">
                <Brand/>
                <span class="rail__label">"Heddle"</span>
            </A>
            <RailLink href="/workflows" icon=Icon::Workflow label=words.workflows()/>
            <RailLink href="/instances" icon=Icon::ListChecks label=words.instances()/>
            <span class="rail__spacer"></span>
            <button class="rail__link rail__toggle" type="button" aria-expanded=move || open.get().to_string() title=label aria-label=label on:click=move |_| toggle.run(())>
                <Svg icon=Icon::PanelLeft/>
                <span class="rail__label">{label}</span>
            </button>
        </nav>
    }
}

#[component]
fn RailLink(href: &'static str, icon: Icon, label: &'static str) -> impl IntoView {
    let location = use_location();
    let current = move || {
        location.pathname.with(|path| path == href || path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
    };
    view! {
        <a class="rail__link" href=href title=label aria-label=label aria-current=move || current().then_some("page")>
            <Svg icon=icon/>
            <span class="rail__label">{label}</span>
        </a>
    }
}

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

/// Switches the language: a form, so that it works before the page is alive.
#[component]
fn LanguageSwitch() -> impl IntoView {
    let words = use_words();
    let location = use_location();
    let here = move || {
        format!(
            "{}{}",
            location.pathname.get(),
            location.search.with(|query| if query.is_empty() { String::new() } else { format!("?{query}") })
        )
    };
    let other = match words.0 {
        heddle_api::Lang::En => "zh",
        heddle_api::Lang::Zh => "en",
    };
    view! {
        <form method="post" action="/app/set_language">
            <input type="hidden" name="lang" value=other/>
            <input type="hidden" name="next" value=here/>
            <button class="btn btn--ghost btn--icon" type="submit" title=words.switch_language_label()>
                <span aria-hidden="true">{words.switch_language()}</span>
                <span class="sr">{words.switch_language_label()}</span>
            </button>
        </form>
    }
}

/// Both languages beside each other: for the pages of strangers.
#[component]
pub fn LanguageChoice() -> impl IntoView {
    let words = use_words();
    let location = use_location();
    let here = move || {
        format!(
            "{}{}",
            location.pathname.get(),
            location.search.with(|query| if query.is_empty() { String::new() } else { format!("?{query}") })
        )
    };
    let choice = move |lang: heddle_api::Lang, key: &'static str, text: &'static str| {
        view! {
            <button class="segment__item" type="submit" name="lang" value=key lang=lang.tag() aria-pressed=(words.0 == lang).to_string()>{text}</button>
        }
    };
    view! {
        <form class="segment" method="post" action="/app/set_language" aria-label=words.language()>
            <input type="hidden" name="next" value=here/>
            {choice(heddle_api::Lang::En, "en", words.english())}
            {choice(heddle_api::Lang::Zh, "zh", words.chinese())}
        </form>
    }
}

/// Switches between light and dark, at once where the page is alive.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let words = use_words();
    let theme = RwSignal::new(use_page().prefs.theme);
    // The system's choice is known only in the browser; until then "dark" is what is offered.
    let dark = move || match theme.get() {
        Theme::Dark => true,
        Theme::Light => false,
        Theme::System => browser::prefers_dark(),
    };
    let shown_dark = RwSignal::new(theme.get_untracked() == Theme::Dark);
    Effect::new(move |_| shown_dark.set(dark()));
    let label = move || if shown_dark.get() { words.light_theme() } else { words.dark_theme() };
    let switch = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let next = if dark() { Theme::Light } else { Theme::Dark };
        theme.set(next);
        browser::set_root_attribute("data-theme", next.attribute());
        browser::set_cookie(COOKIE_THEME, next.attribute().unwrap_or("system"));
    };
    let location = use_location();
    view! {
        <form method="post" action="/app/set_theme" on:submit=switch>
            <input type="hidden" name="theme" value=move || if shown_dark.get() { "light" } else { "dark" }/>
            <input type="hidden" name="next" value=move || location.pathname.get()/>
            <button class="btn btn--ghost btn--icon" type="submit" aria-label=label title=label>
                <Svg icon=Signal::derive(move || if shown_dark.get() { Icon::Sun } else { Icon::Moon })/>
            </button>
        </form>
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

#[cfg(test)]
mod tests {
    use super::is_detail;

    #[test]
    fn canvases_get_the_room() {
        let pages = [
            "/workflows", "/workflows/templates", "/workflows/new", "/workflows/wf_1", "/workflows/wf_1/run",
            "/instances", "/instances/wi_1",
        ];
        assert_eq!(pages.map(is_detail), [false, false, true, true, false, false, true]);
    }
}
