//! The functions that lowering puts into the tree to count what an evaluation spends. No author can write their names.

use crate::budget::{self, Spent};
use crate::convert::{compare_keys, weigh};
use cel::common::types::{CelInt, CelList, CelMap, CelMapKey, CelString, DYN_TYPE, INT_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

pub(crate) type Result<'b, 'v> = std::result::Result<CowVal<'b, 'v>, ExecutionError>;

/// Registers the guards.
pub(crate) fn register(env: &mut Env) -> std::result::Result<(), DeclarationError> {
    env.add_overload("@range", "@range", vec![DYN_TYPE], range)?;
    env.add_overload("@step", "@step", vec![DYN_TYPE, INT_TYPE], step)?;
    env.add_overload("@made", "@made", vec![DYN_TYPE], made)?;
    env.add_overload("@scan", "@scan", vec![DYN_TYPE], made)
}

/// The error that a guard stops an evaluation with; what it says to people is told by the budget.
pub(crate) fn stop(spent: Spent) -> ExecutionError {
    ExecutionError::function_error("@limit", format!("{spent:?}"))
}

/// The only or first argument.
pub(crate) fn first<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    args.into_iter().next().ok_or_else(ExecutionError::missing_argument_or_target)
}

/// What a comprehension runs over: a list as it is, a map as its keys in order. Copying its elements is paid here.
fn range<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let value = first(args)?;
    let keys = match value.downcast_ref::<CelMap>() {
        Some(map) => {
            budget::elements(map.inner().len()).map_err(stop)?;
            Some(keys_of(map))
        }
        None => None,
    };
    let value = keys.map_or(value, CowVal::owned);
    if let Some(list) = value.downcast_ref::<CelList>() {
        budget::elements(list.inner().len()).map_err(stop)?;
    }
    weigh(value.as_ref()).map_err(stop)?;
    Ok(value)
}

/// The keys of a map in a fixed order.
pub(crate) fn keys_of<'v>(map: &CelMap<'v>) -> CelList<'v> {
    let mut keys: Vec<&CelMapKey<'v>> = map.inner().keys().collect();
    keys.sort_by(|a, b| compare_keys(a, b));
    CelList::from(keys.into_iter().map(|key| key.inner().clone_as_boxed()).collect::<Vec<Box<dyn Val + 'v>>>())
}

/// One step of a comprehension: its price in nodes, and what its result weighs.
fn step<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let price = args.get(1).and_then(|price| price.downcast_ref::<CelInt>()).map_or(1, |price| *price.inner());
    budget::steps(price.unsigned_abs()).map_err(stop)?;
    made(args)
}

/// A value that is about to be copied, was just built, or is about to be read as a whole.
fn made<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let value = first(args)?;
    weigh(value.as_ref()).map_err(stop)?;
    Ok(value)
}

/// The text argument at a place.
pub(crate) fn text<'a>(args: &'a [CowVal<'_, '_>], n: usize) -> std::result::Result<&'a str, ExecutionError> {
    args.get(n)
        .and_then(|arg| arg.downcast_ref::<CelString>())
        .map(|text| text.inner())
        .ok_or_else(ExecutionError::missing_argument_or_target)
}

/// The int argument at a place.
pub(crate) fn number(args: &[CowVal<'_, '_>], n: usize) -> std::result::Result<i64, ExecutionError> {
    args.get(n)
        .and_then(|arg| arg.downcast_ref::<CelInt>())
        .map(|int| *int.inner())
        .ok_or_else(ExecutionError::missing_argument_or_target)
}

/// The list argument at a place.
pub(crate) fn list<'a, 'v>(
    args: &'a [CowVal<'_, 'v>],
    n: usize,
) -> std::result::Result<&'a [Box<dyn Val + 'v>], ExecutionError> {
    args.get(n)
        .and_then(|arg| arg.downcast_ref::<CelList>())
        .map(|list| list.inner())
        .ok_or_else(ExecutionError::missing_argument_or_target)
}
