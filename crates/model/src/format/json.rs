//! JSON to a tree with places. An own reader, because the usual ones tell no positions of values and let a key stand twice.

use super::scalar::{self, Numeral};
use super::tree::{Entry, Insets, Place, Reading, Spanned, Tree};
use super::yaml::problem;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits;
use std::collections::HashMap;

/// Reads a text. `None` with a problem where it is not JSON; problems that leave a tree (a key that stands twice) come with it.
pub(super) fn read(text: &str) -> Reading {
    let mut reader = Reader {
        bytes: text.as_bytes(),
        text,
        at: 0,
        place: Place { line: 1, column: 1 },
        values: 0,
        diagnostics: Vec::new(),
        insets: Insets::new(),
    };
    let result = reader.document();
    let Reader { mut diagnostics, insets, .. } = reader;
    let tree = result.map_err(|problem| diagnostics.push(*problem)).ok();
    Reading { tree, diagnostics, insets }
}

type Read<T> = Result<T, Box<Diagnostic>>;

struct Reader<'t> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
    place: Place,
    values: usize,
    diagnostics: Vec<Diagnostic>,
    insets: Insets,
}

impl Reader<'_> {
    fn document(&mut self) -> Read<Spanned> {
        self.blanks();
        let tree = self.value(0)?;
        self.blanks();
        if self.at < self.bytes.len() {
            return Err(self.wrong("json_after"));
        }
        Ok(tree)
    }

    fn value(&mut self, depth: usize) -> Read<Spanned> {
        self.values += 1;
        let place = self.place;
        if self.values > limits::YAML_EVENTS {
            return Err(Box::new(problem(Code::TooManyValues, place).with("limit", limits::YAML_EVENTS)));
        }
        let tree = match self.peek() {
            Some(b'{' | b'[') if depth >= limits::DOCUMENT_DEPTH => {
                return Err(Box::new(problem(Code::TooDeep, place).with("limit", limits::DOCUMENT_DEPTH)));
            }
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Tree::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Tree::Bool(true))?,
            Some(b'f') => self.word("false", Tree::Bool(false))?,
            Some(b'n') => self.word("null", Tree::Null)?,
            _ => return Err(self.wrong("json_value")),
        };
        Ok(Spanned { place, tree })
    }

    fn map(&mut self, depth: usize) -> Read<Tree> {
        self.bump();
        self.blanks();
        let (mut entries, mut seen) = (Vec::<Entry>::new(), HashMap::<String, u32>::new());
        if self.eat(b'}') {
            return Ok(Tree::Map(entries));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("json_string"));
            }
            let place = self.place;
            let key = self.string()?;
            self.blanks();
            if !self.eat(b':') {
                return Err(self.wrong("colon"));
            }
            self.blanks();
            let value = self.value(depth + 1)?;
            if let Some(first) = seen.get(&key) {
                self.tell(problem(Code::DuplicateKey, place).with("key", &key).with("first", first));
            } else {
                seen.insert(key.clone(), place.line);
                entries.push(Entry { key, place, value });
            }
            self.blanks();
            if self.eat(b'}') {
                return Ok(Tree::Map(entries));
            }
            if !self.eat(b',') {
                return Err(self.wrong("comma"));
            }
            self.blanks();
        }
    }

    fn list(&mut self, depth: usize) -> Read<Tree> {
        self.bump();
        self.blanks();
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(Tree::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.eat(b']') {
                return Ok(Tree::List(items));
            }
            if !self.eat(b',') {
                return Err(self.wrong("comma"));
            }
            self.blanks();
        }
    }

    fn string(&mut self) -> Read<String> {
        let opened = self.place;
        self.bump();
        let begun = self.at;
        let mut text = String::new();
        loop {
            let from = self.at;
            while self.peek().is_some_and(|b| b != b'"' && b != b'\\' && b >= 0x20) {
                self.bump();
            }
            text.push_str(&self.text[from..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.bump();
                    // The source, quotes left out, is the text exactly where nothing was escaped.
                    if text.contains('$') && self.at - begun == text.len() + 1 {
                        self.insets.insert(opened, 1);
                    }
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.wrong("json_control")),
                None => return Err(Box::new(problem(Code::Syntax, opened).with_term("problem", "unclosed_quote"))),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let begun = self.place;
        self.bump();
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.bump();
                return self.unicode(begun);
            }
            _ => return Err(Box::new(problem(Code::Syntax, begun).with_term("problem", "escape"))),
        };
        self.bump();
        Ok(c)
    }

    fn unicode(&mut self, begun: Place) -> Read<char> {
        let wrong = |term| Box::new(problem(Code::Syntax, begun).with_term("problem", term));
        let mut code = self.hex().ok_or_else(|| wrong("escape"))?;
        if (0xd800..0xdc00).contains(&code) {
            if !(self.eat(b'\\') && self.eat(b'u')) {
                return Err(wrong("surrogate"));
            }
            let low = self.hex().ok_or_else(|| wrong("escape"))?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(wrong("surrogate"));
            }
            code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        let c = char::from_u32(code).ok_or_else(|| wrong("surrogate"))?;
        if c == '\0' {
            self.tell(problem(Code::ControlCharacter, begun).with("character", "U+0000"));
        }
        Ok(c)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        (0..4).for_each(|_| self.bump());
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Read<Tree> {
        let (from, place) = (self.at, self.place);
        while self.peek().is_some_and(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
            self.bump();
        }
        let text = &self.text[from..self.at];
        if !is_json_number(text) {
            return Err(Box::new(problem(Code::Syntax, place).with_term("problem", "json_number")));
        }
        Ok(match scalar::numeral(text) {
            Some(Numeral::Number(number)) => {
                let written = (number.to_string() != text).then(|| text.into());
                Tree::Number(number, written)
            }
            Some(Numeral::Inexact(number)) => {
                self.tell(problem(Code::InexactNumber, place).with("number", text).with("kept", &number));
                Tree::Number(number, Some(text.into()))
            }
            _ => {
                self.tell(problem(Code::NotFinite, place).with("number", text));
                Tree::Null
            }
        })
    }

    fn word(&mut self, word: &str, tree: Tree) -> Read<Tree> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.wrong("json_value"));
        }
        (0..word.len()).for_each(|_| self.bump());
        Ok(tree)
    }

    fn tell(&mut self, problem: Diagnostic) {
        if self.diagnostics.len() < limits::DIAGNOSTICS_GATHERED {
            self.diagnostics.push(problem);
        }
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            self.bump();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.bump();
        }
        there
    }

    fn bump(&mut self) {
        let Some(&byte) = self.bytes.get(self.at) else { return };
        self.at += 1;
        match byte {
            b'\n' => self.place = Place { line: self.place.line + 1, column: 1 },
            // A lone carriage return ends a line too; before a line feed it is part of that end.
            b'\r' if self.peek() != Some(b'\n') => self.place = Place { line: self.place.line + 1, column: 1 },
            // Bytes that continue a character are no columns of their own.
            0x80..=0xbf => {}
            _ => self.place.column += 1,
        }
    }

    fn wrong(&self, term: &str) -> Box<Diagnostic> {
        Box::new(problem(Code::Syntax, self.place).with_term("problem", term))
    }
}

fn is_json_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}
