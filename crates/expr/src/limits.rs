//! The limits of expressions and their reasons. They stand here because this crate is below `heddle-model`.

/// Bytes of one expression. Real conditions are below 300; a parser's work grows with the text.
pub const SOURCE_BYTES: usize = 4 * 1024;
/// Tokens of one expression: a longer chain overflows the stack while it is being parsed.
pub const TOKENS: usize = 500;
/// Depth of the syntax tree: evaluation recurses.
pub const DEPTH: usize = 64;
/// Open brackets within brackets, checked before parsing.
pub const BRACKETS: usize = 48;
/// Nodes of the syntax tree.
pub const NODES: usize = 2_000;
/// `map`, `filter`, `all`, `exists` within each other: three over a hundred elements are a million steps.
pub const COMPREHENSIONS: usize = 2;
/// Elements that one comprehension may run over.
pub const LIST_ELEMENTS: usize = 10_000;
/// Steps of all comprehensions of one evaluation, counted in evaluated nodes: about a fifth of a second, during which other
/// instances of the same lane wait. Ten thousand items with a condition of twenty nodes take a tenth of it.
pub const STEPS: u64 = 2_000_000;
/// Estimated bytes that one evaluation may convert, copy or build.
pub const WORK_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of a result, encoded as JSON.
pub const RESULT_BYTES: usize = 1024 * 1024;
/// Bytes that a compiled regular expression may take.
pub const REGEX_BYTES: usize = 256 * 1024;
/// Parts of one text with `${…}` in it.
pub const TEMPLATE_PARTS: usize = 1_000;
/// Nesting of a template: that of a definition.
pub const TEMPLATE_DEPTH: usize = 64;
/// Compiled programs that the cache keeps.
pub const CACHED_PROGRAMS: usize = 4_096;
/// Stack of a compilation, in bytes: 500 tokens in the parser's worst nesting, in a debug build.
pub const COMPILE_STACK: usize = 64 * 1024 * 1024;
/// Stack of an evaluation, in bytes.
pub const EVAL_STACK: usize = 16 * 1024 * 1024;
