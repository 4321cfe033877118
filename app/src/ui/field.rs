//! Form fields: a label, one control, help, and the error under it. Works as a plain form before the page is alive.

use super::{Icon, Svg};
use crate::i18n::use_words;
use leptos::prelude::*;

/// The error under a field.
#[component]
pub fn FieldError(
    /// Id that the control names in `aria-describedby`.
    #[prop(into)]
    id: String,
    /// The text.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <p class="field__error" id=id>
            <Svg icon=Icon::CircleAlert/>
            <span>{text}</span>
        </p>
    }
}

/// Label, help and error around a control, which the caller gives with the same id.
#[component]
pub fn Field(
    /// Id of the control.
    #[prop(into)]
    id: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// Whether it must be filled.
    #[prop(optional)]
    required: bool,
    /// A line below.
    #[prop(optional, into)]
    help: String,
    /// The error, if any.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The control.
    children: Children,
) -> impl IntoView {
    let words = use_words();
    let error_id = format!("{id}-error");
    let help_id = format!("{id}-help");
    view! {
        <div class="field">
            <label class="field__label" r#for=id>
                {label}
                {required.then(|| view! { <span class="field__req" title=words.required()>"*"</span> })}
            </label>
            {children()}
            {move || error.get().map(|text| view! { <FieldError id=error_id.clone() text=text/> })}
            {(!help.is_empty()).then(|| view! { <p class="field__help" id=help_id>{help}</p> })}
        </div>
    }
}

/// A password field with a button that shows what was typed.
#[component]
pub fn Password(
    /// Id of the control.
    id: &'static str,
    /// Its name in the form.
    name: &'static str,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// Whether it is wrong.
    #[prop(optional, into)]
    invalid: Signal<bool>,
    /// Ids of its help and error.
    #[prop(optional, into)]
    described_by: String,
    /// Least number of characters.
    #[prop(optional)]
    min: Option<u32>,
) -> impl IntoView {
    let words = use_words();
    let shown = RwSignal::new(false);
    let label = move || if shown.get() { words.hide_password() } else { words.show_password() };
    view! {
        <div class="with-icon with-icon--end">
            <input class="input input--l" id=id name=name type=move || if shown.get() { "text" } else { "password" }
                autocomplete=autocomplete required minlength=min
                aria-invalid=move || invalid.get().then_some("true")
                aria-describedby=(!described_by.is_empty()).then_some(described_by)/>
            <button class="btn btn--ghost btn--icon" type="button" aria-label=label title=label aria-pressed=move || shown.get().to_string()
                on:click=move |_| shown.update(|shown| *shown = !*shown)>
                <Svg icon=Signal::derive(move || if shown.get() { Icon::EyeOff } else { Icon::Eye })/>
            </button>
        </div>
    }
}
