//! Functions on lists and maps, bounded in time and in what they build.

use super::guards::{Result, first, keys_of, list, number, stop};
use crate::{budget, limits};
use cel::common::types::{CelInt, CelList, CelMap, CelMapKey, INT_TYPE, LIST_TYPE, MAP_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};
use std::cmp::Ordering;
use std::collections::HashSet;

/// Registers the functions on lists.
pub(crate) fn register(env: &mut Env) -> std::result::Result<(), DeclarationError> {
    let l = || LIST_TYPE;
    env.add_member_overload("slice", "list_slice", l(), vec![INT_TYPE, INT_TYPE], slice)?;
    env.add_member_overload("flatten", "list_flatten", l(), vec![], flatten)?;
    env.add_member_overload("distinct", "list_distinct", l(), vec![], distinct)?;
    env.add_member_overload("sort", "list_sort", l(), vec![], sort)?;
    env.add_member_overload("sum", "list_sum", l(), vec![], sum)?;
    env.add_member_overload("reverse", "list_reverse", l(), vec![], reverse)?;
    env.add_member_overload("keys", "map_keys", MAP_TYPE, vec![], keys)?;
    env.add_overload("lists.range", "lists_range", vec![INT_TYPE], range)
}

fn made<'b, 'v>(items: Vec<Box<dyn Val + 'v>>) -> Result<'b, 'v> {
    Ok(CowVal::owned(CelList::from(items)))
}

/// A copy of an element, paid before it is made.
fn copy<'v>(item: &(dyn Val + 'v)) -> std::result::Result<Box<dyn Val + 'v>, ExecutionError> {
    crate::convert::weigh(item).map_err(stop)?;
    Ok(item.clone_as_boxed())
}

fn slice<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let (items, from, to) = (list(&args, 0)?, number(&args, 1)?, number(&args, 2)?);
    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok()).and_then(|(from, to)| items.get(from..to));
    let range = range
        .ok_or_else(|| ExecutionError::function_error("slice", format!("there are no elements {from} to {to}")))?;
    made(range.iter().map(|item| copy(item.as_ref())).collect::<std::result::Result<_, _>>()?)
}

fn flatten<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let mut flat = Vec::new();
    for item in list(&args, 0)? {
        match item.downcast_ref::<CelList>() {
            Some(inner) => {
                for item in inner.inner() {
                    flat.push(copy(item.as_ref())?);
                }
            }
            None => flat.push(copy(item.as_ref())?),
        }
    }
    made(flat)
}

fn distinct<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let items = list(&args, 0)?;
    budget::elements(items.len()).map_err(stop)?;
    let mut seen: HashSet<CelMapKey<'v>> = HashSet::new();
    let mut kept: Vec<Box<dyn Val + 'v>> = Vec::new();
    for item in items {
        // Scalars are told apart by hash; anything else by comparing with what was kept, each comparison paid.
        let fresh = match CelMapKey::try_from(CowVal::Borrowed(item.as_ref())) {
            Ok(key) => !kept_as_other_number(&seen, &key) && seen.insert(key),
            Err(_) => {
                budget::steps(kept.len() as u64).map_err(stop)?;
                !kept.iter().any(|other| other.equals(item.as_ref()))
            }
        };
        if fresh {
            kept.push(copy(item.as_ref())?);
        }
    }
    made(kept)
}

/// `1u` is equal to `1`.
fn kept_as_other_number(seen: &HashSet<CelMapKey<'_>>, key: &CelMapKey<'_>) -> bool {
    match key {
        CelMapKey::Int(int) => u64::try_from(*int.inner()).is_ok_and(|number| seen.contains(&CelMapKey::from(number))),
        CelMapKey::UInt(uint) => {
            i64::try_from(*uint.inner()).is_ok_and(|number| seen.contains(&CelMapKey::from(number)))
        }
        _ => false,
    }
}

fn sort<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let items = list(&args, 0)?;
    let mut sorted = items.iter().map(|item| copy(item.as_ref())).collect::<std::result::Result<Vec<_>, _>>()?;
    let mut failed = None;
    sorted.sort_by(|a, b| match compare(a.as_ref(), b.as_ref()) {
        Ok(order) => order,
        Err(error) => {
            failed.get_or_insert(error);
            Ordering::Equal
        }
    });
    failed.map_or_else(|| made(sorted), Err)
}

fn compare(a: &dyn Val, b: &dyn Val) -> std::result::Result<Ordering, ExecutionError> {
    let refuse = || {
        ExecutionError::function_error(
            "sort",
            format!("{} and {} cannot be put in order", a.get_type().name(), b.get_type().name()),
        )
    };
    a.as_comparer().ok_or_else(refuse)?.compare(b).map_err(|_| refuse())
}

fn sum<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let mut total: Box<dyn Val + 'v> = Box::new(CelInt::from(0));
    for (n, item) in list(&args, 0)?.iter().enumerate() {
        // The first element decides the type, so that a list of doubles has a double as its sum.
        let next = if n == 0 && is_number(item.as_ref()) {
            item.clone_as_boxed()
        } else {
            add(total.as_ref(), item.as_ref())?
        };
        total = next;
    }
    Ok(CowVal::Owned(total))
}

fn is_number(value: &dyn Val) -> bool {
    use cel::common::types::Kind;
    matches!(value.get_type().kind(), Kind::Int | Kind::UInt | Kind::Double | Kind::Duration)
}

fn add<'v>(a: &(dyn Val + 'v), b: &(dyn Val + 'v)) -> std::result::Result<Box<dyn Val + 'v>, ExecutionError> {
    use cel::common::types::CelDouble;
    let refuse = || {
        ExecutionError::function_error(
            "sum",
            format!("{} and {} cannot be added", a.get_type().name(), b.get_type().name()),
        )
    };
    if !is_number(a) || !is_number(b) {
        return Err(refuse());
    }
    if a.get_type() == b.get_type() {
        return a.as_adder().ok_or_else(refuse)?.add(b).map(CowVal::into_owned);
    }
    // JSON does not tell 1 from 1.0: a list of prices has both.
    let double = |value: &dyn Val| {
        value
            .downcast_ref::<CelDouble>()
            .map(|double| *double.inner())
            .or_else(|| value.downcast_ref::<CelInt>().map(|int| *int.inner() as f64))
    };
    match (double(a), double(b)) {
        (Some(a), Some(b)) => Ok(Box::new(CelDouble::from(a + b))),
        _ => Err(refuse()),
    }
}

fn reverse<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    made(list(&args, 0)?.iter().rev().map(|item| copy(item.as_ref())).collect::<std::result::Result<_, _>>()?)
}

fn keys<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let value = first(args)?;
    let map = value.downcast_ref::<CelMap>().ok_or_else(ExecutionError::missing_argument_or_target)?;
    Ok(CowVal::owned(keys_of(map)))
}

fn range<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let end = number(&args, 0)?;
    budget::elements(usize::try_from(end.max(0)).unwrap_or(limits::LIST_ELEMENTS + 1)).map_err(stop)?;
    made((0..end).map(|n| -> Box<dyn Val + 'v> { Box::new(CelInt::from(n)) }).collect())
}
