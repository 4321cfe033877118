//! A modal dialog: the browser's own `<dialog>`, so focus stays inside and Esc closes.

use super::{Icon, Svg};
use crate::i18n::use_words;
use leptos::html;
use leptos::prelude::*;

/// A dialog that is shown while `open` is true.
#[component]
pub fn Dialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
    /// Its title.
    #[prop(into)]
    title: Signal<String>,
    /// Body and foot (`dialog__body`, `dialog__foot`).
    children: ChildrenFn,
) -> impl IntoView {
    let words = use_words();
    let element: NodeRef<html::Dialog> = NodeRef::new();
    Effect::new(move |_| {
        let (wanted, Some(dialog)) = (open.get(), element.get()) else { return };
        if wanted && !dialog.open() {
            // Refused only when the element is out of the document, and then there is nothing to show.
            let _ = dialog.show_modal();
        } else if !wanted && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog class="dialog" node_ref=element on:close=move |_| open.set(false) aria-labelledby="dialog-title">
            <Show when=move || open.get()>
                <div class="dialog__head">
                    <h2 class="dialog__title" id="dialog-title">{move || title.get()}</h2>
                    <button class="btn btn--ghost btn--icon" type="button" aria-label=words.close() on:click=move |_| open.set(false)>
                        <Svg icon=Icon::X/>
                    </button>
                </div>
                {children()}
            </Show>
        </dialog>
    }
}
