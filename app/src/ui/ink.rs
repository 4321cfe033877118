//! Colours of a definition's text: keys, strings, numbers, expressions, comments. Pure, and total: the pieces join to the text again.
//!
//! Good enough for YAML and JSON as people write them; it decides nothing but colours.

/// Longest text that is coloured; a longer one is shown plain, so that typing stays quick.
pub const LONGEST: usize = 64 * 1024;

/// A piece and its class.
type Piece<'a> = (&'static str, &'a str);

/// The coloured text as HTML. One string rather than a view per piece: a browser reads thousands of pieces in a millisecond that way,
/// and needs a second to patch them one by one.
pub fn ink_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 3);
    for (class, piece) in ink(text) {
        if class.is_empty() {
            escape(piece, &mut html);
        } else {
            html.push_str("<span class=\"");
            html.push_str(class);
            html.push_str("\">");
            escape(piece, &mut html);
            html.push_str("</span>");
        }
    }
    html
}

/// Writes text so that HTML reads it as that text: outside attributes these three are all that matter.
fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            c => html.push(c),
        }
    }
}

/// Cuts a text into coloured pieces.
fn ink(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    for line in text.split_inclusive('\n') {
        cut_line(line, &mut out);
    }
    out
}

fn cut_line<'a>(line: &'a str, out: &mut Vec<Piece<'a>>) {
    let mut rest = line;
    // A word before a colon is a key, at the start of a line or after `{`, `,` or `- `.
    let mut may_be_key = true;
    while let Some(first) = rest.chars().next() {
        let (class, length) = match first {
            '#' if may_be_key || rest.len() == line.len() || line[..line.len() - rest.len()].ends_with(' ') => {
                ("tok-note", rest.trim_end_matches('\n').len())
            }
            '$' if rest.starts_with("${") => ("tok-brace", rest.find('}').map_or(rest.len(), |at| at + 1)),
            '"' | '\'' => {
                let length = quoted(rest, first);
                (if is_key(&rest[length..]) { "tok-key" } else { "tok-str" }, length)
            }
            '{' | '}' | '[' | ']' | ',' => ("tok-punct", 1),
            ' ' | '\n' | '\r' | '\t' => ("", rest.len() - rest.trim_start().len()),
            '-' if rest[1..].starts_with(' ') => ("tok-punct", 1),
            _ => word(rest, may_be_key),
        };
        let length = if length == 0 { first.len_utf8() } else { length };
        let piece = &rest[..length];
        may_be_key = match class {
            "" => may_be_key,
            "tok-punct" => !piece.starts_with([']', '}']),
            _ => false,
        };
        out.push((class, piece));
        rest = &rest[length..];
    }
}

/// Whether what follows makes the piece before it a key.
fn is_key(after: &str) -> bool {
    after.strip_prefix(':').is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n', '\r']))
}

/// Length of a quoted text, its end included.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return at,
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A bare word up to the next sign that ends it.
fn word(text: &str, may_be_key: bool) -> (&'static str, usize) {
    if may_be_key
        && let Some(at) = text.find([':', ',', '{', '}', '[', ']', '\n', '"']).filter(|at| is_key(&text[*at..]))
    {
        return ("tok-key", at);
    }
    let end = text.find(['$', ',', '{', '}', '[', ']', '\n', '#', ' ']).unwrap_or(text.len());
    let piece = text[..end].trim_end();
    let class = match piece {
        "true" | "false" | "null" => "tok-name",
        _ if piece.parse::<f64>().is_ok() => "tok-num",
        _ => "tok-str",
    };
    (if text.starts_with(':') { "tok-punct" } else { class }, if text.starts_with(':') { 1 } else { piece.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(text: &str) -> Vec<(&'static str, &str)> {
        ink(text).into_iter().filter(|(class, _)| !matches!(*class, "" | "tok-punct")).collect()
    }

    #[test]
    fn yaml_in_both_scripts() {
        assert_eq!(
            classes("name: 示例 # 注\n  - { id: 判断, \"条件\": \"a: b\", n: 1.5 }"),
            [
                ("tok-key", "name"),
                ("tok-str", "示例"),
                ("tok-note", "# 注"),
                ("tok-key", "id"),
                ("tok-str", "判断"),
                ("tok-key", "\"条件\""),
                ("tok-str", "\"a: b\""),
                ("tok-key", "n"),
                ("tok-num", "1.5"),
            ]
        );
        assert_eq!(classes("when: ${金额 > 1000}"), [("tok-key", "when"), ("tok-brace", "${金额 > 1000}")]);
        assert_eq!(classes("url: https://x.example/a"), [("tok-key", "url"), ("tok-str", "https://x.example/a")]);
    }

    #[test]
    fn no_text_becomes_markup() {
        let html = ink_html("a: <script>alert(\"&lt;\")</script> # <b>\n\"<i>\": 1");
        assert_eq!(
            html.matches('<').count(),
            html.matches("<span class=\"tok-").count() + html.matches("</span>").count()
        );
        assert!(html.contains("&amp;lt;"), "{html}");
    }

    #[test]
    fn any_text_joins_to_itself() {
        let hostile = [
            "", "\n\n", "\"open\nnext: 1", "${", ":", "::: :", "- - -", "a:b: c", "#", "'it''s'", "键：值", "{[,]}",
            "\t x :y", "\\\"", "- ${a}${b}: c", "\r\n a: b\r\n",
        ];
        for text in hostile
            .into_iter()
            .map(str::to_owned)
            .chain(crate::examples::EXAMPLES.map(|example| example.yaml.to_owned()))
        {
            assert_eq!(ink(&text).into_iter().map(|(_, piece)| piece).collect::<String>(), text);
        }
    }
}
