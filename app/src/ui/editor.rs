//! The text editor: a text area with line numbers and marks. It grows with its text; the frame around it scrolls. The text area's own
//! letters are clear, and the coloured copy under it (`ink`) is what one sees.

use super::ink::{LONGEST, ink_html};
use leptos::html;
use leptos::prelude::*;

/// A mark on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineMark {
    /// From 1.
    pub line: u32,
    /// `failed`, `waiting` or `paused`: the colour of an error, a warning, a hint.
    pub state: &'static str,
    /// What is wrong there.
    pub text: String,
}

/// A text editor.
#[component]
pub fn Editor(
    /// Its name.
    label: &'static str,
    /// The text.
    text: RwSignal<String>,
    /// What is marked.
    #[prop(into)]
    marks: Signal<Vec<LineMark>>,
    /// Whether it can be changed.
    #[prop(optional, into)]
    readonly: Signal<bool>,
    /// The element, to put the cursor somewhere.
    node_ref: NodeRef<html::Textarea>,
) -> impl IntoView {
    let lines = Memo::new(move |_| text.with(|text| text.split('\n').count()));
    let numbers = move || {
        let marks = marks.get();
        (1..=lines.get()).map(|line| {
            let mark = marks.iter().find(|mark| mark.line as usize == line);
            view! { <span data-state=mark.map(|mark| mark.state) title=mark.map(|mark| mark.text.clone())>{line}</span> }
        }).collect_view()
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        // Tab leaves the editor, as everywhere; Alt+arrows and the like are the browser's. Only Enter keeps the indent.
        if event.key() != "Enter"
            || event.is_composing()
            || event.ctrl_key()
            || event.meta_key()
            || readonly.get_untracked()
        {
            return;
        }
        if let Some(area) = node_ref.get_untracked() {
            event.prevent_default();
            crate::live::browser::break_line(&area);
            text.set(area.value());
        }
    };
    let coloured = Memo::new(move |_| text.with(|text| text.len() <= LONGEST));
    let copy = move || if coloured.get() { text.with(|text| ink_html(text)) } else { String::new() };
    view! {
        <div class="editor scroll" data-plain=move || (!coloured.get()).then_some("")>
            <div class="editor__lines" aria-hidden="true">{numbers}</div>
            <pre class="editor__ink" aria-hidden="true" inner_html=copy></pre>
            <textarea class="editor__text" aria-label=label spellcheck="false" autocomplete="off" autocapitalize="off" wrap="off"
                node_ref=node_ref readonly=move || readonly.get() rows=move || lines.get().max(4)
                cols=move || text.with(|text| text.split('\n').map(|line| line.chars().count()).max().unwrap_or(0).max(20) + 2)
                prop:value=move || text.get() on:input=move |event| text.set(event_target_value(&event)) on:keydown=keys>
                {text.get_untracked()}
            </textarea>
        </div>
    }
}
