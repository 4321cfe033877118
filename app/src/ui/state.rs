//! A state as icon and word (pill), or as icon alone with a name (glyph, for cards and cells).

use super::Svg;
use crate::i18n::use_words;
use crate::status::Look;
use leptos::prelude::*;

/// Icon and word.
#[component]
pub fn StatePill(
    /// The state.
    #[prop(into)]
    look: Signal<Look>,
    /// The taller form of page heads.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let words = use_words();
    view! {
        <span class=if large { "pill pill--l" } else { "pill" } data-state=move || look.get().family()>
            <Svg icon=Signal::derive(move || look.get().icon())/>
            {move || look.get().word(words)}
        </span>
    }
}

/// Icon alone, with the word as its name.
#[component]
pub fn StateGlyph(
    /// The state.
    #[prop(into)]
    look: Signal<Look>,
) -> impl IntoView {
    let words = use_words();
    view! {
        <span class="row" data-state=move || look.get().family() title=move || look.get().word(words)>
            <Svg icon=Signal::derive(move || look.get().icon()) class="icon--state icon--s"/>
            <span class="sr">{move || look.get().word(words)}</span>
        </span>
    }
}
