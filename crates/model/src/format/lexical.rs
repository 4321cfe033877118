//! Makes `${…}` safe for a YAML parser, without moving a character.
//!
//! YAML gives `{`, `}`, `,`, `: ` and ` #` a meaning of their own, so that `{ total: ${a + b} }` and `when: ${x ? 1 : 2}` are not
//! YAML as they stand. Before parsing, such characters inside a `${…}` of one line are replaced by private ones that the text does
//! not use, one for one; after parsing they are put back. Lines and columns stay those of the author. Quoted texts, comments and
//! block texts are left alone: there the characters mean nothing to YAML.

use crate::limits;

/// The characters that are replaced, in the order of their stand-ins.
const SPECIAL: [char; 10] = ['{', '}', '[', ']', ',', ':', '#', '&', '*', '!'];
const FIRST_PRIVATE: u32 = 0xf_0000;
const LAST_PRIVATE: u32 = 0xf_fff0;

/// The stand-ins of one text.
#[derive(Debug, Clone, Copy)]
pub(super) struct StandIns {
    base: u32,
}

impl StandIns {
    /// Puts the author's characters back.
    pub(super) fn restore(self, text: std::borrow::Cow<'_, str>) -> String {
        let has_any = text.chars().any(|c| self.index(c).is_some());
        if !has_any {
            return text.into_owned();
        }
        text.chars().map(|c| self.index(c).map_or(c, |index| SPECIAL[index])).collect()
    }

    fn index(self, c: char) -> Option<usize> {
        let offset = (c as u32).checked_sub(self.base)? as usize;
        (offset < SPECIAL.len()).then_some(offset)
    }

    fn stand_in(self, c: char) -> char {
        let index = SPECIAL.iter().position(|&special| special == c);
        index.and_then(|index| char::from_u32(self.base + index as u32)).unwrap_or(c)
    }
}

/// The text with its expressions made safe; `None` where nothing had to be replaced.
pub(super) fn shield(text: &str) -> Option<(String, StandIns)> {
    if !text.contains("${") {
        return None;
    }
    let stand_ins = StandIns { base: unused(text)? };
    let mut out = String::with_capacity(text.len() + 64);
    let mut state = State::default();
    for line in text.split_inclusive('\n') {
        shield_line(line, &mut state, stand_ins, &mut out);
    }
    Some((out, stand_ins))
}

/// The first private range that the text does not use.
fn unused(text: &str) -> Option<u32> {
    let used: std::collections::BTreeSet<u32> =
        text.chars().map(|c| c as u32).filter(|c| (FIRST_PRIVATE..=0xf_ffff).contains(c)).collect();
    (FIRST_PRIVATE..LAST_PRIVATE).step_by(16).find(|&base| used.range(base..base + 16).next().is_none())
}

#[derive(Default)]
struct State {
    /// Inside a quoted text that began with this character.
    quote: Option<char>,
    /// Inside a block text whose lines are indented by more than this.
    block: Option<usize>,
}

fn shield_line(line: &str, state: &mut State, stand_ins: StandIns, out: &mut String) {
    if let Some(indent) = state.block {
        let content = line.trim_start_matches(' ');
        if content.trim().is_empty() || line.len() - content.len() > indent {
            out.push_str(line);
            return;
        }
        state.block = None;
    }
    let chars: Vec<char> = line.chars().collect();
    let mut at = 0;
    // What came before in this line, blanks left out: tells whether a value can begin here.
    let mut before: Option<char> = None;
    let mut unclosed = 0;
    while at < chars.len() {
        let c = chars[at];
        if let Some(quote) = state.quote {
            at = inside_quote(&chars, at, quote, state, out);
            before = Some(quote);
            continue;
        }
        let can_begin = before.is_none_or(|b| matches!(b, ':' | ',' | '[' | '{' | '-' | '?'));
        let after_blank = at == 0 || chars[at - 1].is_whitespace();
        match c {
            '"' | '\'' if can_begin => state.quote = Some(c),
            '#' if after_blank => {
                out.extend(&chars[at..]);
                return;
            }
            '|' | '>' if can_begin && is_block_header(&chars[at..]) => {
                state.block = Some(parent_indent(&chars[..at]));
                out.extend(&chars[at..]);
                return;
            }
            '$' if chars.get(at + 1) == Some(&'{') && unclosed < limits::UNCLOSED_PER_LINE => {
                let end = closing(&chars, at + 2);
                unclosed += usize::from(end.is_none());
                if let Some(end) = end {
                    out.push('$');
                    out.extend(chars[at + 1..=end].iter().map(|&c| stand_ins.stand_in(c)));
                    at = end + 1;
                    before = Some('}');
                    continue;
                }
            }
            _ => {}
        }
        out.push(c);
        // A tag or an anchor stands before a value and changes nothing, as a blank does.
        let changes_nothing = c.is_whitespace() || (matches!(c, '!' | '&') && can_begin);
        if !changes_nothing {
            before = Some(c);
        }
        at += 1;
    }
}

fn inside_quote(chars: &[char], at: usize, quote: char, state: &mut State, out: &mut String) -> usize {
    let c = chars[at];
    out.push(c);
    let next = chars.get(at + 1);
    match c {
        '\\' if quote == '"' => {
            if let Some(&escaped) = next {
                out.push(escaped);
                return at + 2;
            }
        }
        '\'' if quote == '\'' && next == Some(&'\'') => {
            out.push('\'');
            return at + 2;
        }
        _ if c == quote => state.quote = None,
        _ => {}
    }
    at + 1
}

/// The place of the `}` that closes the expression, in the same line; CEL texts are skipped.
fn closing(chars: &[char], from: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = from;
    while at < chars.len() {
        match chars[at] {
            '\n' | '\r' => return None,
            quote @ ('"' | '\'') => {
                at += 1;
                while at < chars.len() && chars[at] != quote {
                    at += if chars[at] == '\\' { 2 } else { 1 };
                }
            }
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// `|`, `>` with indicators, then nothing but a comment.
fn is_block_header(rest: &[char]) -> bool {
    let after: String = rest[1..].iter().collect();
    let tail = after.trim_start_matches(|c: char| c == '+' || c == '-' || c.is_ascii_digit());
    let trimmed = tail.trim();
    trimmed.is_empty() || (tail.starts_with([' ', '\t']) && trimmed.starts_with('#'))
}

/// The indentation of the node that a block text belongs to.
fn parent_indent(before: &[char]) -> usize {
    let mut column = 0;
    let mut dash = None;
    while column < before.len() {
        match before[column] {
            ' ' => column += 1,
            '-' | '?' if before.get(column + 1).is_none_or(|c| c.is_whitespace()) => {
                dash = Some(column);
                column += 1;
            }
            _ => return column,
        }
    }
    dash.unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shielded(text: &str) -> String {
        let (out, stand_ins) = shield(text).unwrap();
        assert_eq!(out.chars().count(), text.chars().count(), "no character moves");
        assert_eq!(stand_ins.restore(out.as_str().into()), text, "all come back");
        out.chars().map(|c| if stand_ins.index(c).is_some() { '·' } else { c }).collect()
    }

    #[test]
    fn expressions_are_shielded_where_yaml_would_read_them() {
        assert_eq!(shielded("{ total: ${amount + shipping} }"), "{ total: $·amount + shipping· }");
        assert_eq!(shielded("when: ${x ? {'a': 1} : [2, 3]}"), "when: $·x ? ·'a'· 1· · ·2· 3··");
        assert_eq!(shielded("a: ${x == \"}\" # no\n}"), "a: ${x == \"}\" # no\n}");
        assert_eq!(shielded("a: ${s == '}'}, b"), "a: $·s == '·'·, b");
        assert_eq!(shielded("- [${金额}, ${b}]"), "- [$·金额·, $·b·]");
    }

    #[test]
    fn quotes_comments_and_block_texts_are_left_alone() {
        for text in [
            "a: \"${b: c}\"", "a: 'it''s ${b, c}'", "a: 1 # ${b, c}", "# ${b, c}\na: 1", "a: |\n  ${b, c}\n",
            "- k: >-\n    it's ${b: c}\n", "[\"${\", \"}\"]", "a: \"x\n  ${b: c}\"",
        ] {
            assert_eq!(shielded(text), text);
        }
        assert_eq!(shielded("a: |\n  it's \"open\nb: ${x ? 1 : 2}"), "a: |\n  it's \"open\nb: $·x ? 1 · 2·");
        assert_eq!(shielded("- a: |\n    text\n  b: ${x ? 1 : 2}"), "- a: |\n    text\n  b: $·x ? 1 · 2·");
        assert_eq!(shielded("say: it's ${a: b}"), "say: it's $·a· b·");
    }

    #[test]
    fn private_characters_of_the_author_are_kept() {
        let text = "a: \u{f0000}${b, c}\u{f0001}";
        let (out, stand_ins) = shield(text).unwrap();
        assert_eq!(stand_ins.restore(out.into()), text);
    }
}
