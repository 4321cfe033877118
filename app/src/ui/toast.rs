//! Toasts: at most three, bottom right; five seconds, errors ten, longer while the pointer or the focus is on them.

use super::{Icon, Svg};
use crate::i18n::use_words;
use crate::status::Look;
use leptos::prelude::*;
use std::time::Duration;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// Its number, for the list.
    id: u64,
    /// What it says.
    pub text: String,
    /// Whether it tells of a failure.
    pub failed: bool,
}

/// The messages on the screen.
#[derive(Debug, Clone, Copy)]
struct Stack {
    toasts: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
    held: RwSignal<bool>,
}

/// Makes room for toasts.
pub fn provide_toasts() {
    provide_context(Stack { toasts: RwSignal::new(Vec::new()), next: StoredValue::new(0), held: RwSignal::new(false) });
}

/// Shows a message. Never the only place for an error.
pub fn toast(text: impl Into<String>, failed: bool) {
    let Some(stack) = use_context::<Stack>() else { return };
    show(stack, text.into(), failed);
}

fn show(stack: Stack, text: String, failed: bool) {
    let id = stack.next.get_value();
    stack.next.set_value(id + 1);
    stack.toasts.update(|toasts| {
        toasts.push(Toast { id, text, failed });
        if toasts.len() > 3 {
            toasts.remove(0);
        }
    });
    leave_later(stack, id, Duration::from_secs(if failed { 10 } else { 5 }));
}

fn leave_later(stack: Stack, id: u64, after: Duration) {
    let leave = move || {
        if stack.held.try_get_untracked().unwrap_or(false) {
            leave_later(stack, id, Duration::from_secs(2));
        } else {
            stack.toasts.try_update(|toasts| toasts.retain(|toast| toast.id != id));
        }
    };
    set_timeout(leave, after);
}

/// Where they appear.
#[component]
pub fn Toasts() -> impl IntoView {
    let words = use_words();
    let stack = use_context::<Stack>();
    let toasts = move || stack.map(|stack| stack.toasts.get()).unwrap_or_default();
    let hold = move |held: bool| {
        if let Some(stack) = stack {
            stack.held.set(held);
        }
    };
    let dismiss = move |id: u64| {
        if let Some(stack) = stack {
            stack.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
        }
    };
    view! {
        <div class="toasts" role="region" aria-label=words.notifications()
            on:mouseenter=move |_| hold(true) on:mouseleave=move |_| hold(false)
            on:focusin=move |_| hold(true) on:focusout=move |_| hold(false)>
            <For each=toasts key=|toast| toast.id let:toast>
                <div class="toast" role=if toast.failed { "alert" } else { "status" }
                    data-state=if toast.failed { Look::Failed.family() } else { Look::Completed.family() }>
                    <Svg icon=if toast.failed { Icon::CircleAlert } else { Icon::CircleCheck }/>
                    <span class="toast__text">{toast.text.clone()}</span>
                    <span class="toast__side">
                        <button class="btn btn--ghost btn--icon btn--s" type="button" aria-label=words.dismiss() on:click=move |_| dismiss(toast.id)>
                            <Svg icon=Icon::X class="icon--s"/>
                        </button>
                    </span>
                </div>
            </For>
        </div>
    }
}
