//! Compiled programs by their text, bounded: a version's expressions are compiled once, whoever asks.

use crate::error::ExprError;
use crate::limits;
use crate::program::Program;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Two generations: what is not asked for while one generation fills is forgotten with the one before.
#[derive(Default)]
struct Generations {
    young: HashMap<String, Program>,
    old: HashMap<String, Program>,
}

static PROGRAMS: LazyLock<Mutex<Generations>> = LazyLock::new(Mutex::default);

/// The program of a text, compiled unless it is known. Errors are not kept.
///
/// # Errors
/// As [`Program::compile`].
pub fn compile_cached(source: &str) -> Result<Program, ExprError> {
    if let Some(known) = find(source) {
        return Ok(known);
    }
    let program = Program::compile(source)?;
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    programs.keep(source, &program);
    Ok(program)
}

fn find(source: &str) -> Option<Program> {
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = programs.young.get(source) {
        return Some(program.clone());
    }
    let program = programs.old.remove(source)?;
    programs.keep(source, &program);
    Some(program)
}

impl Generations {
    fn keep(&mut self, source: &str, program: &Program) {
        if self.young.len() >= limits::CACHED_PROGRAMS / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(source.to_owned(), program.clone());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_cache_is_bounded_and_gives_the_same_program() {
        for n in 0..limits::CACHED_PROGRAMS * 2 {
            let mut programs = PROGRAMS.lock().unwrap();
            let program = Program::compile("1").unwrap();
            programs.keep(&n.to_string(), &program);
            assert!(programs.young.len() + programs.old.len() <= limits::CACHED_PROGRAMS);
        }
        assert_eq!(compile_cached("a + b").unwrap(), compile_cached("a + b").unwrap());
        assert!(compile_cached("a +").is_err());
    }
}
