//! The tokens of an expression, before anything recursive looks at it: limits, brackets, and mistakes that people often make.

use crate::error::{ExprError, ExprErrorCode as Code};
use crate::limits;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name in any script, keywords included.
    Name,
    /// A number.
    Number,
    /// A text or bytes literal, with its prefix.
    Text,
    /// An operator or bracket.
    Sign,
}

/// One token: where it stands in the author's text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    pub(crate) fn text<'s>(&self, source: &'s str) -> &'s str {
        &source[self.start..self.end]
    }
}

/// Whether a name may begin with this character.
pub(crate) fn starts_name(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

/// Whether a name may go on with this character: letters, digits and marks of any script.
pub(crate) fn continues_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric() || is_mark(c)
}

/// Combining marks that are neither letters nor digits: accents, viramas, joiners.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5bd}' | '\u{64b}'..='\u{65f}' | '\u{93c}' | '\u{94d}'
        | '\u{9bc}' | '\u{9cd}' | '\u{a3c}' | '\u{a4d}' | '\u{abc}' | '\u{acd}' | '\u{b3c}' | '\u{b4d}' | '\u{bcd}' | '\u{c4d}'
        | '\u{ccd}' | '\u{d4d}' | '\u{dca}' | '\u{e38}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{1039}' | '\u{103a}' | '\u{17d2}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{3099}' | '\u{309a}')
}

/// The ASCII sign that a full-width sign of an input method stands for.
fn half_width(c: char) -> Option<&'static str> {
    Some(match c {
        '（' => "(",
        '）' => ")",
        '【' | '［' => "[",
        '】' | '］' => "]",
        '｛' => "{",
        '｝' => "}",
        '，' | '、' => ",",
        '。' | '．' => ".",
        '：' => ":",
        '？' => "?",
        '！' => "!",
        '＞' | '〉' => ">",
        '＜' | '〈' => "<",
        '＝' => "=",
        '＋' => "+",
        '－' | '—' | '–' => "-",
        '×' | '＊' => "*",
        '÷' | '／' => "/",
        '％' => "%",
        '＆' => "&",
        '｜' => "|",
        '≥' => ">=",
        '≤' => "<=",
        '≠' => "!=",
        '“' | '”' | '„' | '「' | '」' | '＂' => "\"",
        '‘' | '’' | '＇' => "'",
        _ => return None,
    })
}

const SIGNS: [&str; 27] = [
    "&&", "||", "==", "!=", "<=", ">=", ".?", "[?", "+", "-", "*", "/", "%", "<", ">", "!", "(", ")", "[", "]", "{",
    "}", ".", ",", ":", "?", "=",
];

/// Splits a text into tokens; refuses what is too long, too deep, or cannot be a token.
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, ExprError> {
    if source.len() > limits::SOURCE_BYTES {
        return Err(ExprError::new(
            Code::TooLong,
            (0, source.len()),
            format!(
                "the expression has {} bytes; at most {} are allowed: split it into several steps",
                source.len(),
                limits::SOURCE_BYTES
            ),
            format!("表达式有 {} 字节，最多允许 {} 字节，请拆分为多个步骤", source.len(), limits::SOURCE_BYTES),
        ));
    }
    let mut lexer = Lexer { source, at: 0, tokens: Vec::new(), open: Vec::new() };
    while let Some(token) = lexer.next_token()? {
        lexer.push(token)?;
    }
    if let Some(open) = lexer.open.last() {
        return Err(unclosed(source, *open));
    }
    if lexer.tokens.is_empty() {
        return Err(ExprError::new(Code::Empty, (0, source.len()), "the expression is empty", "表达式为空"));
    }
    Ok(lexer.tokens)
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    tokens: Vec<Token>,
    open: Vec<Token>,
}

impl Lexer<'_> {
    fn next_token(&mut self) -> Result<Option<Token>, ExprError> {
        self.skip_blank();
        let Some(c) = self.source[self.at..].chars().next() else { return Ok(None) };
        let start = self.at;
        let kind = if let Some(quote) = text_start(&self.source[start..]) {
            self.at = text_end(self.source, start, quote)?;
            Kind::Text
        } else if starts_name(c) {
            self.take_while(continues_name);
            Kind::Name
        } else if c.is_ascii_digit() || (c == '.' && self.digit_after_dot()) {
            self.number();
            Kind::Number
        } else {
            self.sign(c)?;
            Kind::Sign
        };
        Ok(Some(Token { kind, start, end: self.at }))
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = &self.source[self.at..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']).len();
            self.at += blank;
            if self.source[self.at..].starts_with("//") {
                self.take_while(|c| c != '\n');
            } else if blank == 0 {
                return;
            }
        }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) {
        let rest = &self.source[self.at..];
        self.at += rest.find(|c| !keep(c)).unwrap_or(rest.len());
    }

    /// `.5` is a number unless it follows something that has fields.
    fn digit_after_dot(&self) -> bool {
        let after_value = self
            .tokens
            .last()
            .is_some_and(|last| last.kind != Kind::Sign || matches!(last.text(self.source), ")" | "]" | "}"));
        !after_value && self.source[self.at + 1..].starts_with(|c: char| c.is_ascii_digit())
    }

    fn number(&mut self) {
        if self.source[self.at..].starts_with("0x") || self.source[self.at..].starts_with("0X") {
            self.at += 2;
            self.take_while(|c| c.is_ascii_hexdigit());
        } else {
            self.take_while(|c| c.is_ascii_digit());
            let rest = &self.source.as_bytes()[self.at..];
            if rest.first() == Some(&b'.') && rest.get(1).is_some_and(u8::is_ascii_digit) {
                self.at += 1;
                self.take_while(|c| c.is_ascii_digit());
            }
            let rest = &self.source.as_bytes()[self.at..];
            if matches!(rest.first(), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(rest.get(1), Some(b'+' | b'-')));
                if rest.get(1 + sign).is_some_and(u8::is_ascii_digit) {
                    self.at += 1 + sign;
                    self.take_while(|c| c.is_ascii_digit());
                }
            }
        }
        if self.source[self.at..].starts_with(['u', 'U']) {
            self.at += 1;
        }
    }

    fn sign(&mut self, c: char) -> Result<(), ExprError> {
        let rest = &self.source[self.at..];
        let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) else { return Err(unexpected(self.at, c)) };
        // `a ?.5 : b` and `a[?b ...]`: the optional forms are two signs to a reader as well, so splitting them is harmless.
        if *sign == "=" {
            return Err(ExprError::new(
                Code::Syntax,
                (self.at, 1),
                "`=` assigns nothing here; compare with `==`",
                "`=` 不能用于赋值，比较请写 `==`",
            )
            .suggest("=="));
        }
        self.at += sign.len();
        Ok(())
    }

    fn push(&mut self, token: Token) -> Result<(), ExprError> {
        if self.tokens.len() >= limits::TOKENS {
            return Err(ExprError::new(
                Code::TooManyTokens,
                (token.start, self.source.len() - token.start),
                format!("the expression has more than {} words and signs: split it into several steps", limits::TOKENS),
                format!("表达式超过 {} 个词和符号，请拆分为多个步骤", limits::TOKENS),
            ));
        }
        match token.text(self.source) {
            "(" | "[" | "{" | "[?" if token.kind == Kind::Sign => {
                self.open.push(token);
                if self.open.len() > limits::BRACKETS {
                    return Err(too_deep((token.start, 1)));
                }
            }
            close @ (")" | "]" | "}") if token.kind == Kind::Sign => {
                let want = match self.open.pop().map(|open| open.text(self.source)) {
                    Some("(") => ")",
                    Some("{") => "}",
                    Some(_) => "]",
                    None => "",
                };
                if want != close {
                    return Err(mismatch(token, close, want));
                }
            }
            _ => {}
        }
        self.tokens.push(token);
        Ok(())
    }
}

/// How a text literal that starts here is quoted: the quote, whether it is raw, and the length of its opening.
#[derive(Clone, Copy)]
pub(crate) struct Quote {
    pub(crate) mark: &'static str,
    pub(crate) raw: bool,
    pub(crate) bytes: bool,
    pub(crate) open: usize,
}

/// The quote of the text literal that this text begins with, if it does.
pub(crate) fn text_start(rest: &str) -> Option<Quote> {
    let prefix = rest.bytes().take_while(|b| matches!(b, b'r' | b'R' | b'b' | b'B')).take(2).count();
    let (letters, body) = rest.split_at(prefix);
    let letters = letters.to_ascii_lowercase();
    if !matches!(letters.as_str(), "" | "r" | "b" | "rb" | "br") {
        return None;
    }
    let mark = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|mark| body.starts_with(mark))?;
    Some(Quote { mark, raw: letters.contains('r'), bytes: letters.contains('b'), open: prefix + mark.len() })
}

/// Where the text literal that starts at `start` ends.
pub(crate) fn text_end(source: &str, start: usize, quote: Quote) -> Result<usize, ExprError> {
    let unterminated = || {
        ExprError::new(
            Code::Unterminated,
            (start, source.len() - start),
            "the text has no closing quote",
            "字符串缺少结束引号",
        )
        .suggest(format!("{}{}", &source[start..], quote.mark))
    };
    let mut at = start + quote.open;
    loop {
        let rest = &source[at..];
        if rest.starts_with(quote.mark) {
            return Ok(at + quote.mark.len());
        }
        let c = rest.chars().next().ok_or_else(unterminated)?;
        if quote.mark.len() == 1 && matches!(c, '\n' | '\r') {
            return Err(unterminated());
        }
        at += c.len_utf8();
        if c == '\\' && !quote.raw {
            at += source[at..].chars().next().ok_or_else(unterminated)?.len_utf8();
        }
    }
}

pub(crate) fn too_deep(at: (usize, usize)) -> ExprError {
    ExprError::new(
        Code::TooDeep,
        at,
        format!("the expression is nested deeper than {} levels: split it into several steps", limits::DEPTH),
        format!("表达式嵌套超过 {} 层，请拆分为多个步骤", limits::DEPTH),
    )
}

fn unexpected(at: usize, c: char) -> ExprError {
    if let Some(ascii) = half_width(c) {
        return ExprError::new(
            Code::UnexpectedCharacter,
            (at, c.len_utf8()),
            format!("`{c}` is a full-width sign; write `{ascii}`"),
            format!("`{c}` 是全角符号，请写 `{ascii}`"),
        )
        .suggest(ascii);
    }
    let (en, zh, fix) = match c {
        '&' => ("`&` is written `&&`".to_owned(), "`&` 应写为 `&&`".to_owned(), Some("&&")),
        '|' => ("`|` is written `||`".to_owned(), "`|` 应写为 `||`".to_owned(), Some("||")),
        ';' => ("an expression has no `;`".to_owned(), "表达式中不能有 `;`".to_owned(), Some("")),
        '$' => ("`$` has no meaning inside an expression".to_owned(), "表达式内不能使用 `$`".to_owned(), Some("")),
        c if c.is_control()
            || c.is_whitespace()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}') =>
        {
            (
                format!("an invisible character (U+{:04X}) stands here", c as u32),
                format!("此处有不可见字符（U+{:04X}）", c as u32),
                Some(" "),
            )
        }
        c => (format!("`{c}` has no meaning in an expression"), format!("表达式中不能使用 `{c}`"), None),
    };
    let error = ExprError::new(Code::UnexpectedCharacter, (at, c.len_utf8()), en, zh);
    match fix {
        Some(fix) => error.suggest(fix),
        None => error,
    }
}

fn unclosed(source: &str, open: Token) -> ExprError {
    let sign = open.text(source);
    ExprError::new(
        Code::Unterminated,
        (open.start, sign.len()),
        format!("`{sign}` is never closed"),
        format!("`{sign}` 没有对应的结束括号"),
    )
}

fn mismatch(token: Token, close: &str, want: &str) -> ExprError {
    let at = (token.start, token.end - token.start);
    if want.is_empty() {
        ExprError::new(Code::Syntax, at, format!("`{close}` closes nothing"), format!("`{close}` 没有对应的开始括号"))
            .suggest("")
    } else {
        ExprError::new(
            Code::Syntax,
            at,
            format!("`{close}` stands where `{want}` should"),
            format!("此处应为 `{want}`，而不是 `{close}`"),
        )
        .suggest(want)
    }
}
