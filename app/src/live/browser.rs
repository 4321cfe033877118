//! What only a browser has: clock, cookies, clipboard, files, the text cursor. On the server each of these does nothing.
//!
//! One file holds both sides, so that components need no conditions of their own.

use web_sys::HtmlTextAreaElement;

/// Unix milliseconds by the browser's clock.
#[cfg(feature = "hydrate")]
pub fn now_ms() -> i64 {
    js_sys::Date::now() as i64
}

/// Minutes east of Greenwich.
#[cfg(feature = "hydrate")]
pub fn zone_minutes() -> i32 {
    -(js_sys::Date::new_0().get_timezone_offset() as i32)
}

/// Remembers a preference for a year.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
pub fn set_cookie(name: &str, value: &str) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        if let Some(document) = leptos::prelude::document().dyn_ref::<web_sys::HtmlDocument>() {
            // Only a sandboxed page refuses, and there a preference cannot last anyway.
            let _ = document.set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax"));
        }
    }
}

/// Sets or removes an attribute of the document element (`data-theme`).
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
pub fn set_root_attribute(name: &str, value: Option<&str>) {
    #[cfg(feature = "hydrate")]
    if let Some(root) = leptos::prelude::document().document_element() {
        let _ = match value {
            Some(value) => root.set_attribute(name, value),
            None => root.remove_attribute(name),
        };
    }
}

/// Whether the system prefers dark.
pub fn prefers_dark() -> bool {
    #[cfg(feature = "hydrate")]
    return leptos::prelude::window()
        .match_media("(prefers-color-scheme: dark)")
        .ok()
        .flatten()
        .is_some_and(|query| query.matches());
    #[cfg(not(feature = "hydrate"))]
    false
}

/// Puts a text on the clipboard.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
pub fn copy(text: &str) {
    #[cfg(feature = "hydrate")]
    let _ = leptos::prelude::window().navigator().clipboard().write_text(text);
}

/// Loads the page anew.
pub fn reload() {
    #[cfg(feature = "hydrate")]
    let _ = leptos::prelude::window().location().reload();
}

/// Goes to an address by a full page load.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
pub fn go(address: &str) {
    #[cfg(feature = "hydrate")]
    let _ = leptos::prelude::window().location().set_href(address);
}

/// Breaks the line at the cursor and keeps the indent of the line above.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
pub fn break_line(area: &HtmlTextAreaElement) {
    #[cfg(feature = "hydrate")]
    {
        let units: Vec<u16> = area.value().encode_utf16().collect();
        let at = |end: Result<Option<u32>, wasm_bindgen::JsValue>| {
            end.ok().flatten().map_or(units.len(), |at| at as usize).min(units.len())
        };
        let (start, end) = (at(area.selection_start()), at(area.selection_end()));
        let line = units[..start].iter().rposition(|&unit| unit == u16::from(b'\n')).map_or(0, |at| at + 1);
        let indent = units[line..start].iter().take_while(|&&unit| unit == u16::from(b' ')).count();
        let text = format!("\n{}", " ".repeat(indent));
        let _ = area.set_range_text_with_start_and_end_and_mode(&text, start as u32, end as u32, "end");
    }
}

/// Puts the text cursor on a line (from 1) and shows it.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
pub fn go_to_line(area: &HtmlTextAreaElement, line: u32) {
    #[cfg(feature = "hydrate")]
    {
        let text = area.value();
        let start: usize =
            text.split('\n').take(line.saturating_sub(1) as usize).map(|line| line.encode_utf16().count() + 1).sum();
        let length =
            text.split('\n').nth(line.saturating_sub(1) as usize).map_or(0, |line| line.encode_utf16().count());
        let _ = area.focus();
        let _ = area.set_selection_range(start as u32, (start + length) as u32);
        if let Some(frame) = area.parent_element() {
            // Twenty pixels a line (style/ui/editor.css); the line stands in the upper third.
            frame.set_scroll_top((line.saturating_sub(1) as i32 * 20 - frame.client_height() / 3).max(0));
        }
    }
}

/// Reads the chosen file of a file input as text.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
pub fn read_file(input: &web_sys::HtmlInputElement, done: impl FnOnce(String) + 'static) {
    #[cfg(feature = "hydrate")]
    if let Some(file) = input.files().and_then(|files| files.get(0)) {
        leptos::task::spawn_local(async move {
            if let Ok(text) = wasm_bindgen_futures::JsFuture::from(file.text()).await {
                done(text.as_string().unwrap_or_default());
            }
        });
    }
}

/// Whether a key was pressed where one writes: single letters are text there.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
pub fn is_typing(event: &web_sys::KeyboardEvent) -> bool {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        target.is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
    }
    #[cfg(not(feature = "hydrate"))]
    false
}

/// Puts the focus into the page's search. Whether there is one.
pub fn focus_search() -> bool {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let field = leptos::prelude::document().query_selector("main input[type=search]").ok().flatten();
        field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()).is_some_and(|field| field.focus().is_ok())
    }
    #[cfg(not(feature = "hydrate"))]
    false
}

/// Asks `may_go` before a link to another page is followed, as long as the owner lives. The document hears a click before the router
/// does, which listens to the window.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
pub fn guard_links(may_go: impl Fn() -> bool + 'static) {
    #[cfg(feature = "hydrate")]
    {
        use leptos::prelude::*;
        use wasm_bindgen::prelude::*;
        let heard = Closure::<dyn FnMut(web_sys::MouseEvent)>::new(move |event: web_sys::MouseEvent| {
            let plain = event.button() == 0 && !event.ctrl_key() && !event.meta_key() && !event.shift_key();
            let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let link = element.and_then(|element| element.closest("a[href]").ok().flatten());
            let leaves = link.and_then(|link| link.get_attribute("href")).is_some_and(|href| leaves(&href));
            if plain && leaves && !event.default_prevented() && !may_go() {
                event.prevent_default();
            }
        });
        let _ = document().add_event_listener_with_callback("click", heard.as_ref().unchecked_ref());
        let heard = StoredValue::new_local(Some(heard));
        on_cleanup(move || {
            if let Some(heard) = heard.try_update_value(Option::take).flatten() {
                let _ = document().remove_event_listener_with_callback("click", heard.as_ref().unchecked_ref());
            }
        });
    }
}

/// Whether an address leads away from what is being edited: tabs of the same page keep it.
#[cfg(feature = "hydrate")]
fn leaves(href: &str) -> bool {
    let here = leptos::prelude::window().location().pathname().unwrap_or_default();
    let (path, query) = href.split_once('?').unwrap_or((href, ""));
    !href.starts_with('#') && (path != here || query.contains("version="))
}
