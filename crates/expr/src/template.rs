//! JSON values whose texts may hold `${…}`.
//!
//! A text that is exactly one `${…}` keeps the type of its value; several, or one among other text, are joined as text. `$${` stands
//! for a `${` that is not an expression. A `}` inside a text, list or map of the expression does not end it.

use crate::cache::compile_cached;
use crate::error::{EvalError, ExprError, ExprErrorCode as Code};
use crate::lex;
use crate::limits;
use crate::program::Program;
use crate::scope::Scope;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A JSON value, compiled once and evaluated often.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// No expression anywhere inside: handed out without a copy.
    Literal(Arc<Value>),
    /// A text that is one whole `${…}`.
    Whole(Program),
    /// A text with expressions among other text.
    Text(Vec<Part>),
    /// A list with expressions inside.
    Array(Vec<Template>),
    /// An object with expressions in its values; keys are never expressions.
    Object(Vec<(String, Template)>),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// As it is written.
    Text(String),
    /// The value of an expression, as text.
    Expr(Program),
}

impl Template {
    /// Compiles a value.
    ///
    /// # Errors
    /// The first mistake, with the JSON pointer of the text it is in; its offset counts in that text.
    pub fn parse(value: &Value) -> Result<Self, (String, ExprError)> {
        Self::parse_at(value, &mut String::new(), 0)
    }

    fn parse_at(value: &Value, pointer: &mut String, depth: usize) -> Result<Self, (String, ExprError)> {
        if depth > limits::TEMPLATE_DEPTH {
            return Err((pointer.clone(), lex::too_deep((0, 0))));
        }
        match value {
            Value::String(text) => Self::parse_text(text).map_err(|error| (pointer.clone(), error)),
            Value::Array(list) => {
                let mut parts = Vec::with_capacity(list.len());
                for (n, item) in list.iter().enumerate() {
                    parts.push(within(pointer, &n.to_string(), |pointer| Self::parse_at(item, pointer, depth + 1))?);
                }
                Ok(if parts.iter().all(Self::is_as_written) {
                    Self::Literal(Arc::new(value.clone()))
                } else {
                    Self::Array(parts)
                })
            }
            Value::Object(map) => {
                let mut parts = Vec::with_capacity(map.len());
                for (name, item) in map {
                    parts.push((
                        name.clone(),
                        within(pointer, name, |pointer| Self::parse_at(item, pointer, depth + 1))?,
                    ));
                }
                Ok(if parts.iter().all(|(_, part)| part.is_as_written()) {
                    Self::Literal(Arc::new(value.clone()))
                } else {
                    Self::Object(parts)
                })
            }
            _ => Ok(Self::Literal(Arc::new(value.clone()))),
        }
    }

    /// Compiles one text.
    ///
    /// # Errors
    /// The first mistake, at its place in the text.
    pub fn parse_text(text: &str) -> Result<Self, ExprError> {
        if !text.contains("${") {
            return Ok(Self::Literal(Arc::new(Value::String(text.to_owned()))));
        }
        let mut parts = Vec::new();
        for piece in pieces(text)? {
            match piece {
                Piece::Text(text) => match parts.last_mut() {
                    Some(Part::Text(last)) => last.push_str(text),
                    _ => parts.push(Part::Text(text.to_owned())),
                },
                Piece::Expr { offset, text: inside } => {
                    parts.push(Part::Expr(compile_cached(inside).map_err(|error| error.shifted(offset))?))
                }
            }
        }
        Ok(match parts.as_slice() {
            [Part::Expr(program)] => Self::Whole(program.clone()),
            _ => Self::Text(parts),
        })
    }

    /// Whether the value is handed out exactly as it was given.
    fn is_as_written(&self) -> bool {
        matches!(self, Self::Literal(_))
    }

    /// Whether no expression is inside.
    pub fn is_literal(&self) -> bool {
        self.programs().is_empty()
    }

    /// The value in a scope. A literal is shared, not copied.
    ///
    /// # Errors
    /// Those of the expressions, and the size limit of joined texts.
    pub fn eval(&self, scope: &dyn Scope) -> Result<Arc<Value>, EvalError> {
        match self {
            Self::Literal(value) => Ok(Arc::clone(value)),
            Self::Whole(program) => program.eval_shared(scope),
            _ => self.build(scope).map(Arc::new),
        }
    }

    fn build(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        match self {
            Self::Literal(value) => Ok((**value).clone()),
            Self::Whole(program) => program.eval(scope),
            Self::Text(parts) => join(parts, scope).map(Value::String),
            Self::Array(parts) => {
                parts.iter().map(|part| part.build(scope)).collect::<Result<Vec<_>, _>>().map(Value::Array)
            }
            Self::Object(parts) => {
                let mut object = Map::with_capacity(parts.len());
                for (name, part) in parts {
                    object.insert(name.clone(), part.build(scope)?);
                }
                Ok(Value::Object(object))
            }
        }
    }

    /// The value as an author would write it: compiled again, it is this template.
    pub fn source(&self) -> Value {
        match self {
            Self::Literal(value) => (**value).clone(),
            Self::Whole(program) => Value::String(format!("${{{}}}", program.source())),
            Self::Text(parts) => Value::String(parts.iter().map(Part::source).collect()),
            Self::Array(parts) => Value::Array(parts.iter().map(Self::source).collect()),
            Self::Object(parts) => {
                Value::Object(parts.iter().map(|(name, part)| (name.clone(), part.source())).collect())
            }
        }
    }

    /// Every expression inside, in the order of writing.
    pub fn programs(&self) -> Vec<&Program> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'t>(&'t self, found: &mut Vec<&'t Program>) {
        match self {
            Self::Literal(_) => {}
            Self::Whole(program) => found.push(program),
            Self::Text(parts) => found.extend(parts.iter().filter_map(|part| match part {
                Part::Expr(program) => Some(program),
                Part::Text(_) => None,
            })),
            Self::Array(parts) => parts.iter().for_each(|part| part.collect(found)),
            Self::Object(parts) => parts.iter().for_each(|(_, part)| part.collect(found)),
        }
    }

    /// The root names that the expressions inside read, each once.
    pub fn references(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for program in self.programs() {
            for name in program.references() {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
        names
    }
}

impl Part {
    fn source(&self) -> String {
        match self {
            Self::Expr(program) => format!("${{{}}}", program.source()),
            // A `$` at the end would make one with the `${` behind it.
            Self::Text(text) => match text.strip_suffix('$') {
                Some(text) => format!("{}${{'$'}}", text.replace("${", "$${")),
                None => text.replace("${", "$${"),
            },
        }
    }
}

/// Runs a step with one more token on the JSON pointer.
fn within<R>(pointer: &mut String, token: &str, step: impl FnOnce(&mut String) -> R) -> R {
    let len = pointer.len();
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    let result = step(pointer);
    pointer.truncate(len);
    result
}

fn join(parts: &[Part], scope: &dyn Scope) -> Result<String, EvalError> {
    let mut joined = String::new();
    for part in parts {
        match part {
            Part::Text(text) => joined.push_str(text),
            Part::Expr(program) => match &*program.eval_shared(scope)? {
                Value::String(text) => joined.push_str(text),
                Value::Null => {}
                other => joined.push_str(&other.to_string()),
            },
        }
        if joined.len() > limits::RESULT_BYTES {
            return Err(crate::budget::Spent::Result.error());
        }
    }
    Ok(joined)
}

/// What a text is made of.
enum Piece<'t> {
    Text(&'t str),
    Expr { offset: usize, text: &'t str },
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, ExprError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(mark) = text[at..].find("${") {
        let start = at + mark;
        if found.len() > limits::TEMPLATE_PARTS {
            return Err(ExprError::new(
                Code::TooLarge,
                (start, 2),
                format!("the text has more than {} parts", limits::TEMPLATE_PARTS),
                format!("文本超过 {} 个部分", limits::TEMPLATE_PARTS),
            ));
        }
        if text[..start].ends_with('$') && start > at {
            found.push(Piece::Text(&text[at..start - 1]));
            found.push(Piece::Text("${"));
            at = start + 2;
            continue;
        }
        let end = end_of(text, start)?;
        if start > at {
            found.push(Piece::Text(&text[at..start]));
        }
        found.push(Piece::Expr { offset: start + 2, text: &text[start + 2..end] });
        at = end + 1;
    }
    if at < text.len() {
        found.push(Piece::Text(&text[at..]));
    }
    Ok(found)
}

/// Where the `}` stands that ends the `${` at `start`: past texts, comments, maps and brackets.
fn end_of(text: &str, start: usize) -> Result<usize, ExprError> {
    let mut at = start + 2;
    let mut open = 0usize;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let word = text[..at].chars().next_back().is_some_and(lex::continues_name);
        match c {
            '}' if open == 0 => return Ok(at),
            '{' => open += 1,
            '}' => open -= 1,
            '/' if rest.starts_with("//") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            _ => {}
        }
        let quoted = if matches!(c, '"' | '\'') || !word { lex::text_start(rest) } else { None };
        at = match quoted {
            Some(quote) => lex::text_end(text, at, quote).map_err(|error| ExprError { suggestion: None, ..error })?,
            None => at + c.len_utf8(),
        };
    }
    Err(ExprError::new(
        Code::Unterminated,
        (start, 2),
        "`${` is never closed; write `$${` for the two characters themselves",
        "`${` 没有对应的 `}`；若需要这两个字符本身，请写 `$${`",
    )
    .suggest("$${"))
}

/// The inside of a text that is exactly one `${…}`.
pub(crate) fn whole(text: &str) -> Result<Option<&str>, ExprError> {
    if !text.starts_with("${") {
        return Ok(None);
    }
    let end = end_of(text, 0)?;
    Ok((end + 1 == text.len()).then(|| &text[2..end]))
}

/// A text with the marks of its expressions taken away: what was meant by `${a} && ${b}`.
pub(crate) fn without_marks(text: &str) -> String {
    pieces(text).map_or_else(
        |_| text.to_owned(),
        |pieces| {
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => *text,
                    Piece::Expr { text, .. } => text.trim(),
                })
                .collect()
        },
    )
}
