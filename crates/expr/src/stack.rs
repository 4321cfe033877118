//! Enough stack for the parser and the interpreter, which recurse.

use crate::limits;

/// Runs `work` with the stack of a compilation. Small sources stay on the caller's stack where it has room.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn compile<R>(tokens: usize, work: impl FnOnce() -> R) -> R {
    // The parser takes up to 100 KiB per token in a debug build.
    let need = (tokens * 100 * 1024).clamp(1024 * 1024, limits::COMPILE_STACK / 2);
    stacker::maybe_grow(need, limits::COMPILE_STACK, work)
}

/// Runs `work` with the stack of an evaluation.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn eval<R>(depth: usize, work: impl FnOnce() -> R) -> R {
    // The interpreter takes up to 16 KiB per level of the lowered tree; converting and comparing values takes the rest.
    let need = (depth * 16 * 1024 + 128 * 1024).min(limits::EVAL_STACK / 2);
    stacker::maybe_grow(need, limits::EVAL_STACK, work)
}

/// In the browser the stack is fixed at link time (8 MiB), which holds the worst text of the corpus.
#[cfg(target_arch = "wasm32")]
pub(crate) fn compile<R>(_tokens: usize, work: impl FnOnce() -> R) -> R {
    let _ = limits::COMPILE_STACK;
    work()
}

/// In the browser the stack is fixed at link time.
#[cfg(target_arch = "wasm32")]
pub(crate) fn eval<R>(_depth: usize, work: impl FnOnce() -> R) -> R {
    let _ = limits::EVAL_STACK;
    work()
}
