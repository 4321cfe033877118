//! Texts as YAML scalars: plain where every YAML reader takes them for the same text, else quoted; several lines as a block.

use crate::format::scalar::resolve;

/// Where a scalar stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// A value on a line of its own, indented by this.
    Block(usize),
    /// Inside `{…}` or `[…]`.
    Flow,
    /// A key.
    Key,
}

/// The text as a scalar.
pub(super) fn text(text: &str, context: Context) -> String {
    if is_plain(text, context) {
        return text.to_owned();
    }
    match context {
        Context::Block(indent) if fits_block(text) => block(text, indent),
        _ => quoted(text),
    }
}

/// Whether it means the same text unquoted, by the rules of YAML 1.1 and 1.2 and in this context.
fn is_plain(text: &str, context: Context) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let indicators = "-?:,[]{}#&*!|>'\"%@`=<";
    if indicators.contains(first) || text.starts_with(' ') || text.ends_with(' ') || text.ends_with(':') {
        return false;
    }
    if text.contains(": ") || text.contains(" #") || !text.chars().all(is_printable) {
        return false;
    }
    // An expression's opening brace would be taken together with a brace that belongs to YAML.
    if text.contains("${") && (context == Context::Key || !is_balanced(text)) {
        return false;
    }
    // A colon without a blank is no key in block context, but old readers take it for one in flow context.
    if context == Context::Flow && text.contains([',', '[', ']', '{', '}', ':']) {
        return false;
    }
    // A key of more than a line's length may not be plain.
    if context == Context::Key && text.len() > 128 {
        return false;
    }
    resolve(text).is_none() && !is_old_word(text) && !starts_like_a_number(text) && text != "---" && text != "..."
}

/// Printable for YAML and visible for people: no controls, no separators of lines, no marks of order.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        && (c == ' ' || !c.is_whitespace())
}

/// Booleans and nulls of YAML 1.1.
fn is_old_word(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "~" | "=" | "<<"
    )
}

/// Numbers with underscores, sexagesimal numbers and dates of YAML 1.1.
fn starts_like_a_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let begins =
        unsigned.starts_with(|c: char| c.is_ascii_digit()) || (unsigned.starts_with('.') && unsigned.len() > 1);
    // Two points are a version or an address to everybody.
    if unsigned.matches('.').count() > 1 && unsigned.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return false;
    }
    let is_hexadecimal = unsigned.starts_with("0x") || unsigned.starts_with("0b") || unsigned.starts_with("0o");
    // An exponent, a date with its `T` and `Z`; `1d` and `20s` are none of these.
    let fits = |c: char| {
        c.is_ascii_digit() || matches!(c, '_' | '.' | ':' | '-' | '+' | 'T' | 'Z' | 't' | 'z' | ' ' | 'e' | 'E')
    };
    begins && (is_hexadecimal || unsigned.chars().all(fits))
}

fn is_balanced(text: &str) -> bool {
    let open = text.matches('{').count();
    open == text.matches('}').count() && !text.contains(['"', '\''])
}

/// In single quotes where nothing needs an escape, else in double ones.
fn quoted(text: &str) -> String {
    if text.chars().all(is_printable) && !text.contains('\'') && (text.contains('"') || text.contains('\\')) {
        return format!("'{text}'");
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c if (c as u32) <= 0xff => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if (c as u32) <= 0xffff => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push('"');
    out
}

/// Whether a block text gives exactly this text back.
fn fits_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with(['\n', ' ', '\t'])
        && !text.ends_with("\n\n")
        && text.chars().all(|c| c == '\n' || is_printable(c))
        && text.split('\n').all(|line| line.is_empty() || !line.trim_end().is_empty())
}

fn block(text: &str, indent: usize) -> String {
    let (head, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text),
    };
    let pad = " ".repeat(indent);
    let mut out = String::from(head);
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&pad);
            out.push_str(line);
        }
    }
    out
}
