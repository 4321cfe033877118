//! The CEL environment: the standard library, mathematics, and our own functions. Built once.

use crate::functions::{arithmetic, guards, lists, strings};
use cel::{DeclarationError, Env};
use std::sync::{Arc, LazyLock};

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    // A second declaration of a name would be a mistake of this crate, which the tests find; the rest works without it.
    let mut env = Env::default().with_stdlib();
    let declared = declare(&mut env);
    debug_assert!(declared.is_ok(), "{declared:?}");
    Arc::new(env)
});

fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_extension(cel::extensions::math)?;
    guards::register(env)?;
    arithmetic::register(env)?;
    strings::register(env)?;
    lists::register(env)
}

/// The environment that every expression is parsed for and evaluated in. It has no macros: lowering writes them out.
pub(crate) fn env() -> &'static Arc<Env> {
    &ENV
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_function_is_declared_once() {
        assert!(super::declare(&mut cel::Env::default().with_stdlib()).is_ok());
    }
}
