//! A button that puts a text on the clipboard and says so.

use super::{Icon, Svg};
use crate::i18n::use_words;
use leptos::prelude::*;

/// Copies a text.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: String,
    /// The button's name.
    label: &'static str,
) -> impl IntoView {
    let words = use_words();
    let done = RwSignal::new(false);
    let copy = move |_| {
        crate::live::browser::copy(&text);
        done.set(true);
        set_timeout(move || done.set(false), std::time::Duration::from_millis(1_600));
    };
    view! {
        <button class="btn btn--ghost btn--icon btn--tiny" type="button" aria-label=label title=label on:click=copy>
            <Svg icon=Signal::derive(move || if done.get() { Icon::Check } else { Icon::Copy }) class="icon--s"/>
            <span class="sr" role="status">{move || done.get().then(|| words.copied())}</span>
        </button>
    }
}
