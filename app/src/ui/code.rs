//! JSON as people read it: indented and coloured, in slices where it is long.

use leptos::prelude::*;
use serde_json::Value;

/// Characters that are shown of one value; the whole of it is one click away.
const SLICE: usize = 16_384;

/// A value with two spaces of indent.
pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A piece of JSON text and its class.
type Piece = (&'static str, String);

/// Cuts printed JSON into coloured pieces. Total: any text gives pieces that join to it again.
fn pieces(text: &str) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (class, end) = match first {
            '"' => {
                let end = string_end(rest);
                (if rest[end..].trim_start().starts_with(':') { "tok-key" } else { "tok-str" }, end)
            }
            '-' | '0'..='9' => (
                "tok-num",
                rest.find(|c: char| !matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9')).unwrap_or(rest.len()),
            ),
            't' | 'f' | 'n' => ("tok-name", rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())),
            _ => ("", rest.find(|c: char| matches!(c, '"' | '-' | '0'..='9' | 't' | 'f' | 'n')).unwrap_or(rest.len())),
        };
        let end = end.max(first.len_utf8());
        out.push((class, rest[..end].to_owned()));
        rest = &rest[end..];
    }
    out
}

/// Where the string that opens the text ends.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A JSON value.
#[component]
pub fn JsonView(
    /// The value.
    value: Value,
) -> impl IntoView {
    let text = pretty(&value);
    let whole = RwSignal::new(false);
    let long = text.len() > SLICE;
    let shown = move || {
        let end = if long && !whole.get() {
            (0..=SLICE).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
        } else {
            text.len()
        };
        pieces(&text[..end]).into_iter().map(|(class, piece)| view! { <span class=class>{piece}</span> }).collect_view()
    };
    view! {
        <pre class="code code--block json" tabindex="0">{shown}</pre>
        {long.then(|| view! {
            <button class="btn btn--s" type="button" hidden=move || whole.get() on:click=move |_| whole.set(true)>"…"</button>
        })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_text_and_know_their_kind() {
        let text = pretty(&serde_json::json!({"金额": 12.5, "a\"b": ["x", true, null, -1e-9], "": {}}));
        let cut = pieces(&text);
        assert_eq!(cut.iter().map(|(_, piece)| piece.as_str()).collect::<String>(), text);
        assert!(cut.contains(&("tok-key", "\"金额\"".to_owned())));
        assert!(cut.contains(&("tok-num", "12.5".to_owned())));
        assert!(cut.contains(&("tok-name", "null".to_owned())));
    }

    #[test]
    fn any_text_is_cut() {
        for text in ["", "\"open", "nonsense → 文", "\\\"", "tttt1e"] {
            assert_eq!(pieces(text).iter().map(|(_, piece)| piece.as_str()).collect::<String>(), text);
        }
    }
}
