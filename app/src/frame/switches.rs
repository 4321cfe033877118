//! Language and theme: forms, so that they work before the page is alive.

use crate::context::{COOKIE_THEME, Theme, use_page};
use crate::i18n::use_words;
use crate::live::browser;
use crate::ui::{Icon, Svg};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The page's own address, to come back to.
fn here() -> impl Fn() -> String + Clone + Send + Sync + 'static {
    let location = use_location();
    move || {
        format!(
            "{}{}",
            location.pathname.get(),
            location.search.with(|query| if query.is_empty() { String::new() } else { format!("?{query}") })
        )
    }
}

/// Switches the language: a form, so that it works before the page is alive.
#[component]
pub fn LanguageSwitch() -> impl IntoView {
    let words = use_words();
    let here = here();
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
    let here = here();
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
