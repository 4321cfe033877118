//! What can be wrong with an expression: when it is written (`ExprError`) and when it is evaluated (`EvalError`).
//!
//! Every error says what, where and how to mend, in English and 中文.

use std::fmt;

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant,)* }
        impl $name {
            /// The code as it is written in JSON and in the docs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

codes! {
    /// Why a text is not an expression.
    ExprErrorCode {
        /// Nothing is written.
        Empty = "empty",
        /// More bytes than [`crate::limits::SOURCE_BYTES`].
        TooLong = "too_long",
        /// More tokens than [`crate::limits::TOKENS`].
        TooManyTokens = "too_many_tokens",
        /// Nested deeper than [`crate::limits::DEPTH`].
        TooDeep = "too_deep",
        /// More nodes than [`crate::limits::NODES`].
        TooLarge = "too_large",
        /// More than [`crate::limits::COMPREHENSIONS`] comprehensions within each other.
        NestedComprehensions = "nested_comprehensions",
        /// A character that no expression has.
        UnexpectedCharacter = "unexpected_character",
        /// A text, bracket or `${` without its end.
        Unterminated = "unterminated",
        /// Not the grammar of CEL.
        Syntax = "syntax",
        /// A function that does not exist.
        UnknownFunction = "unknown_function",
        /// A function with arguments it does not take.
        WrongArguments = "wrong_arguments",
        /// An id with `-` written bare, which reads as a subtraction.
        DashedName = "dashed_name",
        /// A name that is not in scope.
        UnknownName = "unknown_name",
        /// Part of CEL that workflows do not have.
        Unsupported = "unsupported",
    }
}

codes! {
    /// Why an evaluation gave no value.
    EvalErrorCode {
        /// A variable, node or other root name that does not exist.
        UnknownName = "unknown_name",
        /// A field or key that does not exist.
        MissingField = "missing_field",
        /// Values of types that do not go together.
        Type = "type",
        /// A limit of [`crate::limits`].
        Limit = "limit",
        /// A division by zero.
        DivisionByZero = "division_by_zero",
        /// A number too large for its type.
        Overflow = "overflow",
        /// An index outside its list.
        Index = "index",
        /// A function refused an argument.
        InvalidArgument = "invalid_argument",
        /// A result that JSON cannot hold (infinity, not-a-number).
        NotANumber = "not_a_number",
        /// A function that does not exist here.
        Unsupported = "unsupported",
        /// A mistake of this crate.
        Internal = "internal",
    }
}

/// Something wrong in the text of an expression.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ExprError {
    /// What kind of mistake it is.
    pub code: ExprErrorCode,
    /// What is wrong and how to mend it, in English.
    pub message_en: String,
    /// The same in 中文.
    pub message_zh: String,
    /// Where it begins: bytes from the start of the author's text.
    pub offset: usize,
    /// How many bytes of the author's text are meant.
    pub len: usize,
    /// A text that may stand in place of the bytes meant.
    pub suggestion: Option<String>,
}

impl ExprError {
    pub(crate) fn new(code: ExprErrorCode, at: (usize, usize), en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { code, message_en: en.into(), message_zh: zh.into(), offset: at.0, len: at.1, suggestion: None }
    }

    pub(crate) fn suggest(mut self, text: impl Into<String>) -> Self {
        self.suggestion = Some(text.into());
        self
    }

    /// The same error in a text in which the expression begins at `by`.
    pub fn shifted(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }

    /// The message in the language of a locale such as `en` or `zh-CN`.
    pub fn message(&self, locale: &str) -> &str {
        if locale.starts_with("zh") { &self.message_zh } else { &self.message_en }
    }
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.message_en, self.offset)
    }
}

impl std::error::Error for ExprError {}

/// Why an evaluation gave no value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EvalError {
    /// What kind of failure it is.
    pub code: EvalErrorCode,
    /// What failed and how to mend it, in English.
    pub message_en: String,
    /// The same in 中文.
    pub message_zh: String,
    /// The part of the author's text that failed, where it is known: offset and length in bytes.
    pub at: Option<(usize, usize)>,
    /// The text of the expression.
    pub expression: String,
}

impl EvalError {
    pub(crate) fn new(code: EvalErrorCode, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { code, message_en: en.into(), message_zh: zh.into(), at: None, expression: String::new() }
    }

    pub(crate) fn limit(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self::new(EvalErrorCode::Limit, en, zh)
    }

    pub(crate) fn at(mut self, at: (usize, usize)) -> Self {
        self.at = Some(at);
        self
    }

    pub(crate) fn within(mut self, expression: &str) -> Self {
        if self.expression.is_empty() {
            self.expression = expression.to_owned();
        }
        self
    }

    /// The message in the language of a locale such as `en` or `zh-CN`.
    pub fn message(&self, locale: &str) -> &str {
        if locale.starts_with("zh") { &self.message_zh } else { &self.message_en }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in `{}`", self.message_en, self.expression)
    }
}

impl std::error::Error for EvalError {}
