//! `+ - * /`: CEL's own, and besides a whole number together with a double, which CEL refuses.
//!
//! JSON does not tell 1 from 1.0, so a price of 10 and a price of 9.99 are of two types, and `price * 1.1` must hold for both.

use super::guards::{Result, stop};
use crate::convert::weigh;
use cel::common::types::{CelDouble, CelInt, CelMap, CelUInt, DYN_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

/// Registers the operators under the names that lowering calls them by.
pub(crate) fn register(env: &mut Env) -> std::result::Result<(), DeclarationError> {
    let both = || vec![DYN_TYPE, DYN_TYPE];
    env.add_overload("@add", "@add", both(), add)?;
    env.add_overload("@sub", "@sub", both(), subtract)?;
    env.add_overload("@mul", "@mul", both(), multiply)?;
    env.add_overload("@div", "@div", both(), divide)
}

type Sum<'v> = Option<std::result::Result<Box<dyn Val + 'v>, ExecutionError>>;

/// `a + b`, its result weighed. The interpreter would also append a map to a list, in no fixed order, which CEL does not know.
fn add<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    if args.get(1).is_some_and(|b| b.downcast_ref::<CelMap>().is_some()) {
        return Err(refused("_+_", &args));
    }
    let sum = compute(args, "_+_", |a, b| Some(a.as_adder()?.add(b).map(CowVal::into_owned)))?;
    weigh(sum.as_ref()).map_err(stop)?;
    Ok(sum)
}

fn subtract<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    compute(args, "_-_", |a, b| Some(a.as_subtractor()?.sub(b).map(CowVal::into_owned)))
}

fn multiply<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    compute(args, "_*_", |a, b| Some(a.as_multiplier()?.mul(b).map(CowVal::into_owned)))
}

fn divide<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    compute(args, "_/_", |a, b| Some(a.as_divider()?.div(b).map(CowVal::into_owned)))
}

/// Applies an operator; where one side is a double and the other a whole number, to two doubles.
fn compute<'b, 'v>(
    args: Vec<CowVal<'b, 'v>>,
    operator: &str,
    apply: for<'x> fn(&'x (dyn Val + 'v), &'x (dyn Val + 'v)) -> Sum<'v>,
) -> Result<'b, 'v> {
    let [a, b] = args.as_slice() else { return Err(ExecutionError::missing_argument_or_target()) };
    let result = match mixed(a.as_ref(), b.as_ref()) {
        Some((a, b)) => apply(&a, &b),
        None => apply(a.as_ref(), b.as_ref()),
    };
    match result {
        Some(Ok(value)) => Ok(CowVal::Owned(value)),
        // The interpreter's own words for two types that do not go together differ from type to type.
        Some(Err(ExecutionError::NoSuchOverload(_) | ExecutionError::UnexpectedType { .. })) | None => {
            Err(refused(operator, &args))
        }
        Some(Err(error)) => Err(error),
    }
}

/// Two doubles of a double and a whole number.
fn mixed(a: &dyn Val, b: &dyn Val) -> Option<(CelDouble, CelDouble)> {
    let double = |value: &dyn Val| value.downcast_ref::<CelDouble>().map(|double| *double.inner());
    let whole = |value: &dyn Val| {
        let int = value.downcast_ref::<CelInt>().map(|int| *int.inner() as f64);
        int.or_else(|| value.downcast_ref::<CelUInt>().map(|uint| *uint.inner() as f64))
    };
    match (double(a), double(b)) {
        (Some(a), None) => Some((a.into(), whole(b)?.into())),
        (None, Some(b)) => Some((whole(a)?.into(), b.into())),
        _ => None,
    }
}

fn refused(operator: &str, args: &[CowVal<'_, '_>]) -> ExecutionError {
    ExecutionError::no_such_overload(operator, args.iter().map(|arg| arg.get_type().name().to_owned()).collect())
}
