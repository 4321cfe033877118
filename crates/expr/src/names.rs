//! Rewrites what CEL cannot spell into ASCII it can, and keeps the way back.
//!
//! A name in another script, or one that CEL reserves, becomes a placeholder that no author wrote; after parsing the placeholder is
//! read back from the tree. So `金额 > 1000`, `nodes.合并.output` and `items.exists(项, 项.价 > 3)` all work alike, wherever a name
//! may stand. Texts become pure ASCII by escapes, so that positions in bytes and in characters agree.

use crate::error::{ExprError, ExprErrorCode as Code};
use crate::lex::{self, Kind, Token};

/// Names that CEL reserves.
const RESERVED: [&str; 17] = [
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "namespace",
    "package", "return", "var", "void", "while",
];
const LITERALS: [&str; 3] = ["true", "false", "null"];

/// A text that CEL can parse, and the way back to the author's.
#[derive(Debug)]
pub(crate) struct Rewritten {
    /// What the parser reads: ASCII only.
    pub(crate) text: String,
    /// Where each token begins in `text`, and its place in the author's text.
    places: Vec<(usize, Token)>,
    /// Placeholders are this and a number.
    prefix: String,
    names: Vec<String>,
}

impl Rewritten {
    /// The author's name for a name of the tree.
    pub(crate) fn real<'n>(&'n self, name: &'n str) -> &'n str {
        name.strip_prefix(self.prefix.as_str())
            .and_then(|rest| rest.strip_suffix('_'))
            .and_then(|number| number.parse::<usize>().ok())
            .and_then(|number| self.names.get(number))
            .map_or(name, String::as_str)
    }

    /// The token that a place of the rewritten text lies in, by number.
    pub(crate) fn token_at(&self, place: usize) -> usize {
        self.places.partition_point(|(start, _)| *start <= place).saturating_sub(1)
    }

    /// Offset and length in the author's text, from one token to another, both included.
    pub(crate) fn span(&self, first: usize, last: usize) -> (usize, usize) {
        let token = |n: usize| self.places.get(n).or(self.places.last()).map(|(_, token)| *token);
        match (token(first), token(last)) {
            (Some(a), Some(b)) => (a.start, b.end.max(a.end) - a.start),
            _ => (0, 0),
        }
    }
}

/// Rewrites a text that was split into tokens.
pub(crate) fn rewrite(source: &str, tokens: &[Token]) -> Result<Rewritten, ExprError> {
    let mut prefix = "zq".to_owned();
    while source.contains(&prefix) {
        prefix.push('q');
    }
    let mut out = Rewritten {
        text: String::with_capacity(source.len() + tokens.len()),
        places: Vec::with_capacity(tokens.len()),
        prefix,
        names: Vec::new(),
    };
    let mut after_value = false;
    for (n, token) in tokens.iter().enumerate() {
        let previous = n.checked_sub(1).map(|n| tokens[n].text(source));
        let field = n > 0 && tokens[n - 1].kind == Kind::Sign && matches!(previous, Some("." | ".?"));
        out.text.push(' ');
        out.places.push((out.text.len(), *token));
        let text = token.text(source);
        after_value = match token.kind {
            Kind::Name if !field && after_value && text == "in" => {
                out.text.push_str("in");
                false
            }
            _ if token.kind != Kind::Sign && !field && after_value => return Err(missing_operator(source, tokens, n)),
            Kind::Name => {
                refuse_dash(source, tokens, n)?;
                refuse_not(source, tokens, n)?;
                push_name(&mut out, text, field);
                true
            }
            Kind::Number => {
                out.text.push_str(text);
                true
            }
            Kind::Text => {
                push_text(&mut out.text, text, token.start)?;
                true
            }
            Kind::Sign => {
                out.text.push_str(text);
                matches!(text, ")" | "]" | "}")
            }
        };
    }
    Ok(out)
}

fn push_name(out: &mut Rewritten, name: &str, field: bool) {
    let spelled = name.is_ascii() && !RESERVED.contains(&name) && name != "in" && !(field && LITERALS.contains(&name));
    if spelled {
        out.text.push_str(name);
        return;
    }
    let number = out.names.iter().position(|known| known == name).unwrap_or_else(|| {
        out.names.push(name.to_owned());
        out.names.len() - 1
    });
    let placeholder = format!("{}{number}_", out.prefix);
    out.text.push_str(&placeholder);
}

/// Writes a text literal with ASCII only.
fn push_text(out: &mut String, literal: &str, start: usize) -> Result<(), ExprError> {
    use std::fmt::Write as _;
    let Some(quote) = lex::text_start(literal) else { return Ok(()) };
    if literal.is_ascii() {
        out.push_str(literal);
        return Ok(());
    }
    let body = &literal[quote.open..literal.len() - quote.mark.len()];
    out.push_str(if quote.bytes { "b" } else { "" });
    out.push_str(quote.mark);
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        if c.is_ascii() {
            if quote.raw && matches!(c, '\\' | '"' | '\'') {
                out.push('\\');
            }
            out.push(c);
        } else if escaped {
            return Err(ExprError::new(
                Code::Syntax,
                (start + quote.open + at - 1, 1 + c.len_utf8()),
                format!("`\\{c}` is no escape; write `{c}` alone, or `\\\\{c}` for a backslash"),
                format!("`\\{c}` 不是转义，请直接写 `{c}`，需要反斜杠则写 `\\\\{c}`"),
            )
            .suggest(c.to_string()));
        } else if quote.bytes {
            for byte in c.to_string().bytes() {
                let _ = write!(out, "\\x{byte:02x}");
            }
        } else if (c as u32) < 0x1_0000 {
            let _ = write!(out, "\\u{:04x}", c as u32);
        } else {
            let _ = write!(out, "\\U{:08x}", c as u32);
        }
        escaped = c == '\\' && !escaped && !quote.raw;
    }
    out.push_str(quote.mark);
    Ok(())
}

/// `nodes.ship-items` reads as a subtraction, and is never meant as one.
fn refuse_dash(source: &str, tokens: &[Token], n: usize) -> Result<(), ExprError> {
    let text = |n: usize| tokens.get(n).map_or("", |token| token.text(source));
    let root = text(n);
    if !matches!(root, "nodes" | "secrets") || (n > 0 && text(n - 1) == ".") || text(n + 1) != "." {
        return Ok(());
    }
    let mut last = n + 2;
    while text(last + 1) == "-"
        && tokens.get(last + 2).is_some_and(|token| token.kind != Kind::Sign && token.start == tokens[last + 1].end)
        && tokens[last + 1].start == tokens[last].end
    {
        last += 2;
    }
    if last == n + 2 || last >= tokens.len() {
        return Ok(());
    }
    let id = &source[tokens[n + 2].start..tokens[last].end];
    let fixed = format!("{root}[\"{id}\"]");
    let at = (tokens[n].start, tokens[last].end - tokens[n].start);
    Err(ExprError::new(
        Code::DashedName,
        at,
        format!("`{root}.{id}` reads as a subtraction; write `{fixed}`"),
        format!("`{root}.{id}` 会被当作减法，请写 `{fixed}`"),
    )
    .suggest(fixed))
}

/// `not x` of other languages.
fn refuse_not(source: &str, tokens: &[Token], n: usize) -> Result<(), ExprError> {
    let next_is_value =
        tokens.get(n + 1).is_some_and(|next| next.kind != Kind::Sign && !matches!(next.text(source), "in"));
    if tokens[n].text(source) == "not" && next_is_value {
        return Err(
            ExprError::new(Code::Syntax, (tokens[n].start, 3), "`not` is written `!`", "`not` 应写为 `!`").suggest("!")
        );
    }
    Ok(())
}

fn missing_operator(source: &str, tokens: &[Token], n: usize) -> ExprError {
    let token = tokens[n];
    let text = token.text(source);
    let at = (token.start, text.len());
    let sign = match text.to_ascii_lowercase().as_str() {
        "and" | "且" | "并且" => "&&",
        "or" | "或" | "或者" => "||",
        "is" | "eq" | "等于" => "==",
        "ne" | "不等于" => "!=",
        "gt" | "大于" => ">",
        "lt" | "小于" => "<",
        "ge" | "gte" | "大于等于" => ">=",
        "le" | "lte" | "小于等于" => "<=",
        "mod" => "%",
        _ => "",
    };
    if sign.is_empty() {
        let before = tokens[n - 1].text(source);
        return ExprError::new(
            Code::Syntax,
            at,
            format!("an operator is missing between `{before}` and `{text}`"),
            format!("`{before}` 与 `{text}` 之间缺少运算符"),
        );
    }
    ExprError::new(Code::Syntax, at, format!("`{text}` is written `{sign}`"), format!("`{text}` 应写为 `{sign}`"))
        .suggest(sign)
}
