//! The frame of every signed-in page: navigation rail, top bar, toasts. Below 768 px the rail is a bar at the foot.

mod switches;
mod topbar;

pub use switches::{LanguageChoice, ThemeSwitch};
pub use topbar::{Crumbs, PageTitle, TopBar};

use crate::context::{COOKIE_RAIL, use_page};
use crate::features::message::Doorstep;
use crate::i18n::use_words;
use crate::live::browser;
use crate::ui::{Brand, Icon, Svg, Toasts};
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
