//! What one evaluation may spend: steps of comprehensions, and bytes converted, copied or built.
//!
//! CEL functions are plain function pointers, so the counters of the running evaluation are the thread's. An evaluation never
//! starts another one.

use crate::limits;
use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
    static SPENT: Cell<Option<Spent>> = const { Cell::new(None) };
}

/// The limit that an evaluation ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    Steps,
    Bytes,
    Elements,
    Result,
}

/// A new evaluation begins.
pub(crate) fn reset() {
    STEPS.set(limits::STEPS);
    BYTES.set(limits::WORK_BYTES);
    SPENT.set(None);
}

/// The limit that was reached, if any. It decides over any result: an error may have been swallowed by `||`.
pub(crate) fn spent() -> Option<Spent> {
    SPENT.get()
}

fn fail(what: Spent) -> Result<(), Spent> {
    if SPENT.get().is_none() {
        SPENT.set(Some(what));
    }
    Err(what)
}

/// Takes `count` steps.
pub(crate) fn steps(count: u64) -> Result<(), Spent> {
    take(&STEPS, count, Spent::Steps)
}

/// Takes `count` bytes.
pub(crate) fn bytes(count: u64) -> Result<(), Spent> {
    take(&BYTES, count, Spent::Bytes)
}

/// Refuses a list that is too long to run over.
pub(crate) fn elements(count: usize) -> Result<(), Spent> {
    if count > limits::LIST_ELEMENTS { fail(Spent::Elements) } else { Ok(()) }
}

/// Refuses a result that is too large.
pub(crate) fn result(size: usize) -> Result<(), Spent> {
    if size > limits::RESULT_BYTES { fail(Spent::Result) } else { Ok(()) }
}

fn take(counter: &'static std::thread::LocalKey<Cell<u64>>, count: u64, what: Spent) -> Result<(), Spent> {
    if SPENT.get().is_some() {
        return Err(what);
    }
    match counter.get().checked_sub(count) {
        Some(rest) => {
            counter.set(rest);
            Ok(())
        }
        None => fail(what),
    }
}

impl Spent {
    /// The error that a person sees.
    pub(crate) fn error(self) -> crate::EvalError {
        let (en, zh) = match self {
            Self::Steps => (
                format!("the expression takes more than {} steps; run over fewer elements", limits::STEPS),
                format!("表达式的计算超过 {} 步，请减少遍历的元素", limits::STEPS),
            ),
            Self::Bytes => (
                format!("the expression handles more than {} MiB; use smaller values", limits::WORK_BYTES >> 20),
                format!("表达式处理的数据超过 {} MiB，请使用更小的值", limits::WORK_BYTES >> 20),
            ),
            Self::Elements => (
                format!("a list of more than {} elements cannot be run over", limits::LIST_ELEMENTS),
                format!("无法遍历超过 {} 个元素的列表", limits::LIST_ELEMENTS),
            ),
            Self::Result => (
                format!("the result is larger than {} KiB", limits::RESULT_BYTES >> 10),
                format!("结果超过 {} KiB", limits::RESULT_BYTES >> 10),
            ),
        };
        crate::EvalError::limit(en, zh)
    }
}
